"""Document: the labels, instances, checked area and history of one plane.

Every method that alters something returns the `Change` to show, or None if nothing changed. The
document never notifies anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, Flag, auto

import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.edits import Edit, EditBuilder, apply
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.history import History
from unet_studio.core.instances import MAX_INSTANCE_ID, Instance, InstanceTable, Origin
from unet_studio.core.label_tiles import LabelArray, LabelTiles, MaskArray
from unet_studio.core.proposals import Proposals


class ChangeKind(Flag):
    """What has to be shown anew."""

    PIXELS = auto()
    INSTANCES = auto()
    CHECKED = auto()


class Step(Enum):
    """What happened to the edit of a change."""

    MAKE = auto()
    UNDO = auto()
    REDO = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """Returned by every Document method that altered something.

    `rect`: pixels to repaint. `edit`: the edit this change made, took back or made again (`step`
    says which), to be stored; None while a stroke is still being drawn.
    """

    kind: ChangeKind
    rect: Rect
    edit: Edit | None = None
    step: Step = Step.MAKE


class Document:
    """One plane's labels. Not thread-safe: it belongs to the thread that edits."""

    def __init__(
        self,
        height: int,
        width: int,
        *,
        labels: LabelTiles | None = None,
        instances: InstanceTable | None = None,
        checked: CheckedArea | None = None,
        history: History | None = None,
        next_id: int = 1,
    ) -> None:
        self.bounds = Rect.of_size(height, width)
        # "is None": an empty table or history is falsy.
        self.labels = LabelTiles() if labels is None else labels
        self.instances = InstanceTable() if instances is None else instances
        self.checked = CheckedArea() if checked is None else checked
        self.history = History() if history is None else history
        self.next_id = next_id
        self._stroke: EditBuilder | None = None

    # Reading

    def read(self, rect: Rect) -> LabelArray:
        """Labels of `rect` as int32 (rect.height, rect.width); 0 outside the plane."""
        return self.labels.read(rect)

    def instance_at(self, y: float, x: float) -> int:
        """Id of the instance under a point, 0 for background or outside."""
        if not self.bounds.contains_point(y, x):
            return 0
        return self.labels.value_at(int(y), int(x))

    @property
    def is_checked(self) -> bool:
        """True if the whole plane is verified."""
        return self.checked.covers(self.bounds)

    # Ids

    def new_instance_id(self) -> int:
        """An id that was never used in this document and never will be again."""
        if self.next_id >= MAX_INSTANCE_ID:
            raise UserError("This image has used all {count} instance numbers.", count=MAX_INSTANCE_ID - 1)
        self.next_id += 1
        return self.next_id - 1

    # Strokes: begin, paint .., finish or abort

    def begin_stroke(self, name: str) -> None:
        """Start collecting writes into one edit."""
        if self._stroke is not None:
            raise RuntimeError("the previous stroke is still open")
        self._stroke = EditBuilder(name, self.labels, self.instances)

    @property
    def stroke_is_open(self) -> bool:
        """True between `begin_stroke` and its end."""
        return self._stroke is not None

    def paint(self, rect: Rect, mask: MaskArray, instance_id: int) -> Change | None:
        """Give the True pixels of `mask` (bool, rect.shape) to an instance; a new id becomes a row."""
        stroke = self._open_stroke()
        rect, mask = self._clip(rect, mask)
        if not mask.any():
            return None
        if instance_id and instance_id not in self.instances:
            stroke.put_row(instance_id, Instance(instance_id))
        return _pixels(stroke.write(rect, instance_id, mask))

    def erase(self, rect: Rect, mask: MaskArray) -> Change | None:
        """Make the True pixels of `mask` background, whatever instance they belonged to."""
        return self.paint(rect, mask, 0)

    def finish_stroke(self) -> Change | None:
        """End of the stroke: one edit, pushed on the history."""
        stroke, self._stroke = self._open_stroke(), None
        return self._made(stroke.finish())

    def abort_stroke(self) -> Change | None:
        """Take back everything since `begin_stroke`, leaving no edit."""
        stroke, self._stroke = self._open_stroke(), None
        return _pixels(stroke.abort())

    # Whole operations: each is one edit

    def delete_instances(self, instance_ids: Iterable[int], *, name: str) -> Change | None:
        """Turn the instances' pixels into background and remove their rows."""
        self._require_no_stroke()
        wanted = {i for i in instance_ids if i in self.instances}
        builder = EditBuilder(name, self.labels, self.instances)
        for index in set().union(*(self.instances.tiles_of(i) for i in wanted)) if wanted else ():
            tile = self.labels.tile(index)
            builder.write_tile(index, 0, np.isin(tile, list(wanted)))
        for instance_id in wanted:
            builder.put_row(instance_id, None)
        return self._made(builder.finish())

    def accept(self, proposals: Proposals, proposal_ids: Iterable[int], *, name: str) -> Change | None:
        """Make proposals labels, on background pixels only: hand work is never overwritten.

        Every accepted proposal gets a new instance id. One that has no free pixel left stays open.
        """
        self._require_no_stroke()
        wanted = [i for i in proposal_ids if proposals.is_open(i, self.instances)]
        if not wanted:
            return None
        builder = EditBuilder(name, self.labels, self.instances)
        new_id = {i: self.new_instance_id() for i in wanted}
        ids = np.array(sorted(wanted), np.int32)
        values = np.array([new_id[int(i)] for i in ids], np.int32)
        placed: set[int] = set()
        for index in proposals.tiles_of(wanted):
            proposed = proposals.tiles.tile(index)
            place = np.searchsorted(ids, proposed).clip(max=ids.size - 1)
            where = (ids[place] == proposed) & (self.labels.tile(index) == 0)
            if where.any():
                builder.write_tile(index, values[place], where)
                placed.update(np.unique(proposed[where]).tolist())
        for proposal_id in placed:
            instance_id = new_id[proposal_id]
            builder.put_row(instance_id, Instance(instance_id, origin=Origin.PROPOSED))
            proposals.accepted[proposal_id] = instance_id
        return self._made(builder.finish())

    def set_checked(self, rect: Rect, checked: bool, *, name: str) -> Change | None:
        """Mark `rect` as verified, or not."""
        rect = rect.intersect(self.bounds)
        before = self.checked
        self.checked = before.add(rect) if checked else before.remove(rect)
        if self.checked == before:
            return None
        edit = Edit(name, checked=(before, self.checked))
        self.history.push(edit)
        return Change(ChangeKind.CHECKED, rect, edit)

    def undo(self) -> Change | None:
        """Take back the last edit."""
        self._require_no_stroke()
        return self._step(self.history.step_back(), forward=False)

    def redo(self) -> Change | None:
        """Make the last undone edit again."""
        self._require_no_stroke()
        return self._step(self.history.step_forward(), forward=True)

    # Inside

    def _require_no_stroke(self) -> None:
        if self._stroke is not None:
            raise RuntimeError("a stroke is open: finish or abort it first")

    def _open_stroke(self) -> EditBuilder:
        if self._stroke is None:
            raise RuntimeError("no stroke is open")
        return self._stroke

    def _clip(self, rect: Rect, mask: MaskArray) -> tuple[Rect, MaskArray]:
        inside = rect.intersect(self.bounds)
        if inside == rect:
            return rect, mask
        if inside.is_empty:
            return Rect(0, 0, 0, 0), np.zeros((0, 0), bool)
        return inside, mask[inside.shift(-rect.top, -rect.left).slices]

    def _made(self, edit: Edit | None) -> Change | None:
        if edit is None:
            return None
        self.history.push(edit)
        return Change(_kind_of(edit), edit.rect, edit)

    def _step(self, edit: Edit | None, *, forward: bool) -> Change | None:
        if edit is None:
            return None
        apply(edit, self.labels, self.instances, forward=forward)
        if edit.checked is not None:
            self.checked = edit.checked[1] if forward else edit.checked[0]
        return Change(_kind_of(edit), edit.rect, edit, Step.REDO if forward else Step.UNDO)


def _kind_of(edit: Edit) -> ChangeKind:
    kind = ChangeKind(0)
    if edit.tiles:
        kind |= ChangeKind.PIXELS | ChangeKind.INSTANCES
    if edit.rows:
        kind |= ChangeKind.INSTANCES
    if edit.checked is not None:
        kind |= ChangeKind.CHECKED
    return kind


def _pixels(rect: Rect) -> Change | None:
    return None if rect.is_empty else Change(ChangeKind.PIXELS, rect)
