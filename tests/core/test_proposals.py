"""Proposals that come part by part are those that would have come at once."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.proposals import Proposals

SIDE, PART = 5 * TILE_PX - 37, 2 * TILE_PX
BOUNDS = Rect.of_size(SIDE, SIDE)


def discs(places: list[tuple[int, int, int]]) -> LabelArray:
    """Discs that do not touch, numbered as they are found: every crop can be labelled anew."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for y, x, radius in places:
        own = np.zeros_like(mask)
        cv2.circle(own, (x, y), radius, 1, -1)
        if not mask[cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0].any():
            mask |= own
    return mask.astype(np.int32)


def labelled(mask: LabelArray) -> LabelArray:
    return cv2.connectedComponents(mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)[1]


def part_of(mask: LabelArray, area: Rect) -> Proposals:
    window = area.grown(TILE_PX).intersect(BOUNDS)
    corner = TileIndex(window.top // TILE_PX, window.left // TILE_PX)
    part = Proposals.from_label_image(labelled(mask[window.slices]), model="m", corner=corner)
    part.without_cut(window, BOUNDS)
    return part


def areas() -> list[Rect]:
    starts = range(0, SIDE, PART)
    return [Rect(y, x, y + PART, x + PART).intersect(BOUNDS) for y in starts for x in starts]


@given(
    st.lists(st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1), st.integers(3, 60)), max_size=12),
    st.permutations(areas()),
)
@settings(max_examples=6, deadline=None)
def test_parts_in_any_order_make_the_same_instances_as_the_whole(
    places: list[tuple[int, int, int]], order: list[Rect]
) -> None:
    mask = discs(places)
    proposals = Proposals.from_parts(model="m")
    for area in order:
        proposals.join(part_of(mask, area), area)
    found = proposals.tiles.read(BOUNDS)
    truth = labelled(mask)
    pairs = np.unique(truth.astype(np.int64) << 32 | found)
    assert pairs.size == truth.max() + 1, "every true instance is exactly one proposal"
    assert len(proposals.table) == truth.max()
    for proposal in proposals.table.values():
        assert np.count_nonzero(found[proposal.rect.slices] == proposal.id) == proposal.area_px
    assert sorted(proposals.covered or []) == sorted(areas())


def test_proposing_again_replaces_what_waits_there_and_spares_what_was_accepted() -> None:
    mask = discs([(100, 100, 20), (100, 300, 20), (900, 900, 30)])
    proposals = Proposals.from_parts(model="m")
    for area in areas():
        proposals.join(part_of(mask, area), area)
    far, near = proposals.id_at(900, 900), proposals.id_at(100, 100)
    proposals.accepted[near] = 1
    rejected = proposals.id_at(100, 300)
    proposals.rejected.add(rejected)
    first = areas()[0]
    altered = proposals.join(part_of(mask, first), first)
    assert proposals.id_at(900, 900) == far
    assert proposals.id_at(100, 100) == near
    assert proposals.id_at(100, 300) not in (0, rejected)
    assert rejected not in proposals.rejected
    assert altered.intersect(first) == first


def test_cells_cut_by_the_window_are_left_out_but_not_those_at_the_planes_edge() -> None:
    labels = np.zeros((2 * TILE_PX, 2 * TILE_PX), np.int32)
    labels[0:20, 100:120] = 1  # At the plane's own edge.
    labels[100:120, 2 * TILE_PX - 5 :] = 2  # At the window's.
    part = Proposals.from_label_image(labels, model="m")
    part.without_cut(Rect.of_size(2 * TILE_PX, 2 * TILE_PX), BOUNDS)
    assert set(part.table) == {1}
