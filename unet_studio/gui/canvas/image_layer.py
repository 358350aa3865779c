"""The image as the canvas shows it: stored pixels in halving sizes, made light at the moment of showing.

Nothing of the plane's size is made when the contrast changes: only the pixels on the screen are coloured.
A plane that is too large to be held is a `TiledImage` instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import Rect
from unet_studio.gui.canvas.contrast import ChannelContrast, Contrast, channel_colours, light_table
from unet_studio.segmentation.normalization import PlaneArray, percentile_range

Pixels = npt.NDArray[np.uint8]
Stored = npt.NDArray[np.integer]

_LOW_PERCENTILE = 0.3
_HIGH_PERCENTILE = 99.8
_SMALLEST_SIDE = 256
_ROWS_AT_ONCE = 1024
_HUGE_PX = 48 * 2**20
"""Of larger planes the half-size picture is left out: it alone would take a quarter of their memory."""
_CRISP_ZOOM = 2.0
_SHOWN_AT_FIRST = 3
_MOST_VALUES = 2**16
_HISTOGRAM_SAMPLES = 2**18
HISTOGRAM_BINS = 256
CANVAS_COLOUR = (26, 23, 22)  # B, G, R: theme.CANVAS


@dataclass(frozen=True, slots=True)
class Level:
    """`pixels` (h, w, C): one stored value for `factor`² of the plane's pixels."""

    factor: int
    pixels: Stored


