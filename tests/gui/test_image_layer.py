"""The image as light: any dtype, any zoom, whole or in parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.geometry import Rect
from unet_studio.gui.canvas.contrast import ChannelContrast, Contrast, light_table
from unet_studio.gui.canvas.image_layer import DisplayImage

DTYPES = (np.uint8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64, np.bool_)


def paint(image: DisplayImage, top: float, left: float, step: float, shape: tuple[int, int]) -> np.ndarray:
    out = np.zeros((*shape, 4), np.uint8)
    image.paint(out, top, left, step, image.auto)
    return out[:, :, :3]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_shown_from_black_to_white(dtype: type) -> None:
    ramp = np.linspace(0, 1, 300)[:, None] * np.ones((300, 40))
    plane = (ramp > 0.5) if dtype is np.bool_ else (ramp * 120 - (60 if np.dtype(dtype).kind in "if" else 0))
    image = DisplayImage.from_plane(plane.astype(dtype)[:, :, None])
    light = image.shown(Rect.of_size(300, 40), image.auto)[:, 20, 0]
    assert light[2] < 8
    assert light[-3] > 247
    assert (np.diff(light.astype(int)) >= 0).all()


def test_nan_and_infinity_are_shown_and_do_not_set_the_range() -> None:
    plane = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100, 1).copy()
    plane[3, 3], plane[4, 4], plane[5, 5] = np.nan, np.inf, -np.inf
    image = DisplayImage.from_plane(plane)
    light = image.shown(Rect.of_size(100, 100), image.auto)
    assert light[99, 99, 0] > 250
    assert light[4, 4, 0] == 255
    assert light[3, 3, 0] == 0
    DisplayImage.from_plane(np.full((9, 9, 1), np.nan, np.float32)).shown(Rect.of_size(9, 9), image.auto)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-40, 300), st.floats(-40, 300), st.floats(0.05, 9), st.integers(0, 60), st.integers(0, 80),
    st.integers(1, 30), st.sampled_from([1, 2, 3, 6]),
)  # fmt: skip
def test_a_part_of_the_picture_is_the_part_of_the_whole(
    top: float, left: float, step: float, row: int, col: int, size: int, channels: int
) -> None:
    rng = np.random.default_rng(channels)
    image = DisplayImage.from_plane(rng.integers(0, 4000, (260, 330, channels)).astype(np.uint16))
    # Off the round numbers that examples are made of: there the last bit decides between two pixels.
    top, left, step = top + 0.00314159, left + 0.00271828, step * 1.000012345
    whole = paint(image, top, left, step, (90, 120))
    part = paint(image, top + row * step, left + col * step, step, (size, size))
    expected = whole[row : row + size, col : col + size].astype(int)
    # Bilinear weights are rounded to 1/32: a few grey steps where the image is noise.
    difference = np.abs(part[: expected.shape[0], : expected.shape[1]].astype(int) - expected)
    assert np.percentile(difference, 95) <= 16


def test_magnified_pixels_are_crisp_and_in_their_place() -> None:
    plane = np.random.default_rng(0).integers(0, 255, (40, 50, 1)).astype(np.uint8)
    contrast = Contrast((ChannelContrast(0, 255),))
    image = DisplayImage.from_plane(plane)
    out = np.zeros((80, 100, 4), np.uint8)
    image.paint(out, 3.0, 5.0, 0.125, contrast)
    rows, cols = np.floor(3 + (np.arange(80) + 0.5) / 8), np.floor(5 + (np.arange(100) + 0.5) / 8)
    assert (out[:, :, 0] == plane[np.ix_(rows.astype(int), cols.astype(int))][:, :, 0]).all()


def test_a_reduced_picture_is_made_of_means() -> None:
    plane = np.random.default_rng(0).integers(0, 255, (1024, 1024, 1)).astype(np.uint8)
    contrast = Contrast((ChannelContrast(0, 255),))
    image = DisplayImage.from_plane(plane)
    out = np.zeros((256, 256, 4), np.uint8)
    image.paint(out, 0, 0, 4.0, contrast)
    means = plane[:, :, 0].reshape(256, 4, 256, 4).mean((1, 3))
    assert np.abs(out[:, :, 0] - means).max() <= 1.5


def test_channels_add_up_in_their_colours() -> None:
    plane = np.zeros((4, 4, 2), np.uint8)
    plane[0, :, 0], plane[:, 0, 1] = 255, 255
    contrast = Contrast((ChannelContrast(0, 255, 1, (0, 255, 0)), ChannelContrast(0, 255, 1, (255, 0, 255))))
    shown = DisplayImage.from_plane(plane).shown(Rect.of_size(4, 4), contrast)[:, :, ::-1]
    assert shown[0, 0].tolist() == [255, 255, 255]
    assert shown[0, 2].tolist() == [0, 255, 0]
    assert shown[2, 0].tolist() == [255, 0, 255]
    hidden = contrast.altered(1, is_visible=False)
    assert DisplayImage.from_plane(plane).shown(Rect.of_size(4, 4), hidden)[2, 0].tolist() == [0, 0, 0]


@given(st.floats(0, 300), st.floats(0, 300), st.floats(0.2, 5))
def test_light_rises_with_the_grey_value(low: float, high: float, gamma: float) -> None:
    table = light_table(min(low, high), max(low, high), gamma, 256).astype(int)
    assert (np.diff(table) >= 0).all()
    assert table[0] >= 0
    assert table[-1] <= 255


def test_a_huge_plane_is_not_copied() -> None:
    plane = np.zeros((8192, 8192, 1), np.uint8)
    image = DisplayImage.from_plane(plane)
    assert np.shares_memory(image.levels[0].pixels, plane)
    assert sum(level.pixels.nbytes for level in image.levels[1:]) < 0.1 * plane.nbytes
