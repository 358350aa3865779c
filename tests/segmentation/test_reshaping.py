"""Repairs of masks, against scipy and scikit-image and against what they promise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import morphology

from tests.conftest import discs
from unet_studio.segmentation import reshaping

EIGHT = np.ones((3, 3), bool)


def noise(seed: int, shape: tuple[int, int] = (30, 37), share: float = 0.6) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


seeds = st.integers(0, 10_000)


@given(seeds, st.floats(0.2, 0.9))
def test_holes_are_filled_as_scipy_fills_them(seed: int, share: float) -> None:
    mask = noise(seed, share=share)
    assert (reshaping.fill_holes(mask) == ndimage.binary_fill_holes(mask)).all()


@given(seeds, st.integers(1, 6))
def test_growing_and_shrinking_are_dilation_and_erosion_by_a_disc(seed: int, by: int) -> None:
    mask = noise(seed, share=0.1)
    disc = morphology.disk(by)
    assert (reshaping.grow(mask, by) == ndimage.binary_dilation(mask, disc)).all()
    full = ~noise(seed, share=0.05)
    assert (reshaping.shrink(full, by) == ndimage.binary_erosion(full, disc)).all()


@given(seeds)
def test_the_largest_piece_is_the_one_with_most_pixels(seed: int) -> None:
    mask = noise(seed, share=0.35)
    labels, count = ndimage.label(mask, EIGHT)
    kept = reshaping.largest_piece(mask)
    assert kept.sum() == max(np.bincount(labels.ravel())[1:], default=0)
    assert ndimage.label(kept, EIGHT)[1] == min(count, 1)
    assert not (kept & ~mask).any()


def test_smoothing_takes_a_spike_and_keeps_the_body() -> None:
    mask = discs((80, 80), (40, 40, 20)) > 0
    spiky = mask.copy()
    spiky[40, 60:75] = True
    rounded = reshaping.smooth(spiky, 4)
    assert not rounded[40, 66:].any()
    assert (rounded & mask).sum() / (rounded | mask).sum() > 0.97


labelled = st.tuples(seeds, st.integers(2, 7))


def random_labels(seed: int, count: int) -> np.ndarray:
    """Blocks of labels that touch each other in all ways, some pixels apart."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, count + 1, (8, 9)).repeat(5, 0).repeat(5, 1)
    return np.where(rng.random(coarse.shape) < 0.05, 0, coarse).astype(np.int32)


@settings(deadline=None)
@given(labelled)
def test_after_cutting_seams_no_two_instances_touch_and_nothing_else_has_changed(
    case: tuple[int, int],
) -> None:
    labels = random_labels(*case)
    areas = {int(i): int((labels == i).sum()) for i in np.unique(labels) if i}
    cut = reshaping.cut_seams(labels, areas)
    assert ((cut == labels) | (cut == 0)).all()
    for number in areas:
        around = ndimage.binary_dilation(cut == number, EIGHT)
        assert set(np.unique(cut[around])) <= {0, number}
        # Only pixels that touched another one are gone.
        lost = (labels == number) & (cut == 0)
        touching = ndimage.binary_dilation((labels > 0) & (labels != number), EIGHT)
        assert not (lost & ~touching).any()
    again = reshaping.cut_seams(cut, {i: int((cut == i).sum()) for i in areas})
    assert (again == cut).all()


def test_the_larger_one_gives_way_so_that_small_ones_are_not_eaten() -> None:
    labels = np.ones((20, 20), np.int32)
    labels[10, 10] = 2
    cut = reshaping.cut_seams(labels, {1: 399, 2: 1})
    assert cut[10, 10] == 2
    assert (cut == 0).sum() == 8


def test_what_has_no_area_is_left_alone() -> None:
    labels = np.ones((6, 8), np.int32)
    labels[:, 4:] = 7
    assert (reshaping.cut_seams(labels, {7: 24}) == labels).all()