class Picture(Protocol):
    """A plane that can be painted: a DisplayImage or a TiledImage."""

    @property
    def auto(self) -> Contrast:
        """The contrast it is shown with before anybody has set one."""
        ...

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """Int64 (C, 256): counts of equal bins between the grey values of `histogram_range`."""
        ...

    @property
    def histogram_range(self) -> tuple[float, float]:
        """The grey values at the ends of the histogram."""
        ...

    @property
    def channels(self) -> int:
        """Number of channels."""
        ...

    def paint(self, pixels: Pixels, top: float, left: float, step: float, contrast: Contrast) -> None:
        """See DisplayImage."""
        ...

    def shown(self, rect: Rect, contrast: Contrast) -> Pixels:
        """See DisplayImage."""
        ...

    def with_auto(self, auto: Contrast) -> Picture:
        """The same pixels with another contrast to begin with."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class DisplayImage:
    """A plane in halving sizes. Grey value = `offset` + `gain` × stored value (uint8 or uint16).

    `histogram`: int64 (C, 256), counts of equal bins between the grey values of `histogram_range`.
    """

    levels: tuple[Level, ...]
    auto: Contrast
    offset: float
    gain: float
    histogram: npt.NDArray[np.int64]
    histogram_range: tuple[float, float]

    @staticmethod
    def from_plane(plane: PlaneArray) -> DisplayImage:
        """Of (H, W, C), any real dtype; a plane of uint8 or uint16 is used as it is. Any thread may call."""
        auto = _auto_contrast(plane)
        stored, offset, gain = _as_stored(plane)
        counts, (least, most) = _histogram(stored)
        span = offset + gain * least, offset + gain * most
        return DisplayImage(_levels(stored), auto, offset, gain, counts, span)

    @staticmethod
    def from_samples(samples: PlaneArray, factor: int) -> DisplayImage:
        """Of every `factor`-th pixel of a plane, or of means of so many."""
        near = DisplayImage.from_plane(samples)
        return replace(near, levels=tuple(Level(v.factor * factor, v.pixels) for v in near.levels))

    @staticmethod
    def from_overview(pixels: PlaneArray, factor: int, sample: PlaneArray) -> DisplayImage:
        """Of means (h, w, C) of `factor`² pixels each. `sample` (H, W, C), some of the plane's own pixels,
        says what is dark and what is bright."""
        values = np.concatenate(
            [pixels.reshape(1, -1, pixels.shape[2]), sample.reshape(1, -1, sample.shape[2])], 1
        )
        _, offset, gain = _as_stored(values.astype(sample.dtype, copy=False))
        counts, (least, most) = _histogram(as_stored(sample, offset, gain))
        span = offset + gain * least, offset + gain * most
        stored = as_stored(pixels.astype(sample.dtype, copy=False), offset, gain)
        levels = tuple(Level(level.factor * factor, level.pixels) for level in _levels(stored))
        return DisplayImage(levels, _auto_contrast(sample), offset, gain, counts, span)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.levels[0].pixels.shape[2])

    @property
    def values(self) -> int:
        """How many stored values there are."""
        return int(np.iinfo(self.levels[0].pixels.dtype).max) + 1

    def paint(self, pixels: Pixels, top: float, left: float, step: float, contrast: Contrast) -> None:
        """Fill `pixels`, uint8 (h, w, 4) in B, G, R, A order.

        The first pixel's corner is at the plane's (`top`, `left`); a pixel is `step` of the plane's wide.
        """
        height, width = pixels.shape[:2]
        plane_h, plane_w = (side * self.levels[0].factor for side in self.levels[0].pixels.shape[:2])
        first_row, last_row = _inside(top, step, height, plane_h)
        first_col, last_col = _inside(left, step, width, plane_w)
        if (first_row, first_col, last_row, last_col) != (0, 0, height, width):
            pixels[:, :, :3] = CANVAS_COLOUR
            pixels = pixels[first_row:last_row, first_col:last_col]
        if pixels.size:
            self._paint_inside(pixels, top + first_row * step, left + first_col * step, step, contrast)

    def with_auto(self, auto: Contrast) -> DisplayImage:
        """The same pixels with another contrast to begin with."""
        return replace(self, auto=auto)

    def shown(self, rect: Rect, contrast: Contrast) -> Pixels:
        """The pixels of `rect` (inside the plane) as light: uint8 (rect.height, rect.width, 3), B, G, R."""
        out = np.empty((*rect.shape, 4), np.uint8)
        self.paint(out, rect.top, rect.left, 1.0, contrast)
        return np.ascontiguousarray(out[:, :, :3])

    def _paint_inside(self, pixels: Pixels, top: float, left: float, step: float, contrast: Contrast) -> None:
        level = self.levels[0]
        for candidate in self.levels:
            if candidate.factor <= max(1.0, step * 1.0001):
                level = candidate
        near = step / level.factor
        top, left = top / level.factor, left / level.factor
        is_linear = 1 / _CRISP_ZOOM < near < 2 and near != 1.0
        sampled = (sample_linearly if is_linear else _nearest)(
            level.pixels, top, left, near, pixels.shape[:2]
        )
        self._colour(sampled, contrast, pixels)

    def _colour(self, sampled: Stored, contrast: Contrast, out: Pixels) -> None:
        shown = [(place, row) for place, row in enumerate(contrast.channels) if row.is_visible]
        if self.channels == 1 and shown and shown[0][1].colour == (255, 255, 255):
            light = self._light(sampled[:, :, 0], shown[0][1])
            cv2.cvtColor(~light if contrast.is_inverted else light, cv2.COLOR_GRAY2BGRA, dst=out)
            return
        pure = {(255, 0, 0): 2, (0, 255, 0): 1, (0, 0, 255): 0}
        out[:, :, 3] = 255
        if len(shown) == 3 and {row.colour for _, row in shown} == set(pure):
            for place, row in shown:
                out[:, :, pure[row.colour]] = self._light(sampled[:, :, place], row)
        else:
            total = np.zeros((*out.shape[:2], 3), np.uint8)
            for place, row in shown:
                ramp = np.arange(256, dtype=np.float32)[:, None] * (np.array(row.colour[::-1]) / 255)
                light = self._light(sampled[:, :, place], row)
                coloured = cv2.applyColorMap(light, ramp.astype(np.uint8).reshape(256, 1, 3))
                total = cv2.add(total, coloured)
            out[:, :, :3] = total
        if contrast.is_inverted:
            out[:, :, :3] = ~out[:, :, :3]

    def _light(self, stored: Stored, row: ChannelContrast) -> Pixels:
        low, high = (row.low - self.offset) / self.gain, (row.high - self.offset) / self.gain
        table = light_table(low, high, row.gamma, self.values)
        if stored.dtype == np.uint8:
            coloured: Pixels = cv2.LUT(stored, table)
            return coloured
        light: Pixels = table.take(stored)
        return light


def _inside(start: float, step: float, count: int, size: int) -> tuple[int, int]:
    """First and last + 1 of `count` samples whose middle lies within 0..size."""
    first = int(np.ceil(-start / step - 0.5))
    last = int(np.ceil((size - start) / step - 0.5))
    return min(max(first, 0), count), min(max(last, 0), count)


def _nearest(pixels: Stored, top: float, left: float, step: float, shape: tuple[int, int]) -> Stored:
    rows = np.floor(top + (np.arange(shape[0]) + 0.5) * step).astype(np.intp)
    cols = np.floor(left + (np.arange(shape[1]) + 0.5) * step).astype(np.intp)
    if step == 1.0:
        rows, cols = rows.clip(0, pixels.shape[0] - 1), cols.clip(0, pixels.shape[1] - 1)
        if rows[-1] - rows[0] == rows.size - 1 and cols[-1] - cols[0] == cols.size - 1:
            return np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])
    rows, cols = rows.clip(0, pixels.shape[0] - 1), cols.clip(0, pixels.shape[1] - 1)
    if step > 1:
        picked: Stored = pixels[rows[:, None], cols]
        return picked
    # Few pixels, each shown many times: whole rows are copied at the speed of memory.
    crop = np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])
    wide: Stored = crop.take(cols - cols[0], axis=1).take(rows - rows[0], axis=0)
    return wide


def sample_linearly(pixels: Stored, top: float, left: float, step: float, shape: tuple[int, int]) -> Stored:
    """Bilinear samples `step` pixels apart, the first one's corner at (`top`, `left`).

    Only what is needed is handed to OpenCV, which knows no picture wider than 32,767 px.
    """
    height, width = shape
    first_row, first_col = max(0, int(top) - 2), max(0, int(left) - 2)
    crop = pixels[
        first_row : int(top + height * step) + 3,
        first_col : int(left + width * step) + 3,
    ]
    # A sample's middle in the crop, whose own pixels have their middles at whole numbers.
    shift_y, shift_x = top - first_row + 0.5 * step - 0.5, left - first_col + 0.5 * step - 0.5
    matrix = np.array([[step, 0, shift_x], [0, step, shift_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    channels = crop.shape[2]
    groups = [
        cv2.warpAffine(
            np.ascontiguousarray(crop[:, :, start : start + 4]),
            matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE,
        ).reshape(height, width, -1)
        for start in range(0, channels, 4)
    ]  # fmt: skip
    return groups[0] if len(groups) == 1 else np.concatenate(groups, axis=2)


def _auto_contrast(plane: PlaneArray) -> Contrast:
    """Percentiles: of 8-bit colour over all channels (a stain keeps its colour), else of each channel."""
    channels = plane.shape[2]
    colours = channel_colours(channels)
    one_range = channels == 3 and plane.dtype == np.uint8
    rows = []
    for place in range(channels):
        values = plane if one_range else plane[:, :, place : place + 1]
        if not one_range or place == 0:
            low, high = percentile_range(
                values, low_percentile=_LOW_PERCENTILE, high_percentile=_HIGH_PERCENTILE
            )
        rows.append(ChannelContrast(low, high, 1.0, colours[place], place < _SHOWN_AT_FIRST))
    return Contrast(tuple(rows))


def _as_stored(plane: PlaneArray) -> tuple[Stored, float, float]:
    """The plane as uint8 or uint16, with offset and gain; NaN becomes the lowest value."""
    low, gain = 0.0, 1.0
    if plane.dtype not in (np.uint8, np.uint16, np.bool_):
        low, high = percentile_range(plane, low_percentile=0.0, high_percentile=100.0)
        gain = (high - low) / (_MOST_VALUES - 1)
    return as_stored(plane, low, gain), low, gain


def as_stored(plane: PlaneArray, offset: float, gain: float) -> Stored:
    """Grey values (H, W, C) as stored values: unsigned ones of 8 and 16 bits as they are, others as uint16
    with this offset and gain, what lies outside cut off."""
    if plane.dtype in (np.uint8, np.uint16):
        return plane.view(plane.dtype)
    if plane.dtype == np.bool_:
        return plane.view(np.uint8)
    stored = np.empty(plane.shape, np.uint16)
    for top in range(0, plane.shape[0], _ROWS_AT_ONCE):
        rows = plane[top : top + _ROWS_AT_ONCE].astype(np.float64)
        rows = np.nan_to_num((rows - offset) / gain, nan=0.0, posinf=_MOST_VALUES - 1, neginf=0.0)
        stored[top : top + _ROWS_AT_ONCE] = np.clip(rows + 0.5, 0, _MOST_VALUES - 1)
    return stored


def _levels(stored: Stored) -> tuple[Level, ...]:
    levels = [Level(1, stored)]
    step = 4 if stored.shape[0] * stored.shape[1] > _HUGE_PX else 2
    while min(levels[-1].pixels.shape[:2]) >= step * _SMALLEST_SIDE:
        levels.append(Level(levels[-1].factor * step, _reduced(levels[-1].pixels, step)))
        step = 2
    return tuple(levels)


def _reduced(pixels: Stored, step: int) -> Stored:
    """Means of step × step pixels; an incomplete last row or column is left out."""
    height, width = pixels.shape[0] // step, pixels.shape[1] // step
    out = np.empty((height, width, pixels.shape[2]), pixels.dtype)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, height - top)
        for place in range(pixels.shape[2]):
            source = pixels[top * step : (top + rows) * step, : width * step, place]
            out[top : top + rows, :, place] = cv2.resize(
                np.ascontiguousarray(source), (width, rows), interpolation=cv2.INTER_AREA
            )
    return out


def _histogram(stored: Stored) -> tuple[npt.NDArray[np.int64], tuple[float, float]]:
    """Counts (C, 256) of equal bins over the stored values that occur, and the first's and last's ends."""
    height, width, channels = stored.shape
    stride = max(1, int(np.sqrt(height * width / _HISTOGRAM_SAMPLES)))
    sample = stored[::stride, ::stride]
    least, most = int(sample.min()), int(sample.max()) + 1
    bins = [
        np.histogram(sample[:, :, place], bins=HISTOGRAM_BINS, range=(least, most))[0]
        for place in range(channels)
    ]
    return np.stack(bins), (float(least), float(most))
