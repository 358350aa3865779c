"""Overviews: means of the plane's pixels, from the level that is near, kept on the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io import overview
from unet_studio.io.axis_order import AxisOrder
from unet_studio.io.image_source import ArraySource
from unet_studio.io.overview import (
    OverviewCache,
    level_for,
    make_overview,
    overview_factor,
    read_reduced,
    sample_pixels,
)


def halved(plane: np.ndarray) -> np.ndarray:
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    cut = plane[:height, :width].astype(np.float64)
    return ((cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) / 4).astype(plane.dtype)


def source_of(plane: np.ndarray, levels: int = 1) -> ArraySource:
    arrays = [plane]
    for _ in range(levels - 1):
        arrays.append(halved(arrays[-1]))
    return ArraySource("plane", tuple(arrays), AxisOrder("YXC", "YXC", plane.shape))


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_SMALL_PX", 64 * 64)
    monkeypatch.setattr(overview, "_MOST_PX", 128 * 128)
    monkeypatch.setattr(overview, "_BAND_BYTES", 5_000)


@given(
    st.integers(1, 8), st.integers(1, 8), st.integers(1, 3),
    st.sampled_from([np.uint8, np.uint16, np.int16, np.int32, np.float32]),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_every_pixel_of_an_overview_is_the_mean_of_a_square(
    rows: int, cols: int, channels: int, dtype: type
) -> None:
    plane = np.random.default_rng(rows).integers(0, 200, (rows * 64, cols * 64, channels)).astype(dtype)
    source = source_of(plane)
    made = make_overview(source)
    factor = made.factor
    assert factor == overview_factor(source)
    means = plane.reshape(rows * 64 // factor, factor, cols * 64 // factor, factor, channels).mean((1, 3))
    assert np.abs(made.pixels.astype(np.float64) - means).max() <= 0.51
    assert made.pixels.shape[0] * made.pixels.shape[1] <= 128 * 128


def test_a_level_of_the_file_that_is_near_is_used_and_nothing_finer_is_read() -> None:
    source = source_of(np.random.default_rng(0).integers(0, 200, (1024, 1024, 1)).astype(np.uint8), levels=6)
    made = make_overview(source)
    assert (made.factor, made.pixels.shape[:2]) == (16, (64, 64))
    assert made.read_px == 64 * 64
    np.testing.assert_array_equal(made.pixels, source.arrays[4])


def test_a_level_that_does_not_fit_a_power_of_two_is_reduced_from_the_next_finer_one() -> None:
    plane = np.tile(np.arange(0, 240, dtype=np.uint8)[:, None, None], (4, 960, 1))
    thirds = plane[::3, ::3]
    source = ArraySource("plane", (plane, thirds), AxisOrder("YXC", "YXC", plane.shape))
    assert [level_for(source, factor) for factor in (1, 2, 4, 8)] == [0, 0, 1, 1]
    part = read_reduced(source, Rect(10, 0, 20, 240), factor=4, level=1)
    assert part.shape == (10, 240, 1)
    assert np.abs(part[:, 0, 0].astype(int) - plane[42:82:4, 0, 0].astype(int)).max() <= 3


@given(st.integers(1, 2000), st.integers(1, 2000))
@settings(max_examples=30, deadline=None)
def test_a_sample_comes_from_all_over_a_plane_of_any_size(height: int, width: int) -> None:
    plane = (np.arange(height)[:, None] + np.arange(width)[None, :])[:, :, None].astype(np.uint16)
    sample = sample_pixels(source_of(plane))
    assert sample.size <= (6 * 128) ** 2
    middle = (height + width) / 2
    assert abs(float(sample.mean()) - middle) <= 2 + 0.1 * middle


def test_a_kept_overview_comes_back_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    cache = OverviewCache(tmp_path / "overviews")
    pixels = np.random.default_rng(0).integers(0, 60000, (20, 30, 2)).astype(np.uint16)
    assert cache.load("a") is None
    cache.keep("a", pixels)
    loaded = cache.load("a")
    assert loaded is not None
    np.testing.assert_array_equal(loaded, pixels)
    (file,) = (tmp_path / "overviews").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert cache.load("a") is None


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    OverviewCache(tmp_path / "file").keep("a", np.zeros((2, 2, 1), np.uint8))


def test_an_absurd_size_without_smaller_copies_is_refused_before_anything_is_read() -> None:
    class Endless:
        shape, dtype = (10**6, 10**6, 1), np.dtype(np.uint8)

        def __getitem__(self, index: object) -> np.ndarray:
            raise AssertionError("nothing is to be read")

    source = ArraySource("endless", (Endless(),), AxisOrder("YXC", "YXC", Endless.shape))
    with pytest.raises(ImageFileError, match="1000000 × 1000000"):
        make_overview(source)
