"""Fragments are joined where what was learnt says so, the likeliest first."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import ndimage
from sklearn.linear_model import LogisticRegression

from tests.conftest import discs
from tests.segmentation.test_fragments import EIGHT, fields
from unet_studio.segmentation.fragments import cut_at_necks
from unet_studio.segmentation.joining import (
    Evidence,
    UsualSize,
    evidence,
    join_fragments,
    learn_joining,
)
from unet_studio.segmentation.matching import score_images
from unet_studio.segmentation.proposals import instances_from_probability
from unet_studio.settings.prediction import Joining, Postprocessing

NEVER = Joining(bias=-1e6, size=0, bridge=0, peak=0, roundness=0, neck=0, area=0)
ALWAYS = replace(NEVER, bias=1e6)
BY_BRIDGE = replace(NEVER, bias=0.0, bridge=1.0)


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    """True if both part the plane alike, whatever the numbers."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).shape[1]
    return pairs == np.unique(one).size == np.unique(other).size


@given(fields, st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_rules_that_always_or_never_join_give_the_components_or_the_fragments(
    probability: np.ndarray, min_area_px: int
) -> None:
    fragments = cut_at_necks(probability, 0.3)
    components, _ = ndimage.label(probability >= np.float32(0.3), EIGHT)
    assert same_partition(join_fragments(fragments, ALWAYS, 0), components)
    assert same_partition(join_fragments(fragments, NEVER, 0), fragments.labels)
    # What is too small on its own goes to a neighbour; only a whole component that is too small is dropped.
    labels = join_fragments(fragments, NEVER, min_area_px)
    for label in np.unique(labels[labels > 0]):
        own = labels == label
        assert own.sum() >= max(1, min_area_px)
        assert ndimage.label(own, EIGHT)[1] == 1
    sizes = np.bincount(components.ravel())
    assert ((labels > 0) == ((components > 0) & (sizes[components] >= min_area_px))).all()


def chain(*bridges: float) -> np.ndarray:
    """Discs in a row whose bridges have these probabilities."""
    out = np.zeros((40, 40 + 26 * len(bridges)), np.float32)
    for number in range(len(bridges) + 1):
        out[discs(out.shape, (20, 20 + 26 * number, 12)) > 0] = 0.95
    for number, probability in enumerate(bridges):
        out[17:24, 31 + 26 * number : 36 + 26 * number] = probability
    return out


def test_only_what_the_rule_says_is_joined() -> None:
    labels = join_fragments(cut_at_necks(chain(0.8, 0.4, 0.6), 0.3), BY_BRIDGE, 0)
    first, second, third, fourth = (labels[20, 20 + 26 * n] for n in range(4))
    assert first == second != third == fourth


def test_the_likeliest_pair_is_joined_first_and_what_is_whole_then_joins_no_more() -> None:
    # Two are of the usual size together, three are too large: the surer bridge wins, wherever it is.
    rule = replace(NEVER, bias=15.0, size=-10.0, bridge=1.0)
    for bridges, alone in (((0.9, 0.6), 2), ((0.6, 0.9), 0)):
        labels = join_fragments(cut_at_necks(chain(*bridges), 0.3), rule, 0)
        ids = [int(labels[20, 20 + 26 * n]) for n in range(3)]
        assert len(set(ids)) == 2
        assert ids.count(ids[alone]) == 1


def test_an_image_seen_at_another_scale_is_joined_alike() -> None:
    # What the network saw at half the size is judged by areas of that size.
    small = chain(0.8, 0.4, 0.7)
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    rule = replace(NEVER, bias=-14.0, area=2.0, bridge=3.0)
    settings = Postprocessing(threshold=0.3, joining=rule)
    here = instances_from_probability(small, settings)
    there = instances_from_probability(large, settings.at_scale(0.5))
    assert here.max() == there.max() > 1
    assert instances_from_probability(large, settings).max() < here.max()


def dumbbells(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Truth and probability: cells of two lobes, and pairs of single cells of the size of a whole one that
    touch; the network is as sure of either bridge."""
    truth = np.zeros((300, 300), np.int32)
    for number, (row, column) in enumerate(np.ndindex(4, 3)):
        y, x = 38 + 75 * row, 50 + 100 * column
        if rng.random() < 0.5:
            radius, apart, ids = 10, 8, (2 * number + 1, 2 * number + 1)
        else:
            radius, apart, ids = 15, 13, (2 * number + 1, 2 * number + 2)
        for side, label in zip((-1, 1), ids, strict=True):
            lobe = discs(truth.shape, (y + int(rng.integers(-3, 4)), x + side * apart, radius)) > 0
            truth[lobe & (truth == 0)] = label
    probability = cv2.GaussianBlur((truth > 0).astype(np.float32), (0, 0), 1.0) * np.float32(0.95)
    return truth, probability


def test_what_is_learnt_from_some_images_parts_the_cells_of_others() -> None:
    rng = np.random.default_rng(3)
    images = [dumbbells(rng) for _ in range(16)]
    teach, others = images[:8], images[8:]
    learnt = learn_joining([evidence(cut_at_necks(p, 0.5), truth, rng) for truth, p in teach])
    assert learnt is not None

    def scores(joining: Joining) -> tuple[float, int, int]:
        rule = Postprocessing(threshold=0.5, joining=joining)
        found = score_images((truth, instances_from_probability(p, rule)) for truth, p in others)
        return found.ap50, found.merges, found.splits

    assert scores(learnt) == (1.0, 0, 0)
    assert scores(NEVER)[2] > 20
    assert scores(ALWAYS)[1] > 20


def test_the_weights_are_those_of_a_plain_logistic_regression() -> None:
    rng = np.random.default_rng(4)
    images = []
    for count in (5, 40, 200):
        x = rng.normal(size=(count, 6)) * (1, 3, 2, 0.1, 0.5, 2) + (2, 0, 1, 0, 0.5, 6)
        odds = x @ (-1.0, 0.5, -0.2, 5.0, 1.0, 0.3) + rng.logistic(size=count)
        images.append(Evidence(x, odds > np.median(odds)))
    learnt = learn_joining(images)
    assert learnt is not None
    x = np.concatenate([one.features for one in images])
    together = np.concatenate([one.together for one in images])
    share = np.concatenate([np.full(len(one.together), len(one.together) ** -0.5) for one in images])
    share *= share.size / share.sum()
    mean, spread = x.mean(0), x.std(0)
    plain = LogisticRegression(C=1.0, tol=1e-8).fit((x - mean) / spread, together, sample_weight=share)
    weights = plain.coef_[0] / spread
    np.testing.assert_allclose(learnt.weights, weights, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(learnt.bias, plain.intercept_[0] - weights @ mean, rtol=1e-3, atol=1e-3)


def test_nothing_is_learnt_from_hardly_any_contacts() -> None:
    truth, probability = dumbbells(np.random.default_rng(5))
    rng = np.random.default_rng(0)
    assert learn_joining([evidence(cut_at_necks(probability, 0.5), truth, rng)]) is None
    assert learn_joining([]) is None
    lonely = discs((60, 60), (30, 30, 10))
    assert learn_joining([evidence(cut_at_necks(lonely * np.float32(1), 0.5), lonely, rng)] * 50) is None


def test_evidence_says_together_only_of_fragments_of_one_cell() -> None:
    truth, probability = dumbbells(np.random.default_rng(6))
    found = evidence(cut_at_necks(probability, 0.5), truth, np.random.default_rng(0))
    cells = [int(np.unique(truth[38 + 75 * r - 20 : 38 + 75 * r + 20, 100 * c : 100 * c + 100]).size) - 1
             for r, c in np.ndindex(4, 3)]  # fmt: skip
    assert np.count_nonzero(found.together) == cells.count(1)
    assert np.count_nonzero(~found.together) == cells.count(2)


def test_fragments_where_nothing_is_known_teach_nothing() -> None:
    _, probability = dumbbells(np.random.default_rng(6))
    nothing = np.zeros(probability.shape, np.int32)
    found = evidence(cut_at_necks(probability, 0.5), nothing, np.random.default_rng(0))
    assert found.together.size == 0
    assert found.features.shape == (0, 6)


def test_what_is_usual_in_a_plane_is_told_by_its_cells_whatever_came_first() -> None:
    rng = np.random.default_rng(7)
    specks = discs((300, 300), *[(int(y), int(x), 2) for y, x in rng.integers(4, 296, (60, 2))])
    cells = discs((300, 300), *[(y, x, 11) for y in range(15, 290, 30) for x in range(15, 290, 30)])
    empty, tissue = (cut_at_necks((labels > 0) * np.float32(0.9), 0.5) for labels in (specks, cells))
    assert UsualSize().side_px(tissue) == tissue.area[1] ** 0.5
    usual = UsualSize()
    assert usual.side_px(empty) < 7
    after = usual.side_px(tissue)
    assert abs(after / tissue.area[1] ** 0.5 - 1) < 0.03
    # A cell on the border of two parts is judged by nearly the same.
    assert abs(usual.side_px(tissue) / after - 1) < 0.02


def test_a_cell_is_judged_by_what_is_usual_in_its_plane() -> None:
    """In a part of its own, and beside others."""
    rule = replace(NEVER, bias=15.0, size=-10.0)
    two = cut_at_necks(chain(0.6), 0.3)
    assert np.unique(join_fragments(two, rule, 0)).size == 2
    small = [(y, x, 6) for y in range(10, 390, 16) for x in range(10, 390, 16)]
    usual = UsualSize()
    usual.side_px(cut_at_necks((discs((400, 400), *small) > 0) * np.float32(0.9), 0.5))
    assert np.unique(join_fragments(two, rule, 0, usual)).size == 3
