"""The figures against plain definitions, and against scikit-image where it has them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import contingency_table

from tests.conftest import discs
from tests.segmentation.reference.stardist_matching import THRESHOLDS, random_pair
from unet_studio.segmentation.matching import (
    AP_THRESHOLDS,
    count_mistakes,
    iou_matrix,
    match_counts,
    overlaps,
    score_images,
    split_binary,
)

images = st.integers(0, 10_000).map(
    lambda seed: np.kron(np.random.default_rng(seed).integers(0, 5, (5, 6)), np.ones((3, 3))).astype(np.int32)
)


def brute_force_matches(iou: np.ndarray, threshold: float) -> int:
    """The largest one-to-one matching, by trying all of them."""
    best = 0
    short, long = sorted(iou.shape)
    table = iou if iou.shape[0] <= iou.shape[1] else iou.T
    for columns in itertools.permutations(range(long), short):
        best = max(best, sum(table[row, col] >= threshold for row, col in enumerate(columns)))
    return best


@settings(deadline=None, max_examples=60)
@given(images, images)
def test_iou_equals_the_one_from_scikit_images_contingency_table(true: np.ndarray, pred: np.ndarray) -> None:
    overlap = contingency_table(true, pred).toarray()
    union = overlap.sum(1, keepdims=True) + overlap.sum(0, keepdims=True) - overlap
    # scikit-image's table has a row for every number up to the largest.
    expected = np.divide(overlap, union, out=np.zeros(overlap.shape), where=union > 0)
    expected = expected[np.unique(true)][:, np.unique(pred)]
    expected = expected[np.unique(true) != 0][:, np.unique(pred) != 0]
    np.testing.assert_allclose(iou_matrix(true, pred).toarray(), expected)


@settings(deadline=None, max_examples=60)
@given(images, images, st.sampled_from([0.1, 0.3, 0.5, 0.55, 0.75]))
def test_matches_are_as_many_as_a_search_over_all_assignments_finds(
    true: np.ndarray, pred: np.ndarray, threshold: float
) -> None:
    iou = iou_matrix(true, pred)
    if 0 in iou.shape:
        return
    counts = match_counts(iou, threshold)
    assert counts.tp == brute_force_matches(iou.toarray(), threshold)
    assert counts.tp + counts.fn == iou.shape[0]
    assert counts.tp + counts.fp == iou.shape[1]


STARDIST = json.loads(Path(__file__).with_name("reference").joinpath("stardist_matching.json").read_text())


@pytest.mark.parametrize("seed", range(len(STARDIST)))
def test_counts_precision_recall_f1_and_ap_are_stardists(seed: int) -> None:
    assert THRESHOLDS == AP_THRESHOLDS
    true, pred = random_pair(seed)
    iou = iou_matrix(true, pred)
    for threshold, expected in zip(THRESHOLDS, STARDIST[seed], strict=True):
        ours = match_counts(iou, threshold)
        found = [ours.tp, ours.fp, ours.fn, ours.precision, ours.recall, ours.f1, ours.ap]
        assert found == pytest.approx(expected), threshold
    assert score_images([(true, pred)]).ap == pytest.approx([row[6] for row in STARDIST[seed]])


def brute_force_mistakes(true: np.ndarray, pred: np.ndarray) -> tuple[int, int, int, int]:
    """Straight from the definition, pixel by pixel."""

    def inside(one: np.ndarray, other: np.ndarray) -> dict[int, int]:
        """Which instance of `other` holds more than half of each of `one`."""
        holders = {}
        for i in set(one.ravel().tolist()) - {0}:
            pixels = other[one == i].tolist()
            for j in set(pixels) - {0}:
                if pixels.count(j) * 2 > len(pixels):
                    holders[i] = j
        return holders

    t_in_p, p_in_t = inside(true, pred), inside(pred, true)
    trues, preds = set(true.ravel().tolist()) - {0}, set(pred.ravel().tolist()) - {0}
    merges = sum(max(0, list(t_in_p.values()).count(p) - 1) for p in preds)
    splits = sum(max(0, list(p_in_t.values()).count(t) - 1) for t in trues)
    misses = len(trues - set(t_in_p) - set(p_in_t.values()))
    inventions = len(preds - set(p_in_t) - set(t_in_p.values()))
    return merges, splits, misses, inventions


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 100_000))
def test_merges_splits_misses_and_inventions_are_as_defined(seed: int) -> None:
    true, pred = random_pair(seed)
    if seed % 3 == 0:
        pred = np.where(pred > 0, pred // 3 + 1, 0)
    ours = count_mistakes(overlaps(true, pred))
    assert (ours.merges, ours.splits, ours.misses, ours.inventions) == brute_force_mistakes(true, pred)


def test_one_blob_over_three_cells_is_two_merges_and_the_other_way_round_two_splits() -> None:
    three = np.zeros((10, 30), np.int32)
    three[2:8, 2:9], three[2:8, 10:19], three[2:8, 20:28] = 1, 2, 3
    one = np.zeros_like(three)
    one[2:8, 2:28] = 1
    merged, split = (
        score_images([pair], binary_as_components=False) for pair in ((three, one), (one, three))
    )
    assert (merged.merges, merged.splits, merged.misses, merged.inventions) == (2, 0, 0, 0)
    assert (split.merges, split.splits, split.misses, split.inventions) == (0, 2, 0, 0)


def test_pooled_and_mean_ap_differ_as_defined() -> None:
    many = discs((90, 90), (15, 15, 6), (15, 45, 6), (15, 75, 6), (50, 15, 6))
    one = discs((90, 90), (15, 15, 6))
    scores = score_images([(many, many), (one, np.zeros_like(one))])
    assert scores.images == 2
    assert scores.ap50 == pytest.approx(4 / 5)
    assert scores.ap50_mean == pytest.approx(1 / 2)
    assert scores.ap75_mean == pytest.approx(1 / 2)
    assert scores.dice == pytest.approx(1 / 2)
    assert scores.precision50 == 1
    assert scores.recall50 == pytest.approx(4 / 5)


def test_a_shifted_disc_scores_as_its_overlap_says() -> None:
    true, pred = discs((60, 60), (30, 30, 10)), discs((60, 60), (30, 33, 10))
    both = np.count_nonzero((true > 0) & (pred > 0))
    total = np.count_nonzero(true) + np.count_nonzero(pred)
    scores = score_images([(true, pred)])
    assert scores.dice == pytest.approx(2 * both / total)
    assert scores.iou == pytest.approx(both / (total - both))
    assert scores.ap50 == 1.0
    assert scores.ap75 == float(both / (total - both) >= 0.75)


def test_nothing_there_and_nothing_found_is_perfect() -> None:
    empty = np.zeros((5, 5), int)
    scores = score_images([(empty, empty)])
    assert (scores.dice, scores.ap50, scores.f1_50, scores.precision50) == (1, 1, 1, 1)


def test_a_binary_mask_is_split_into_components_and_a_label_image_is_not() -> None:
    labels = discs((40, 40), (10, 10, 4), (30, 30, 4))
    binary = np.where(labels > 0, 255, 0)
    assert np.unique(split_binary(binary)).tolist() == [0, 1, 2]
    assert split_binary(labels) is labels


def test_two_cells_that_leave_no_background_are_no_binary_mask() -> None:
    two = np.ones((10, 20), np.int32)
    two[:, 10:] = 2
    assert split_binary(two) is two
    assert np.unique(split_binary(np.full((10, 20), 7, np.int32))).tolist() == [1]
