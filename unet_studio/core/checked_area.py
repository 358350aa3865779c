"""CheckedArea: the pixels a person has verified. Only these teach the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import MaskArray


class CheckedState(IntEnum):
    """How much of a plane is verified."""

    NOTHING = 0
    PARTS = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class CheckedArea:
    """An immutable set of pixels, kept as disjoint rectangles."""

    rects: tuple[Rect, ...] = ()

    def add(self, rect: Rect) -> CheckedArea:
        """This area and `rect`."""
        if rect.is_empty or self.covers(rect):
            return self
        return CheckedArea(tuple(sorted((*_without(self.rects, rect), rect))))

    def remove(self, rect: Rect) -> CheckedArea:
        """This area without `rect`."""
        return CheckedArea(tuple(sorted(_without(self.rects, rect))))

    def covers(self, rect: Rect) -> bool:
        """True if every pixel of `rect` is checked."""
        return sum(part.intersect(rect).area for part in self.rects) == rect.area

    def mask(self, rect: Rect) -> MaskArray:
        """Bool (rect.height, rect.width): which pixels of `rect` are checked."""
        out = np.zeros(rect.shape, bool)
        for part in self.rects:
            common = part.intersect(rect)
            if not common.is_empty:
                out[common.shift(-rect.top, -rect.left).slices] = True
        return out

    @property
    def is_empty(self) -> bool:
        """True if nothing is checked."""
        return not self.rects


def _without(rects: Iterable[Rect], cut: Rect) -> list[Rect]:
    return [part for rect in rects for part in rect.subtract(cut)]
