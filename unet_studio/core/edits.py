"""Edit: one undoable unit, as before and after of the touched tile boxes and table rows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.geometry import Rect, TileIndex, tile_rect, tiles_covering
from unet_studio.core.instances import Instance, InstanceTable
from unet_studio.core.label_tiles import LabelArray, LabelTiles, MaskArray


@dataclass(frozen=True, slots=True, eq=False)
class TileDelta:
    """Changed pixels of one tile: int32 arrays of the bounding box of the change.

    `top` and `left` are the box's corner inside the tile.
    """

    index: TileIndex
    top: int
    left: int
    before: LabelArray
    after: LabelArray

    @property
    def rect(self) -> Rect:
        """The box on the plane."""
        origin = tile_rect(self.index)
        top, left = origin.top + self.top, origin.left + self.left
        return Rect(top, left, top + self.before.shape[0], left + self.before.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """New labels for a rectangle: int32 arrays of `rect.shape`, as they were when it was computed and now.

    Numbers below 0 in `after` stand for new instances: see `Document.rewrite`.
    """

    rect: Rect
    before: LabelArray
    after: LabelArray


@dataclass(frozen=True, slots=True)
class RowDelta:
    """One row of the instance table before and after; None = no such row."""

    instance_id: int
    before: Instance | None
    after: Instance | None


class StoredEdit(Protocol):
    """An edit that may rest elsewhere (compressed, on disk) until it is needed."""

    @property
    def name(self) -> str:
        """What the person did, English source text for translation."""
        ...

    @property
    def made_at(self) -> float:
        """Seconds since the epoch."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory this form takes."""
        ...

    def load(self) -> Edit:
        """The edit itself."""
        ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """Proposals that were put aside; `made_at` says which set of proposals they belong to."""

    made_at: float
    proposal_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Proposals that became part of an uncountable instance, each with its number: undone, they wait again,
    though the instance is still there. `made_at` as in `Rejection`."""

    made_at: float
    instance_of: dict[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One undoable unit of a document."""

    name: str
    tiles: tuple[TileDelta, ...] = ()
    rows: tuple[RowDelta, ...] = ()
    checked: tuple[CheckedArea, CheckedArea] | None = None
    made_at: float = field(default_factory=time.time)
    rejected: Rejection | None = None
    shared: Sharing | None = None

    @property
    def rect(self) -> Rect:
        """Bounding rectangle of the changed pixels and of the changed checked area."""
        rect = Rect(0, 0, 0, 0)
        for delta in self.tiles:
            rect = rect.union(delta.rect)
        for area in self.checked or ():
            for part in area.rects:
                rect = rect.union(part)
        return rect

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return sum(_held_bytes(array) for d in self.tiles for array in (d.before, d.after))

    def load(self) -> Edit:
        """This edit (it is already in memory)."""
        return self


