"""The foreground falls into fragments at its necks: checked against a climb pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.conftest import discs
from unet_studio.segmentation.fragments import Fragments, cut_at_necks

EIGHT = np.ones((3, 3))
fields = st.builds(
    lambda seed, height, width, sigma: random_field(seed, height, width, sigma),
    st.integers(0, 10_000), st.integers(3, 60), st.integers(3, 60), st.floats(1.0, 5.0),
)  # fmt: skip


def random_field(seed: int, height: int, width: int, sigma: float) -> np.ndarray:
    """Smooth probabilities from 0 to 1, float32."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).random((height, width)), sigma)
    return ((field - field.min()) / (np.ptp(field) + 1e-9)).astype(np.float32)


def heights(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Probability × √depth, softened, 0 outside, by scipy; the plane goes on beyond its end."""
    above = np.pad(probability >= np.float32(threshold), 1, mode="edge")
    depth = cv2.distanceTransform(above.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    height = cv2.GaussianBlur(np.pad(probability, 1, mode="edge") * np.sqrt(depth), (0, 0), 0.7)
    return height[1:-1, 1:-1] * above[1:-1, 1:-1]


def test_a_disc_is_one_fragment_and_two_that_touch_are_two() -> None:
    one = discs((60, 60), (30, 30, 14)).astype(bool)
    assert cut_at_necks(one * np.float32(0.9), 0.5).count == 1
    two = discs((60, 80), (30, 25, 14), (30, 50, 14)) > 0
    found = cut_at_necks(two * np.float32(0.9), 0.5)
    assert found.count == 2
    assert ((found.labels > 0) == two).all()
    left, right = found.labels[30, 25], found.labels[30, 50]
    # The neck is where both are equally far.
    assert (found.labels[:, :37][two[:, :37]] == left).all()
    assert (found.labels[:, 39:][two[:, 39:]] == right).all()
    assert found.area[1:].sum() == two.sum()
    assert found.contacts.first.tolist() == [1]
    assert found.contacts.second.tolist() == [2]
    assert 0.5 < found.contacts.depth[0] / found.depth[1] < 0.9


def test_where_the_plane_ends_no_outline_is() -> None:
    # A disc cut in half by the plane's end is deepest there, and no fragment ends near it.
    half = discs((40, 60), (0, 30, 20)) > 0
    found = cut_at_necks(half * np.float32(0.9), 0.5)
    assert found.count == 1
    assert found.depth[1] > 18


def test_noise_makes_no_fragments() -> None:
    rng = np.random.default_rng(1)
    disc = discs((60, 60), (30, 30, 20)) > 0
    noisy = np.where(disc, 0.9 + 0.02 * rng.standard_normal(disc.shape), 0).clip(0, 1).astype(np.float32)
    assert cut_at_necks(noisy, 0.5).count == 1


def test_nothing_above_the_threshold_is_no_fragment() -> None:
    found = cut_at_necks(np.full((7, 9), 0.2, np.float32), 0.5)
    assert found.count == 0
    assert found.labels.shape == (7, 9)
    assert not found.labels.any()
    assert found.contacts.first.size == 0


@given(fields, st.sampled_from([0.2, 0.4, 0.6]))
@settings(max_examples=60, deadline=None)
def test_every_pixel_is_of_one_fragment_which_is_in_one_piece_with_one_peak(
    probability: np.ndarray, threshold: float
) -> None:
    found = cut_at_necks(probability, threshold)
    assert ((found.labels > 0) == (probability >= np.float32(threshold))).all()
    assert np.unique(found.labels[found.labels > 0]).tolist() == list(range(1, found.count + 1))
    for label in range(1, found.count + 1):
        own = found.labels == label
        assert ndimage.label(own, EIGHT)[1] == 1
        assert found.area[label] == own.sum()
        assert found.peak[label] == probability[own].max()
    # As many as there are peaks from which one has to come down far enough to get to a higher one.
    height = heights(probability, threshold)
    peaks, count = ndimage.label((height == ndimage.maximum_filter(height, 3)) & (height > 0), EIGHT)
    tops = ndimage.maximum(height, peaks, range(1, count + 1))
    rising = 0
    for number, top in enumerate(tops, 1):
        around, _ = ndimage.label(height >= top * np.exp(-0.1), EIGHT)
        rising += height[around == around[peaks == number][0]].max() == top
    assert found.count == rising


@given(fields)
@settings(max_examples=40, deadline=None)
def test_who_climbs_from_a_pixel_ends_in_its_own_fragment(probability: np.ndarray) -> None:
    found = cut_at_necks(probability, 0.4)
    height = np.pad(heights(probability, 0.4), 1)
    labels = np.pad(found.labels, 1)
    for y, x in np.argwhere(labels > 0):
        window = height[y - 1 : y + 2, x - 1 : x + 2]
        if window.max() > height[y, x]:
            down, right = np.unravel_index(np.argmax(window), (3, 3))
            assert labels[y - 1 + down, x - 1 + right] == labels[y, x]


def contacts_one_by_one(found: Fragments, probability: np.ndarray) -> dict[tuple[int, int], float]:
    """The highest probability at which one passes from one fragment to another."""
    out: dict[tuple[int, int], float] = {}
    height, width = found.labels.shape
    for y in range(height):
        for x in range(width):
            for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
                v, u = y + down, x + right
                if v < height and 0 <= u < width:
                    a, b = sorted((int(found.labels[y, x]), int(found.labels[v, u])))
                    if 0 < a < b:
                        here = float(min(probability[y, x], probability[v, u]))
                        out[a, b] = max(out.get((a, b), 0.0), here)
    return out


@given(fields)
@settings(max_examples=40, deadline=None)
def test_contacts_are_all_pairs_that_touch_with_the_highest_pass_between_them(
    probability: np.ndarray,
) -> None:
    found = cut_at_necks(probability, 0.3)
    contacts = found.contacts
    pairs = zip(contacts.first.tolist(), contacts.second.tolist(), strict=True)
    assert dict(zip(pairs, contacts.probability.tolist(), strict=True)) == contacts_one_by_one(
        found, probability
    )
