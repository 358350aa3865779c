"""Proposals: instances a network predicted and nobody has accepted yet. They are not labels."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tile_rect, tiles_covering
from unet_studio.core.label_tiles import LabelArray, LabelTiles


@dataclass(frozen=True, slots=True)
class Proposal:
    """One predicted instance: its pixels are the label `id` in the proposal tiles."""

    id: int
    rect: Rect
    area_px: int
    class_index: int = 1


@dataclass(slots=True)
class Proposals:
    """All proposals of one plane.

    `accepted` maps a proposal to the instance it became; `rejected` holds those put aside. Neither
    is shown. An accepted one returns when its instance is undone: see `is_open`.
    """

    tiles: LabelTiles
    table: dict[int, Proposal]
    model: str
    accepted: dict[int, int] = field(default_factory=dict)
    rejected: set[int] = field(default_factory=set)
    made_at: float = field(default_factory=time.time)
    """Seconds since the epoch; tells this set of proposals from an earlier one."""

    @staticmethod
    def from_label_image(labels: LabelArray, *, model: str) -> Proposals:
        """Proposals of an int32 (H, W) label image of the whole plane."""
        tiles = LabelTiles()
        height, width = labels.shape
        for index in tiles_covering(Rect.of_size(height, width)):
            cell = tile_rect(index)
            part = labels[cell.slices]
            if part.any():
                tile = np.zeros((TILE_PX, TILE_PX), np.int32)
                tile[: part.shape[0], : part.shape[1]] = part
                tiles.replace(index, tile)
        return Proposals(tiles, _table_of(labels), model)

    def give_classes(self, class_of: Mapping[int, int]) -> None:
        """Set the class of proposals by their id; the others stay as they are."""
        for proposal_id, class_index in class_of.items():
            if proposal_id in self.table:
                self.table[proposal_id] = replace(self.table[proposal_id], class_index=class_index)

    def is_open(self, proposal_id: int, instance_ids: Container[int]) -> bool:
        """True if the proposal still waits; `instance_ids` are the ids that exist in the document."""
        if proposal_id not in self.table or proposal_id in self.rejected:
            return False
        accepted_as = self.accepted.get(proposal_id)
        return accepted_as is None or accepted_as not in instance_ids

    def tiles_of(self, proposal_ids: Iterable[int]) -> set[TileIndex]:
        """The tiles that may hold pixels of the proposals."""
        rects = (self.table[i].rect for i in proposal_ids if i in self.table)
        return {index for rect in rects for index in tiles_covering(rect) if index in self.tiles}

    def id_at(self, y: float, x: float) -> int:
        """Id of the proposal under a point, 0 for none."""
        return self.tiles.value_at(int(y), int(x)) if y >= 0 and x >= 0 else 0


def reject_covered(proposals: Proposals, labels: LabelTiles) -> None:
    """Put aside proposals that lie mostly on labels: the person has dealt with those cells already."""
    covered: dict[int, int] = {}
    for index in proposals.tiles.indices() & labels.indices():
        on_labels = proposals.tiles.tile(index)[labels.tile(index) > 0]
        ids, counts = np.unique(on_labels, return_counts=True)
        for proposal_id, count in zip(ids.tolist(), counts.tolist(), strict=True):
            covered[proposal_id] = covered.get(proposal_id, 0) + count
    for proposal_id, count in covered.items():
        waiting = proposal_id in proposals.table and proposal_id not in proposals.accepted
        if waiting and 2 * count > proposals.table[proposal_id].area_px:
            proposals.rejected.add(proposal_id)


def _table_of(labels: LabelArray) -> dict[int, Proposal]:
    """Bounding rectangle and area of every label, in one pass over the labelled pixels."""
    ys, xs = np.nonzero(labels)
    if ys.size == 0:
        return {}
    ids, place, areas = np.unique(labels[ys, xs], return_inverse=True, return_counts=True)
    top, left = np.full(ids.size, labels.shape[0]), np.full(ids.size, labels.shape[1])
    bottom, right = np.zeros(ids.size, int), np.zeros(ids.size, int)
    np.minimum.at(top, place, ys)
    np.minimum.at(left, place, xs)
    np.maximum.at(bottom, place, ys + 1)
    np.maximum.at(right, place, xs + 1)
    rows = zip(ids, top, left, bottom, right, areas, strict=True)
    return {
        int(i): Proposal(int(i), Rect(int(t), int(x), int(b), int(r)), int(n)) for i, t, x, b, r, n in rows
    }
