"""Regions: sets of pixels that can be asked piece by piece, so that nobody allocates the plane."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import PixelPoint, Rect, TileIndex, tiles_covering
from unet_studio.core.label_tiles import MaskArray


class Region(Protocol):
    """Pixels of the plane, of any extent."""

    @property
    def rect(self) -> Rect:
        """A rectangle that holds every pixel of the region."""
        ...

    def tiles(self, within: Rect) -> Iterator[TileIndex]:
        """Tiles of `within` that may hold a pixel of the region."""
        ...

    def mask(self, within: Rect) -> MaskArray:
        """Bool (within.height, within.width): which pixels of `within` belong to the region."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MaskRegion:
    """A region given as an array: `pixels` bool (rect.height, rect.width)."""

    rect: Rect
    pixels: MaskArray

    def tiles(self, within: Rect) -> Iterator[TileIndex]:
        """See Region."""
        return tiles_covering(self.rect.intersect(within))

    def mask(self, within: Rect) -> MaskArray:
        """See Region."""
        common = self.rect.intersect(within)
        if common == within:
            return self.pixels[common.shift(-self.rect.top, -self.rect.left).slices]
        out = np.zeros(within.shape, bool)
        if not common.is_empty:
            inside = self.pixels[common.shift(-self.rect.top, -self.rect.left).slices]
            out[common.shift(-within.top, -within.left).slices] = inside
        return out


def rectangle(rect: Rect) -> MaskRegion:
    """Every pixel of `rect`; the mask is a view of one value and takes no memory."""
    return MaskRegion(rect, np.broadcast_to(np.True_, rect.shape))


@dataclass(frozen=True, slots=True, eq=False)
class Polygon:
    """A region given by its corners: every pixel whose centre the closed line goes around (non-zero winding).

    `points` float64 (n, 2), (y, x) in pixels. A line that crosses itself covers both loops. Fewer than
    three corners, or corners on one line, cover nothing.
    """

    points: npt.NDArray[np.float64]

    @staticmethod
    def around(points: Iterable[PixelPoint]) -> Polygon:
        """The polygon with these corners."""
        return Polygon(np.array([(at.y, at.x) for at in points], np.float64).reshape(-1, 2))

    @property
    def rect(self) -> Rect:
        """See Region."""
        if len(self.points) < 3:
            return Rect(0, 0, 0, 0)
        (top, left), (bottom, right) = self.points.min(0), self.points.max(0)
        return Rect(math.floor(top), math.floor(left), math.ceil(bottom) + 1, math.ceil(right) + 1)

    def tiles(self, within: Rect) -> Iterator[TileIndex]:
        """See Region."""
        return tiles_covering(self.rect.intersect(within))

    def mask(self, within: Rect) -> MaskArray:
        """See Region."""
        height, width = within.shape
        turns = np.zeros((height, width + 1), np.int32)
        # Edge by edge: the rows it crosses at their middle, and the column from which it is to the left.
        # In the plane's own coordinates: a tile's pixels must not depend on where the tile begins.
        ys, xs = self.points[:, 0], self.points[:, 1]
        next_ys, next_xs = np.roll(ys, -1), np.roll(xs, -1)
        lower = np.clip(np.ceil(np.minimum(ys, next_ys) - 0.5) - within.top, 0, height).astype(np.int64)
        upper = np.clip(np.ceil(np.maximum(ys, next_ys) - 0.5) - within.top, 0, height).astype(np.int64)
        counts = upper - lower
        edge = np.repeat(np.arange(len(ys)), counts)
        row = np.arange(edge.size) - np.repeat(np.cumsum(counts) - counts, counts) + lower[edge]
        slope = (next_xs[edge] - xs[edge]) / (next_ys[edge] - ys[edge])
        crossing = xs[edge] + (within.top + row + 0.5 - ys[edge]) * slope
        column = np.clip(np.ceil(crossing - 0.5) - within.left, 0, width).astype(np.int64)
        np.add.at(turns, (row, column), np.where(next_ys[edge] > ys[edge], 1, -1))
        inside: MaskArray = np.cumsum(turns[:, :-1], axis=1) != 0
        return inside
