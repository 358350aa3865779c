import heapq
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.conftest import discs
from unet_studio.segmentation.proposals import (
    grow_by_one,
    instances_from_probability,
    instances_of_classes,
)
from unet_studio.settings.prediction import Postprocessing


def test_components_above_the_threshold_become_instances_and_specks_do_not() -> None:
    truth = discs((80, 80), (20, 20, 8), (60, 60, 8))
    probability = np.where(truth > 0, 0.9, 0.1).astype(np.float32)
    probability[40, 40] = 0.9
    labels = instances_from_probability(probability, Postprocessing(min_area_px=5))
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert ((labels > 0) == (truth > 0)).all()


def test_growing_never_makes_one_instance_of_two_nor_eats_another() -> None:
    labels = discs((60, 60), (30, 20, 8), (30, 38, 8))
    grown = labels
    for _ in range(6):
        grown = grow_by_one(grown)
    assert (grown[labels > 0] == labels[labels > 0]).all()
    assert np.unique(grown).tolist() == [0, 1, 2]
    cross = ndimage.generate_binary_structure(2, 1)
    one = grow_by_one(labels)
    for instance_id in (1, 2):
        allowed = ndimage.binary_dilation(labels == instance_id, cross)
        assert not ((one == instance_id) & ~allowed).any()
    assert ((one > 0) == ndimage.binary_dilation(labels > 0, cross)).all()


def test_an_empty_probability_gives_no_instance() -> None:
    assert not instances_from_probability(np.zeros((5, 5), np.float32), Postprocessing()).any()


def test_two_cells_joined_by_a_bridge_come_apart_and_keep_their_full_shape() -> None:
    truth = discs((60, 80), (30, 25, 12), (30, 51, 12))
    probability = np.where(truth > 0, 0.6, 0.1).astype(np.float32)
    probability[discs((60, 80), (30, 25, 8), (30, 51, 8)) > 0] = 0.95
    probability[28:33, 36:41] = 0.6
    labels = instances_from_probability(probability, Postprocessing(threshold=0.5, seed_threshold=0.8))
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert ((labels > 0) == (probability >= 0.5)).all(), "the shape is the one above the lower threshold"
    assert labels[30, 25] != labels[30, 51]


def test_a_faint_cell_without_seed_is_kept_and_takes_nothing_from_its_neighbour() -> None:
    probability = np.full((60, 80), 0.1, np.float32)
    probability[discs((60, 80), (30, 20, 9)) > 0] = 0.95
    faint = discs((60, 80), (30, 36, 4)) > 0
    probability[faint] = 0.6
    labels = instances_from_probability(probability, Postprocessing(threshold=0.5, seed_threshold=0.8))
    assert len(np.unique(labels[faint])) == 1
    assert labels[30, 36] not in (0, labels[30, 20])


def test_every_instance_is_of_the_class_that_is_likeliest_over_its_pixels() -> None:
    labels = discs((60, 90), (30, 20, 12), (30, 60, 12))
    p = np.zeros((60, 90, 3), np.float32)
    p[labels == 1, 1] = 0.7
    p[labels == 1, 0] = 0.25
    p[labels == 2, 0] = 0.5
    p[labels == 2, 1] = 0.45
    found, classes = instances_of_classes(p, Postprocessing())
    assert found.max() == len(classes) == 2
    assert classes[found[30, 20] - 1] == 2
    assert classes[found[30, 60] - 1] == 1, "half sure of each class is sure that it is a cell"


def test_a_class_that_cannot_be_counted_is_one_instance_where_it_is_likeliest() -> None:
    p = np.zeros((60, 90, 2), np.float32)
    p[:, 10:14, 1] = 0.9
    p[:, 70:74, 1] = 0.9
    p[20:40, 30:50, 0] = 0.95
    found, classes = instances_of_classes(p, Postprocessing(), stuff=(2,))
    assert sorted(classes) == [1, 2]
    assert found[5, 12] == found[50, 72] == classes.index(2) + 1
    assert found[30, 40] == classes.index(1) + 1
    nothing, none = instances_of_classes(np.zeros((20, 20, 2), np.float32), Postprocessing(), stuff=(2,))
    assert none == []
    assert not nothing.any()


def test_one_class_gives_what_the_foreground_gives() -> None:
    p = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    found, classes = instances_of_classes(p[:, :, None], Postprocessing())
    assert (found == instances_from_probability(p, Postprocessing())).all()
    assert set(classes) <= {1}


def distances_within(region: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """How far each pixel of a region is from a seed, on ways inside the region: 1 straight, √2 diagonal."""
    out = np.full(region.shape, np.inf)
    out[seed] = 0
    waiting = [(0.0, y, x) for y, x in zip(*np.nonzero(seed), strict=True)]
    while waiting:
        here, y, x = heapq.heappop(waiting)
        for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
            to = y + down, x + right
            there = here + math.hypot(down, right)
            if 0 <= to[0] < out.shape[0] and 0 <= to[1] < out.shape[1] and region[to] and there < out[to]:
                out[to] = there
                heapq.heappush(waiting, (there, *to))
    return out


@given(st.integers(0, 10_000), st.integers(8, 40), st.integers(8, 40), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_every_pixel_goes_to_the_seed_of_its_region_that_is_nearest_within_it(
    seed: int, height: int, width: int, min_area_px: int
) -> None:
    rng = np.random.default_rng(seed)
    probability = ndimage.gaussian_filter(rng.random((height, width)), 2.0).astype(np.float32)
    probability = (probability - probability.min()) / (np.ptp(probability) + 1e-6)
    rule = Postprocessing(threshold=0.4, seed_threshold=0.7, min_area_px=min_area_px)
    labels = instances_from_probability(probability, rule)
    eight = np.ones((3, 3))
    regions, count = ndimage.label(probability >= np.float32(0.4), eight)
    seeds, seed_count = ndimage.label(probability >= np.float32(0.7), eight)
    large = [seeds == s for s in range(1, seed_count + 1) if (seeds == s).sum() >= min_area_px]
    assert np.unique(labels).tolist() == list(range(int((labels == 0).any() is np.False_), labels.max() + 1))
    for region in (regions == number for number in range(1, count + 1)):
        own = [mask for mask in large if region[mask].all()]
        if region.sum() < min_area_px:
            assert not labels[region].any()
        elif len(own) < 2:
            assert np.unique(labels[region]).size == 1
            assert labels[region].all()
        else:
            away = [distances_within(region, mask) for mask in own]
            for mask, distance in zip(own, away, strict=True):
                (number,) = np.unique(labels[mask]).tolist()
                mine = labels == number
                assert region[mine].all()
                # Rounds make octagons of circles.
                assert (distance[mine] <= 1.1 * np.min(away, axis=0)[mine] + 1.0).all()
            assert labels[region].all()


def test_a_region_far_from_its_seeds_is_parted_too() -> None:
    probability = np.full((400, 60), 0.6, np.float32)
    probability[:10, 20:30] = probability[-10:, 20:30] = 0.95
    labels = instances_from_probability(probability, Postprocessing(threshold=0.5, seed_threshold=0.8))
    assert np.unique(labels).tolist() == [1, 2]
    assert abs(int((labels == 1).sum()) - int((labels == 2).sum())) < 0.02 * labels.size
    assert (labels[:190] == labels[0, 0]).all()
