"""Proposals: instances a network predicted and nobody has accepted yet. They are not labels."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tile_rect, tiles_covering
from unet_studio.core.label_tiles import LabelArray, LabelTiles

_FIRST_TILE = TileIndex(0, 0)


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
    covered: list[Rect] | None = None
    """The parts of a large plane that were proposed on so far; None: all of the plane was."""
    scale: float | None = None
    """Times its size at which the network saw a large plane; None: not known yet."""

    @staticmethod
    def from_label_image(labels: LabelArray, *, model: str, corner: TileIndex = _FIRST_TILE) -> Proposals:
        """Proposals of an int32 (H, W) label image of the whole plane, or of a part that begins at the corner
        of a tile."""
        tiles = LabelTiles()
        height, width = labels.shape
        for index in tiles_covering(Rect.of_size(height, width)):
            part = labels[tile_rect(index).slices]
            if part.any():
                tile = np.zeros((TILE_PX, TILE_PX), np.int32)
                tile[: part.shape[0], : part.shape[1]] = part
                tiles.replace(TileIndex(index.row + corner.row, index.col + corner.col), tile)
        table = _table_of(labels, down=corner.row * TILE_PX, right=corner.col * TILE_PX)
        return Proposals(tiles, table, model)

    @staticmethod
    def from_parts(*, model: str) -> Proposals:
        """None yet: they come part by part."""
        return Proposals(LabelTiles(), {}, model, covered=[])

    def join(
        self,
        part: Proposals,
        area: Rect,
        window: Rect,
        *,
        instance_ids: Container[int] | None = None,
        uncountable: Container[int] = (),
    ) -> Rect:
        """Take the proposals of `part` that touch `area`, on the grid of tiles; they replace those here that
        touch it. Returns the rectangle that looks otherwise now.

        `part` was predicted on `window`. What reaches beyond that cannot be in it as a whole, so what is here
        of such cells stays, and so do accepted ones whose instance is among `instance_ids` (None: all of
        them). Those of `part` in `uncountable` are taken as far as they lie in the area. `part` is changed
        too: do not use it any more.
        """
        gone = {
            p.id
            for p in self.table.values()
            if not _apart(p.rect, area)
            and p.rect.intersect(window) == p.rect
            and not (p.id in self.accepted and (instance_ids is None or self.accepted[p.id] in instance_ids))
        }
        taken = [p for p in part.table.values() if not _apart(p.rect, area)]
        offset = max(self.table, default=0)
        remains = np.ones(offset + 1, bool)
        remains[list(gone)] = False
        altered = area
        for proposal in [self.table.pop(i) for i in gone]:
            altered = altered.union(proposal.rect)
            self.rejected.discard(proposal.id)
            self.accepted.pop(proposal.id, None)
        # The last entry, 0, is for the ids of those that were cut: their pixels are still there.
        new_id = np.zeros(max(part.table, default=0) + 2, np.int32)
        for number, proposal in enumerate(taken, offset + 1):
            new_id[proposal.id] = number
            if proposal.id not in uncountable:
                altered = altered.union(proposal.rect)
        outside = new_id.copy()
        outside[[p.id for p in taken if p.id in uncountable]] = 0
        pixels: dict[int, int] = {}
        for index in tiles_covering(altered):
            if index not in self.tiles and index not in part.tiles:
                continue
            old = self.tiles.tile(index)
            old = np.where(remains[old], old, np.int32(0))
            ids = outside if _apart(tile_rect(index), area) else new_id
            new = np.where(old > 0, old, ids.take(part.tiles.tile(index), mode="clip"))
            self.tiles.replace(index, new)
            for number, count in zip(*np.unique(new[new > offset], return_counts=True), strict=True):
                pixels[int(number)] = pixels.get(int(number), 0) + int(count)
        for number, proposal in enumerate(taken, offset + 1):
            if number in pixels:  # Else another one lies on all of it.
                rect = proposal.rect.intersect(area) if proposal.id in uncountable else proposal.rect
                self.table[number] = replace(proposal, id=number, rect=rect, area_px=pixels[number])
                if proposal.id in part.rejected:
                    self.rejected.add(number)
        if self.covered is not None:
            self.covered = [done for done in self.covered if done.intersect(area) != done] + [area]
        return altered

    def without_cut(self, window: Rect, bounds: Rect, *, spared: Container[int] = ()) -> None:
        """Forget the proposals (but `spared`) that the edges of the predicted `window` cut, except where it
        ends with the plane, `bounds`."""
        whole = Rect(
            window.top + (window.top > bounds.top),
            window.left + (window.left > bounds.left),
            window.bottom - (window.bottom < bounds.bottom),
            window.right - (window.right < bounds.right),
        )
        self.table = {i: p for i, p in self.table.items() if i in spared or p.rect.intersect(whole) == p.rect}

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

    def waiting(self, instance_ids: Container[int]) -> list[int]:
        """The proposals that are open, see `is_open`."""
        return [i for i in self.table if self.is_open(i, instance_ids)]

    def tiles_of(self, proposal_ids: Iterable[int]) -> set[TileIndex]:
        """The tiles that may hold pixels of the proposals."""
        rects = (self.table[i].rect for i in proposal_ids if i in self.table)
        return {index for rect in rects for index in tiles_covering(rect) if index in self.tiles}

    def id_at(self, y: float, x: float) -> int:
        """Id of the proposal under a point, 0 for none."""
        return self.tiles.value_at(int(y), int(x)) if y >= 0 and x >= 0 else 0


def reject_covered(proposals: Proposals, labels: LabelTiles, instance_ids: Container[int]) -> None:
    """Put aside proposals that lie mostly on labels: the person has dealt with those cells already."""
    proposals.rejected |= covered_by(proposals, labels, instance_ids)


def covered_by(proposals: Proposals, labels: LabelTiles, instance_ids: Container[int]) -> set[int]:
    """Proposals that wait and lie mostly on labels. `instance_ids`: of the labels; what was accepted and is
    no instance any more waits again."""
    covered: dict[int, int] = {}
    for index in proposals.tiles.indices() & labels.indices():
        on_labels = proposals.tiles.tile(index)[labels.tile(index) > 0]
        ids, counts = np.unique(on_labels, return_counts=True)
        for proposal_id, count in zip(ids.tolist(), counts.tolist(), strict=True):
            covered[proposal_id] = covered.get(proposal_id, 0) + count
    known = {i for i in covered if i in proposals.table and proposals.is_open(i, instance_ids)}
    return {i for i, count in covered.items() if i in known and 2 * count > proposals.table[i].area_px}


def _apart(one: Rect, other: Rect) -> bool:
    return one.intersect(other).is_empty


def _table_of(labels: LabelArray, *, down: int, right: int) -> dict[int, Proposal]:
    """Bounding rectangle (moved so far) and area of every label, in one pass over the labelled pixels."""
    ys, xs = np.nonzero(labels)
    if ys.size == 0:
        return {}
    ids, place, areas = np.unique(labels[ys, xs], return_inverse=True, return_counts=True)
    first_y, first_x = np.full(ids.size, labels.shape[0]), np.full(ids.size, labels.shape[1])
    end_y, end_x = np.zeros(ids.size, int), np.zeros(ids.size, int)
    np.minimum.at(first_y, place, ys)
    np.minimum.at(first_x, place, xs)
    np.maximum.at(end_y, place, ys + 1)
    np.maximum.at(end_x, place, xs + 1)
    rows = zip(ids, first_y, first_x, end_y, end_x, areas, strict=True)
    return {
        int(i): Proposal(int(i), Rect(int(t), int(x), int(b), int(r)).shift(down, right), int(n))
        for i, t, x, b, r, n in rows
    }