def test_a_line_parts_a_mask_and_the_largest_piece_comes_first() -> None:
    mask = np.zeros((30, 60), bool)
    mask[5:25, 5:55] = True
    line = np.zeros_like(mask)
    line[:, 40] = True
    pieces = reshaping.split_along(mask, line)
    assert (pieces[5:25, 5:40] == 1).all()
    assert (pieces[5:25, 41:55] == 2).all()
    assert not pieces[:, 40].any()
    # Where it runs along the rim or crosses itself, splinters come about: they are nobody's intention.
    line[10, 36:41] = line[8:11, 36] = line[8, 36:41] = True
    assert reshaping.split_along(mask, line).max() == 2
    assert (reshaping.split_along(mask, line)[9, 37:40] == 0).all()
    # A small piece that is the only other one was cut off on purpose.
    corner = np.zeros_like(mask)
    corner[5:9, 8] = corner[8, 5:9] = True
    pieces = reshaping.split_along(mask, corner)
    assert (pieces[5:8, 5:8] == 2).all()
    line[:15, 40] = line[:15, 36:40] = False
    assert (reshaping.split_along(mask, line) == mask).all(), "it does not cross the whole mask"


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_chain_of_discs_comes_apart_at_its_waists(count: int) -> None:
    mask = np.zeros((70, 40 * count + 40), np.uint8)
    for number in range(count):
        cv2.circle(mask, (35 + 38 * number, 35), 23 - number, 1, -1)
    mask = mask > 0
    seeds_found = reshaping.seeds_of(mask)
    assert len(seeds_found) >= count
    pieces = reshaping.split_by_watershed(mask, seeds_found[:count])
    assert ((pieces > 0) == mask).all()
    middles = [int(pieces[35, 35 + 38 * number]) for number in range(count)]
    assert len(set(middles)) == count
    for number, piece in enumerate(middles):
        disc = np.zeros(mask.shape, np.uint8)
        cv2.circle(disc, (35 + 38 * number, 35), 23 - number, 1, -1)
        own, other = pieces == piece, disc > 0
        assert (own & other).sum() / (own | other).sum() > 0.85


def test_two_clear_objects_are_thought_to_be_two() -> None:
    two = discs((120, 160), (60, 50, 30)) > 0
    two |= discs((120, 160), (60, 102, 28)) > 0
    assert reshaping.likely_count(two) == 2


@given(seeds)
@settings(deadline=None, max_examples=40)
def test_any_mask_is_parted_completely(seed: int) -> None:
    mask = ndimage.binary_closing(noise(seed, (40, 44), 0.3))
    found = reshaping.seeds_of(mask)
    assert all(mask[at] for at in found)
    if len(found) >= 2:
        pieces = reshaping.split_by_watershed(mask, found[: 2 + seed % 3])
        assert ((pieces > 0) == mask).all()
        assert {int(pieces[at]) for at in found[:2]} == {1, 2}


def test_a_seam_is_closed_and_the_outside_is_left_alone() -> None:
    labels = np.zeros((40, 60), np.int32)
    labels[10:30, 10:29], labels[10:30, 31:50] = 3, 4
    seam = reshaping.close_seam(labels, {3, 4}, 2)
    assert seam[12:28, 29:31].all()
    assert not seam[:, :27].any()
    assert not seam[:8].any()
    far = labels.copy()
    far[10:30, 29:34] = 0
    assert not reshaping.close_seam(far, {3, 4}, 2).any()


def test_between_two_shapes_lie_those_of_the_signed_distance() -> None:
    small, large = discs((100, 100), (50, 50, 10)) > 0, discs((100, 100), (50, 50, 40)) > 0
    assert (reshaping.interpolate(small, large, 0) == small).all()
    assert (reshaping.interpolate(small, large, 1) == large).all()
    radii = [np.sqrt(reshaping.interpolate(small, large, f).sum() / np.pi) for f in (0.25, 0.5, 0.75)]
    assert radii == pytest.approx([17.5, 25, 32.5], abs=0.6)
    left, right = discs((60, 120), (30, 40, 20)) > 0, discs((60, 120), (30, 60, 20)) > 0
    ys, xs = np.nonzero(reshaping.interpolate(left, right, 0.5))
    assert (ys.mean(), xs.mean()) == pytest.approx((30, 50), abs=1)