class EditBuilder:
    """Collects writes to labels and rows, applying each at once, until they become one Edit."""

    def __init__(self, name: str, labels: LabelTiles, instances: InstanceTable) -> None:
        self.name = name
        self._labels = labels
        self._instances = instances
        self._tiles_before: dict[TileIndex, LabelArray] = {}
        self._dirty: dict[TileIndex, Rect] = {}
        self._rows_before: dict[int, Instance | None] = {}

    def write(self, rect: Rect, values: LabelArray | int, where: MaskArray) -> Rect:
        """Write `values` at the True pixels of `where` (bool, rect.shape); returns what was touched."""
        touched = Rect(0, 0, 0, 0)
        for index in tiles_covering(rect):
            cell = tile_rect(index)
            part = rect.intersect(cell)
            in_rect = part.shift(-rect.top, -rect.left).slices
            mask = where[in_rect]
            if not mask.any():
                continue
            tile = self._writable(index)
            source = values if isinstance(values, int) else values[in_rect]
            np.copyto(tile[part.shift(-cell.top, -cell.left).slices], source, where=mask)
            self._dirty[index] = self._dirty.get(index, Rect(0, 0, 0, 0)).union(part)
            touched = touched.union(part)
        return touched

    def write_tile(self, index: TileIndex, values: LabelArray | int, where: MaskArray) -> None:
        """Write `values` at the True pixels of `where`, both (256, 256) arrays of one tile."""
        self.write(tile_rect(index), values, where)

    def put_row(self, instance_id: int, row: Instance | None) -> None:
        """Set or remove a row of the instance table."""
        self._rows_before.setdefault(instance_id, self._instances.get(instance_id))
        self._instances.put(instance_id, row)

    def finish(self, *, checked: tuple[CheckedArea, CheckedArea] | None = None) -> Edit | None:
        """The edit, with pixel counts brought up to date; None if nothing changed.

        Rows of instances that have no pixel left are removed in the same edit.
        """
        deltas = tuple(self._deltas())
        self._labels.close_written()
        emptied = set(self._rows_before)
        for delta in deltas:
            emptied.update(self._instances.count_change(delta.index, delta.before, delta.after))
        for instance_id in emptied:
            if instance_id in self._instances and not self._instances.tiles_of(instance_id):
                self.put_row(instance_id, None)
        rows = tuple(
            RowDelta(i, before, self._instances.get(i))
            for i, before in self._rows_before.items()
            if before != self._instances.get(i)
        )
        if checked is not None and checked[0] == checked[1]:
            checked = None
        if not deltas and not rows and checked is None:
            return None
        return Edit(self.name, deltas, rows, checked)

    @property
    def touched(self) -> Rect:
        """The rectangle around all writes so far."""
        touched = Rect(0, 0, 0, 0)
        for dirty in self._dirty.values():
            touched = touched.union(dirty)
        return touched

    def abort(self) -> Rect:
        """Put everything back as it was; returns what must be redrawn."""
        self._labels.discard_written()
        touched = self.touched
        for instance_id, row in self._rows_before.items():
            self._instances.put(instance_id, row)
        return touched

    def _writable(self, index: TileIndex) -> LabelArray:
        if index not in self._tiles_before:
            self._tiles_before[index] = self._labels.tile(index)
        return self._labels.open_for_writing(index)

    def _deltas(self) -> Iterable[TileDelta]:
        for index, dirty in self._dirty.items():
            cell = tile_rect(index)
            box = dirty.shift(-cell.top, -cell.left)
            before, after = self._tiles_before[index][box.slices], self._labels.tile(index)[box.slices]
            changed = before != after
            rows, cols = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
            if rows.size == 0:
                continue
            tight = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
            yield TileDelta(
                index,
                int(box.top + rows[0]),
                int(box.left + cols[0]),
                _compact(before[tight]),
                _compact(after[tight]),
            )


def _compact(labels: LabelArray) -> LabelArray:
    """A copy; of labels that are all the same (background above all) in no memory at all."""
    first = labels[0, 0]
    return np.broadcast_to(first, labels.shape) if (labels == first).all() else labels.copy()


def apply(edit: Edit, labels: LabelTiles, instances: InstanceTable, *, forward: bool) -> None:
    """Redo (`forward`) or undo an edit on the labels and the table."""
    for delta in edit.tiles:
        before, after = (delta.before, delta.after) if forward else (delta.after, delta.before)
        tile = labels.tile(delta.index).copy()
        box = (
            slice(delta.top, delta.top + before.shape[0]),
            slice(delta.left, delta.left + before.shape[1]),
        )
        # Only the pixels this edit changed: the box may hold others that nobody touched.
        np.copyto(tile[box], after, where=before != after)
        labels.replace(delta.index, tile)
        instances.count_change(delta.index, before, after)
    for row in edit.rows:
        instances.put(row.instance_id, row.after if forward else row.before)


def _held_bytes(labels: LabelArray) -> int:
    return labels.nbytes if labels.strides[-1] else labels.itemsize
