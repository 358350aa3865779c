"""V^Rand and V^Info against scikit-image, and against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import adapted_rand_error, variation_of_information

from unet_studio.segmentation.partition_scores import partition_scores, segments_between


def pair(seed: int, background: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true, pred = (np.kron(rng.integers(0, 5, (4, 5)), np.ones((2, 3), int)) for _ in range(2))
    if rng.random() < 0.5:
        pred = np.where(rng.random(true.shape) < 0.7, true, pred)
    return true, pred if background else pred + 1


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_both_figures_are_scikit_images_where_no_background_is_predicted(seed: int) -> None:
    true, pred = pair(seed, background=False)
    if not true.any():
        return
    ours = partition_scores(true, pred)
    error, _, _ = adapted_rand_error(true, pred, ignore_labels=(0,))
    # scikit-image counts pairs of different pixels, the challenge also a pixel with itself.
    n = np.count_nonzero(true)
    assert ours.rand == pytest.approx(1 - error, abs=2.5 / n**0.5)
    of_pred_given_true, of_true_given_pred = variation_of_information(true, pred, ignore_labels=(0,))
    inside = true > 0
    h_t, h_s = (entropy(labels[inside]) for labels in (true, pred))
    shared = h_t - of_true_given_pred
    assert shared == pytest.approx(h_s - of_pred_given_true, abs=1e-9)
    assert ours.info == pytest.approx(2 * shared / (h_t + h_s) if h_t + h_s else 1.0)


def entropy(labels: np.ndarray) -> float:
    p = np.unique(labels, return_counts=True)[1] / labels.size
    return float(-(p * np.log2(p)).sum())


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
def test_the_rand_figures_are_the_shares_of_pixel_pairs(seed: int, background: bool) -> None:
    """Draw two pixels at random, with putting back: p(same in both) / p(same in one)."""
    true, pred = pair(seed, background)
    inside = np.flatnonzero(true)
    if inside.size == 0:
        return
    same_true = same_pred = same_both = 0
    for a, b in itertools.product(inside, repeat=2):
        in_true = true.flat[a] == true.flat[b]
        in_pred = a == b or (pred.flat[a] == pred.flat[b] != 0)
        same_true, same_pred, same_both = (
            same_true + in_true,
            same_pred + in_pred,
            same_both + (in_true and in_pred),
        )
    ours = partition_scores(true, pred)
    assert ours.rand_split == pytest.approx(same_both / same_true)
    assert ours.rand_merge == pytest.approx(same_both / same_pred)
    assert ours.rand == pytest.approx(2 * same_both / (same_true + same_pred))


def test_merging_costs_the_merge_part_and_splitting_the_split_part() -> None:
    two = np.repeat([[1, 2]], 10, 0).repeat(5, 1)
    one = np.ones_like(two)
    merged, split = partition_scores(two, one), partition_scores(one, two)
    assert merged.rand_split == 1
    assert merged.rand_merge == pytest.approx(0.5)
    assert split.rand_merge == 1
    assert split.rand_split == pytest.approx(0.5)
    assert merged.info_merge < 1 or merged.info_split < 1
    perfect = partition_scores(two, two * 9)
    assert (perfect.rand, perfect.info) == (1, pytest.approx(1))


def test_a_diagonal_membrane_separates() -> None:
    labels = segments_between(np.eye(12, dtype=bool))
    assert np.unique(labels).tolist() == [0, 1, 2]


def test_nothing_but_membrane_is_no_error() -> None:
    assert partition_scores(np.zeros((4, 4), int), np.ones((4, 4), int)).rand == 1
