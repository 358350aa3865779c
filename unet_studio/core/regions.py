"""Regions: sets of pixels that can be asked piece by piece, so that nobody allocates the plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unet_studio.core.geometry import Rect, TileIndex, tiles_covering
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
