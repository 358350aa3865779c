"""What a round brush covers on its way from one point to the next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unet_studio.core.geometry import TILE_PX, PixelPoint, Rect, TileIndex
from unet_studio.core.label_tiles import MaskArray

MIN_DIAMETER_PX = 1
MAX_DIAMETER_PX = 2000
_SHORTEST_PX = 1e-3


@dataclass(frozen=True, slots=True)
class Capsule:
    """A Region: every pixel whose centre lies within `diameter_px`/2 of the line from `start` to `end`.

    Exact, instead of stamps along the line: a fast hand leaves neither gaps nor scallops. A brush of one
    or two pixels always covers the pixel under its tip.
    """

    start: PixelPoint
    end: PixelPoint
    diameter_px: float

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
                yield TileIndex(row, col)

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

    def mask(self, within: Rect) -> MaskArray:
        """See Region."""
        # Offsets from the line's start are small numbers even far from the origin: float32 is enough.
        y = (np.arange(within.height) + (within.top + 0.5 - self.start.y)).astype(np.float32)[:, None]
        x = (np.arange(within.width) + (within.left + 0.5 - self.start.x)).astype(np.float32)[None, :]
        dy, dx = np.float32(self.end.y - self.start.y), np.float32(self.end.x - self.start.x)
        length2 = dy * dy + dx * dx
        if length2 > _SHORTEST_PX**2:
            along = np.clip((y * dy + x * dx) / length2, 0.0, 1.0)
            distance2 = (y - along * dy) ** 2 + (x - along * dx) ** 2
        else:
            distance2 = y * y + x * x
        mask: MaskArray = distance2 <= np.float32(self.radius_px**2)
        if within.contains_point(self.end.y, self.end.x):
            mask[math.floor(self.end.y) - within.top, math.floor(self.end.x) - within.left] = True
        return mask
