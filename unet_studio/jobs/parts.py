"""Proposals on a plane that is too large to be held: its parts, and what becomes of the answer about each."""

from __future__ import annotations

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.proposals import Proposals

PART_PX = 2048
_MARGIN_PX = TILE_PX


def all_areas(bounds: Rect) -> list[Rect]:
    """The parts of a plane, row by row, on the grid of tiles."""
    return [
        Rect(top, left, top + PART_PX, left + PART_PX).intersect(bounds)
        for top in range(0, bounds.height, PART_PX)
        for left in range(0, bounds.width, PART_PX)
    ]


def window_of(area: Rect, bounds: Rect) -> Rect:
    """What is predicted for an area: more on every side, so that cells on its border come out whole."""
    return area.grown(_MARGIN_PX).intersect(bounds)


def part_of(labels: LabelArray, area: Rect, bounds: Rect, *, model: str) -> Proposals:
    """What is proposed in an area's window, in the coordinates of the plane; `labels` is its label image."""
    window = window_of(area, bounds)
    corner = TileIndex(window.top // TILE_PX, window.left // TILE_PX)
    return Proposals.from_label_image(labels, model=model, corner=corner)
