"""Proposals on a plane that is too large to be held: its parts, and what becomes of the answer about each."""

from __future__ import annotations

from collections.abc import Container

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.proposals import Proposals
from unet_studio.jobs.messages import Part, Predicted

PART_PX = 2048
_MOST_MARGIN_TILES = 4
CONTEXT_PX = 128
"""What is sent around a window. A network that looks further gets the window alone."""


def all_areas(bounds: Rect) -> list[Rect]:
    """The parts of a plane, row by row, on the grid of tiles."""
    return [
        Rect(top, left, top + PART_PX, left + PART_PX).intersect(bounds)
        for top in range(0, bounds.height, PART_PX)
        for left in range(0, bounds.width, PART_PX)
    ]


def window_of(area: Rect, bounds: Rect, scale: float | None = None) -> Rect:
    """What is predicted for an area: more on every side, so that cells on its border come out whole. The
    smaller the plane is seen, the more."""
    tiles = min(_MOST_MARGIN_TILES, max(1, round(1 / scale))) if scale is not None else 1
    return area.grown(tiles * TILE_PX).intersect(bounds)


def request_of(area: Rect, bounds: Rect, scale: float | None = None, *, run: str) -> Part:
    """What to ask about an area. The pixels reach further than the window: at its border, too, the network
    sees what is beside it."""
    window = window_of(area, bounds, scale)
    pixels = window.grown(CONTEXT_PX).intersect(bounds)
    return Part(run, bounds.height, bounds.width, pixels, window)


def join_part(
    proposals: Proposals,
    part: Proposals,
    area: Rect,
    bounds: Rect,
    outcome: Predicted,
    scale: float | None,
    *,
    instance_ids: Container[int] | None = None,
) -> Rect:
    """Take what `part_of` made of the answer about an area, whose `outcome` it is; see Proposals.join."""
    window = window_of(area, bounds, scale)
    uncountable = {
        number
        for number, place in enumerate(outcome.class_of, 1)
        if outcome.classes and outcome.classes[place - 1].is_stuff
    }
    part.without_cut(window, bounds, spared=uncountable)
    return proposals.join(part, area, window, instance_ids=instance_ids, uncountable=uncountable)


def tells_scale(outcome: Predicted, scale: float | None) -> bool:
    """True if the answer about an area, asked about without a scale, says one that needs a wider window: the
    same area is asked about again."""
    return scale is None and outcome.scale is not None and outcome.scale < 1


def part_of(labels: LabelArray, area: Rect, bounds: Rect, scale: float | None = None) -> Proposals:
    """What is proposed in an area's window, in the coordinates of the plane; `labels` is its label image."""
    window = window_of(area, bounds, scale)
    corner = TileIndex(window.top // TILE_PX, window.left // TILE_PX)
    return Proposals.from_label_image(labels, model="", corner=corner)  # It is that of whom it joins.
