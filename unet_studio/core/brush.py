"""Round stamps and strokes as boolean masks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.label_tiles import MaskArray

MIN_DIAMETER_PX = 1
MAX_DIAMETER_PX = 2000
_SHORTEST_PX = 1e-3


@dataclass(frozen=True, slots=True)
class Stroke:
    """The pixels a moving brush covers: `mask` bool (H, W) over `rect`."""

    rect: Rect
    mask: MaskArray


def stroke_segment(start: PixelPoint, end: PixelPoint, *, diameter_px: float, within: Rect) -> Stroke:
    """Every pixel whose centre lies within `diameter_px`/2 of the line from `start` to `end`.

    The exact capsule instead of stamps along the line, so a fast hand leaves neither gaps nor
    scallops. Clipped to `within`; the mask may be empty.
    """
    radius = max(diameter_px, MIN_DIAMETER_PX) / 2
    rect = Rect(
        math.floor(min(start.y, end.y) - radius),
        math.floor(min(start.x, end.x) - radius),
        math.ceil(max(start.y, end.y) + radius) + 1,
        math.ceil(max(start.x, end.x) + radius) + 1,
    ).intersect(within)
    if rect.is_empty:
        return Stroke(Rect(0, 0, 0, 0), np.zeros((0, 0), bool))
    y = np.arange(rect.top, rect.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - start.y)
    x = np.arange(rect.left, rect.right, dtype=np.float32)[None, :] + np.float32(0.5 - start.x)
    dy, dx = end.y - start.y, end.x - start.x
    length2 = dy * dy + dx * dx
    if length2 > _SHORTEST_PX**2:
        along = np.clip((y * dy + x * dx) / length2, 0.0, 1.0)
        distance2 = (y - along * dy) ** 2 + (x - along * dx) ** 2
    else:
        distance2 = y * y + x * x
    mask = distance2 <= radius * radius
    if within.contains_point(end.y, end.x):
        # A brush of one or two pixels always marks the pixel under its tip.
        mask[math.floor(end.y) - rect.top, math.floor(end.x) - rect.left] = True
    return Stroke(rect, mask)
