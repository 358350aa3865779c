"""What a round brush covers on its way from one point to the next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import TILE_PX, PixelPoint, Rect, TileIndex, tile_rect
from unet_studio.core.label_tiles import MaskArray

MIN_DIAMETER_PX = 1
MAX_DIAMETER_PX = 2000
_SHORTEST_PX = 1e-3
_FLAT = 1e-9
_FAR_PX = 2e9

_Floats = npt.NDArray[np.float64]
_Columns = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Capsule:
    """A Region: every pixel whose centre lies within `diameter_px`/2 of the line from `start` to `end`.

    Exact, instead of stamps along the line: a fast hand leaves neither gaps nor scallops. The shape is
    convex, so a row of it is one run of pixels; a mask costs two comparisons per pixel whatever the size. A
    brush of one or two pixels always covers the pixel under its tip.

    `continues`: the disc around `start` is covered already and is left out, so that a wide brush costs the
    pixels it newly reaches.
    """

    start: PixelPoint
    end: PixelPoint
    diameter_px: float
    continues: bool = False

    @property
    def radius_px(self) -> float:
        """Half the diameter, not less than half a pixel."""
        return max(self.diameter_px, MIN_DIAMETER_PX) / 2

    @property
    def rect(self) -> Rect:
        """See Region."""
        radius = self.radius_px
        return Rect(
            math.floor(min(self.start.y, self.end.y) - radius),
            math.floor(min(self.start.x, self.end.x) - radius),
            math.ceil(max(self.start.y, self.end.y) + radius) + 1,
            math.ceil(max(self.start.x, self.end.x) + radius) + 1,
        )

    def tiles(self, within: Rect) -> Iterator[TileIndex]:
        """See Region. Follows the line: a long diagonal touches few of the tiles of its rectangle."""
        area = self.rect.intersect(within)
        if area.is_empty:
            return
        for row in range(area.top // TILE_PX, (area.bottom - 1) // TILE_PX + 1):
            left, right = self._columns(row * TILE_PX, (row + 1) * TILE_PX)
            first, last = max(left, area.left) // TILE_PX, min(right, area.right - 1) // TILE_PX
            for col in range(first, last + 1):
                index = TileIndex(row, col)
                if not self.continues or self._adds_to(tile_rect(index)):
                    yield index

    def _columns(self, top: float, bottom: float) -> tuple[int, int]:
        """First and last column the capsule may reach in the rows `top`..`bottom`."""
        (y0, x0), (y1, x1) = sorted((self.start, self.end))
        reach = self.radius_px + 1
        if y1 - y0 < _SHORTEST_PX:
            xs = [x0, x1]
        else:
            slope = (x1 - x0) / (y1 - y0)
            xs = [x0 + slope * (min(max(y, y0), y1) - y0) for y in (top - reach, bottom + reach)]
        return math.floor(min(xs) - reach), math.ceil(max(xs) + reach)

    def _adds_to(self, tile: Rect) -> bool:
        """True if a pixel of the tile is covered that the disc around the start does not cover."""
        if tile.contains_point(self.end.y, self.end.x):
            return True
        rows = slice(max(0, tile.top - self.rect.top), max(0, tile.bottom - self.rect.top))
        first, last, past_first, past_last = (ends[rows] for ends in self._runs)
        left, right = tile.left, tile.right - 1
        new_on_the_left = np.maximum(first, left) <= np.minimum(np.minimum(last, past_first - 1), right)
        new_on_the_right = np.maximum(np.maximum(first, past_last + 1), left) <= np.minimum(last, right)
        return bool(new_on_the_left.any() or new_on_the_right.any())

    def mask(self, within: Rect) -> MaskArray:
        """See Region."""
        rect, x = self.rect, np.arange(within.left, within.right, dtype=np.int32)
        mask: MaskArray = np.zeros(within.shape, bool)
        rows = Rect(max(within.top, rect.top), within.left, min(within.bottom, rect.bottom), within.right)
        if rows.is_empty:
            return mask
        part = slice(rows.top - rect.top, rows.bottom - rect.top)
        first, last, past_first, past_last = (ends[part, None] for ends in self._runs)
        inside = (x >= first) & (x <= last)
        if self.continues:
            inside &= (x < past_first) | (x > past_last)
        mask[rows.top - within.top : rows.bottom - within.top] = inside
        if within.contains_point(self.end.y, self.end.x):
            mask[math.floor(self.end.y) - within.top, math.floor(self.end.x) - within.left] = True
        return mask

    @cached_property
    def _runs(self) -> tuple[_Columns, _Columns, _Columns, _Columns]:
        """By row of `rect`: first and last column of the capsule, and of the disc around its start."""
        y = np.arange(self.rect.top, self.rect.bottom, dtype=np.float64) + 0.5
        start = self._disc(self.start, y)
        left, right = start
        if self.end != self.start:
            for other_left, other_right in (self._disc(self.end, y), self._body(y)):
                # Empty runs, (inf, -inf), alter nothing; the body's may be turned around.
                there = other_left <= other_right
                left = np.minimum(left, np.where(there, other_left, np.inf))
                right = np.maximum(right, np.where(there, other_right, -np.inf))
        return (*_pixels_between(left, right), *_pixels_between(*start))

    def _disc(self, centre: PixelPoint, y: _Floats) -> tuple[_Floats, _Floats]:
        rest = self.radius_px**2 - (y - centre.y) ** 2
        half = np.sqrt(np.maximum(rest, 0))
        return np.where(rest >= 0, centre.x - half, np.inf), np.where(rest >= 0, centre.x + half, -np.inf)

    def _body(self, y: _Floats) -> tuple[_Floats, _Floats]:
        """The rectangle between the two discs: what lies beside the line and between its ends."""
        dy, dx = self.end.y - self.start.y, self.end.x - self.start.x
        length = math.hypot(dy, dx)
        if length < _SHORTEST_PX:
            return np.full(y.shape, np.inf), np.full(y.shape, -np.inf)
        uy, ux, down = dy / length, dx / length, y - self.start.y
        left, right = np.full(y.shape, -_FAR_PX), np.full(y.shape, _FAR_PX)
        # Each pair of parallel sides: low <= down * a + (x - start.x) * b <= high.
        for a, b, low, high in ((uy, ux, 0.0, length), (ux, -uy, -self.radius_px, self.radius_px)):
            if abs(b) < _FLAT:
                outside = (down * a < low) | (down * a > high)
                left = np.where(outside, np.inf, left)
                continue
            ends = self.start.x + (low - down * a) / b, self.start.x + (high - down * a) / b
            left, right = np.maximum(left, np.minimum(*ends)), np.minimum(right, np.maximum(*ends))
        return left, right


def _pixels_between(left: _Floats, right: _Floats) -> tuple[_Columns, _Columns]:
    """First and last column whose centre lies between `left` and `right`."""
    first = np.ceil(np.clip(left, -_FAR_PX, _FAR_PX) - 0.5).astype(np.int32)
    last = np.floor(np.clip(right, -_FAR_PX, _FAR_PX) - 0.5).astype(np.int32)
    return first, last
