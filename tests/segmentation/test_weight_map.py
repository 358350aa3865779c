"""The weight map against the plain definition: one full-image distance transform per instance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.conftest import DATA, discs
from unet_studio.segmentation.weight_map import border_term, class_balance, cut_seams, far_term, weight_map
from unet_studio.settings.training import BORDER_WEIGHT_PRESETS, BorderWeights


def plain_border_term(labels: np.ndarray, w0: float, sigma_px: float) -> np.ndarray:
    """w0 · exp(−(d1 + d2)² / 2σ²) on background, straight from the definition, in float64."""
    ids = [i for i in np.unique(labels) if i]
    if len(ids) < 2:
        return np.zeros(labels.shape)
    distances = np.sort([ndimage.distance_transform_edt(labels != i) for i in ids], axis=0)
    term = w0 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * sigma_px**2))
    return np.where(labels == 0, term, 0.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 119), st.integers(1, 14)), max_size=14),
    st.sampled_from([1.0, 3.0, 5.0, 6.0]),
)
def test_the_weight_map_is_exact_to_1e_5(circles: list[tuple[int, int, int]], sigma_px: float) -> None:
    labels = cut_seams(discs((100, 120), *circles))
    ours = border_term(labels, w0=10, sigma_px=sigma_px)
    assert ours.dtype == np.float32
    assert np.abs(ours - plain_border_term(labels, 10, sigma_px)).max() <= 1e-5


def test_the_weight_map_is_exact_on_real_nuclei(data: object) -> None:
    from unet_studio.io.label_files import read_label_image

    path = sorted((DATA / "nuclei_dsb2018" / "masks").glob("*.tif"))[5]
    labels = cut_seams(read_label_image(path))
    difference = np.abs(border_term(labels, w0=10, sigma_px=5) - plain_border_term(labels, 10, 5))
    assert difference.max() <= 1e-5


def test_instance_numbers_of_any_size_give_the_same_weights() -> None:
    labels = discs((60, 60), (20, 20, 8), (20, 40, 8), (45, 30, 6))
    large = np.where(labels > 0, labels * 700_000_000, 0).astype(np.int32)
    assert (border_term(large, w0=10, sigma_px=5) == border_term(labels, w0=10, sigma_px=5)).all()


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_instances_have_no_border(count: int) -> None:
    labels = discs((40, 40), *[(20, 20, 8)] * count)
    assert not border_term(labels, w0=10, sigma_px=5).any()


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_cut_seams_separates_every_pair_and_removes_only_touching_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.kron(rng.integers(0, 4, (8, 9)), np.ones((5, 5))).astype(np.int32)
    cut = cut_seams(labels)
    for instance_id in np.unique(cut[cut > 0]):
        grown = ndimage.binary_dilation(cut == instance_id, np.ones((3, 3)))
        assert set(np.unique(cut[grown])) <= {0, instance_id}, "two instances still touch"
    removed = (labels > 0) & (cut == 0)
    other = np.zeros(labels.shape, bool)
    for instance_id in np.unique(labels[labels > 0]):
        near_other = ndimage.binary_dilation((labels > 0) & (labels != instance_id), np.ones((3, 3)))
        other |= near_other & (labels == instance_id)
    assert not (removed & ~other).any(), "a pixel away from any contact was cut"
    assert (cut[~removed] == labels[~removed]).all()


def test_the_seam_between_two_touching_halves_is_one_pixel_wide() -> None:
    labels = np.ones((10, 20), np.int32)
    labels[:, 10:] = 2
    assert ((cut_seams(labels) == 0).sum(axis=1) == 1).all()


def test_class_balance_gives_every_class_the_same_total_weight() -> None:
    semantic = np.array([0] * 90 + [1] * 10)
    weights = class_balance(np.bincount(semantic, minlength=2))
    assert weights[0] * 90 == pytest.approx(weights[1] * 10)
    assert (weights[semantic]).mean() == pytest.approx(1.0)
    assert class_balance(np.zeros(3, int)).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("preset", BORDER_WEIGHT_PRESETS)
def test_every_preset_is_its_formula(preset: str) -> None:
    """Paper: equation 2. Freiburg: λ 0.1, σ1 10 px, w0 50, σ 6 px, instances 1."""
    labels = cut_seams(discs((90, 120), (30, 30, 12), (30, 56, 13), (70, 90, 10)))
    settings = BORDER_WEIGHT_PRESETS[preset]
    class_of = np.array([0, 1, 1, 1])
    counts = np.bincount((labels > 0).ravel().astype(int), minlength=2)
    balance = class_balance(counts) if settings.balance_classes else np.ones(2, np.float32)
    ours = weight_map(labels, None, class_of=class_of, balance=balance, settings=settings)
    d1 = ndimage.distance_transform_edt(labels == 0)
    if preset == "paper":
        w0, sigma, base = 10, 5, balance[(labels > 0).astype(int)]
        assert balance[0] * counts[0] == pytest.approx(balance[1] * counts[1])
    elif preset == "freiburg":
        w0, sigma, base = 50, 6, np.where(labels > 0, 1, 0.1 + 0.9 * np.exp(-(d1**2) / 200))
    else:
        w0, sigma, base = 0, 5, np.ones(labels.shape)
    expected = base + plain_border_term(labels, w0, sigma)
    assert np.abs(ours - expected).max() <= 1e-5 * max(1, expected.max())


def test_without_any_instance_everything_is_far() -> None:
    assert (far_term(np.zeros((5, 5), np.int32), far_weight=0.1, far_sigma_px=10) == np.float32(0.1)).all()


def test_what_is_not_checked_weighs_nothing_and_what_cannot_be_counted_has_no_border() -> None:
    labels = np.zeros((40, 60), np.int32)
    labels[10:30, 5:20], labels[10:30, 24:40], labels[:, 45:50] = 1, 2, 3
    checked = np.ones(labels.shape, bool)
    checked[:5] = False
    settings = BorderWeights(balance_classes=False)
    kwargs = {"class_of": np.array([0, 1, 1, 2]), "balance": np.ones(3, np.float32), "settings": settings}
    all_count = weight_map(labels, checked, **kwargs)
    vessel = weight_map(labels, checked, countable=np.array([True, True, True, False]), **kwargs)
    assert not vessel[:5].any()
    assert (vessel[10:30, 21:23] > 2).all(), "between two cells"
    assert (all_count[15:25, 42] > 2).all()
    assert (vessel[15:25, 42] < 1.1).all(), "between a cell and a vessel"
    assert (vessel[:, 45:50][5:] == 1).all()


def test_only_countable_instances_are_cut_apart() -> None:
    labels = np.repeat([[1, 1, 2, 2, 3, 3]], 4, 0).astype(np.int32)
    cut = cut_seams(labels, np.array([True, True, True, False]))
    assert (cut[:, 4:] == 3).all()
    assert ((cut[:, 1] == 0) | (cut[:, 2] == 0)).all()
    assert (cut[:, 3] == 2).all()
