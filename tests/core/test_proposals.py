"""Proposals that come part by part are those that would have come at once."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.proposals import Proposals, covered_by

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
    return Proposals.from_label_image(labelled(mask[window.slices]), model="m", corner=corner)


def join(proposals: Proposals, mask: LabelArray, area: Rect, **more: Any) -> Rect:
    part, window = part_of(mask, area), area.grown(TILE_PX).intersect(BOUNDS)
    part.without_cut(window, BOUNDS, spared=more.get("uncountable", ()))
    return proposals.join(part, area, window, **more)


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
        join(proposals, mask, area)
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
        join(proposals, mask, area)
    far, near = proposals.id_at(900, 900), proposals.id_at(100, 100)
    proposals.accepted[near] = 1
    rejected = proposals.id_at(100, 300)
    proposals.rejected.add(rejected)
    first = areas()[0]
    altered = join(proposals, mask, first, instance_ids={1})
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


def test_a_cell_that_only_one_window_holds_whole_is_found_in_any_order() -> None:
    mask = discs([(400, 600, 200)])  # From 200 to 600, 400 to 800: the window of the first area ends at 768.
    first, second = areas()[0], areas()[1]
    for order in ((first, second), (second, first)):
        proposals = Proposals.from_parts(model="m")
        for area in order:
            join(proposals, mask, area)
        assert len(proposals.table) == 1, order
        assert np.count_nonzero(proposals.tiles.read(BOUNDS)) == np.count_nonzero(mask)


def test_what_cannot_be_counted_is_taken_as_far_as_each_area_reaches() -> None:
    mask = np.ones((SIDE, SIDE), np.int32)
    proposals = Proposals.from_parts(model="m")
    for area in areas():
        join(proposals, mask, area, uncountable={1})
    assert (proposals.tiles.read(BOUNDS) > 0).all()
    assert sum(p.area_px for p in proposals.table.values()) == BOUNDS.area
    assert len(proposals.table) == len(areas())


def test_an_accepted_one_whose_instance_was_undone_is_replaced_and_can_be_accepted_again() -> None:
    mask = discs([(100, 100, 20)])
    proposals, first = Proposals.from_parts(model="m"), areas()[0]
    join(proposals, mask, first)
    (number,) = proposals.table
    proposals.accepted[number] = 7
    join(proposals, mask, first, instance_ids=set())
    (again,) = proposals.table
    assert not proposals.accepted
    assert proposals.is_open(again, set())
    assert proposals.id_at(100, 100) == again
    # While the instance is there, the accepted one stays, and no other lies under it.
    proposals.accepted[again] = 8
    join(proposals, mask, first, instance_ids={8})
    assert set(proposals.table) == {again}


def test_what_was_accepted_and_undone_is_covered_like_any_other() -> None:
    mask = discs([(100, 100, 20)])
    proposals = part_of(mask, areas()[0])
    (number,) = proposals.table
    drawn = np.zeros_like(mask)
    drawn[82:119, 82:119] = 1
    labels = Proposals.from_label_image(drawn, model="hand").tiles
    proposals.accepted[number] = 7
    assert covered_by(proposals, labels, {7}) == set(), "it is an instance"
    assert covered_by(proposals, labels, {8}) == {number}, "undone, and another cell drawn there"
