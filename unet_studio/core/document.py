"""Document: the labels, instances, checked area and history of one plane.

Every method that alters something returns the `Change` to show, or None if nothing changed. The
document never notifies anybody.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, Flag, auto
from itertools import islice

import numpy as np

from unet_studio.core.checked_area import CheckedArea, CheckedState
from unet_studio.core.edits import Edit, EditBuilder, Rejection, Revision, Sharing, apply
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect, tile_rect
from unet_studio.core.history import History
from unet_studio.core.instances import MAX_INSTANCE_ID, Instance, InstanceTable, Origin
from unet_studio.core.label_tiles import LabelArray, LabelTiles
from unet_studio.core.past import Past
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import Region


class ChangeKind(Flag):
    """What has to be shown anew."""

    PIXELS = auto()
    INSTANCES = auto()
    CHECKED = auto()
    PROPOSALS = auto()


class Over(Enum):
    """What a stroke may cover; INSIDE: the pixels of one instance only."""

    EVERYTHING = auto()
    BACKGROUND = auto()
    INSIDE = auto()


class Step(Enum):
    """What happened to the edit of a change. The numbers are in project files."""

    MAKE = 1
    UNDO = 2
    REDO = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Returned by every Document method that altered something.

    `rect`: pixels to repaint; empty if that was told before. `edit`: the edit this change made, took back or
    made again (`step` says which), to be stored; None while a stroke is still being drawn.
    """

    kind: ChangeKind
    rect: Rect
    edit: Edit | None = None
    step: Step = Step.MAKE

    def and_then(self, later: Change | None) -> Change:
        """Both, to be shown at once; at most one of them made an edit."""
        if later is None:
            return self
        kind, rect = self.kind | later.kind, self.rect.union(later.rect)
        return Change(kind, rect, later.edit or self.edit, later.step if later.edit else self.step)


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

    def instance_rect(self, instance_id: int) -> Rect:
        """The smallest rectangle that holds an instance; empty for none."""
        rect = Rect(0, 0, 0, 0)
        for index in self.instances.tiles_of(instance_id):
            mine = self.labels.tile(index) == instance_id
            rows, cols = np.flatnonzero(mine.any(1)), np.flatnonzero(mine.any(0))
            if rows.size == 0:
                continue  # A stroke that is open took it: the table counts at its end.
            cell = tile_rect(index)
            part = Rect(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)
            rect = rect.union(part.shift(cell.top, cell.left))
        return rect

    def instance_of_class(self, class_index: int) -> int:
        """The instance of a class that has one at most ("stuff"): the smallest such id, 0 for none."""
        return min((row.id for row in self.instances if row.class_index == class_index), default=0)

    @property
    def is_checked(self) -> bool:
        """True if the whole plane is verified."""
        return self.checked.covers(self.bounds)

    @property
    def checked_state(self) -> CheckedState:
        """How much of the plane is verified."""
        if self.checked.is_empty:
            return CheckedState.NOTHING
        return CheckedState.ALL if self.is_checked else CheckedState.PARTS

    # Ids

    def new_instance_id(self) -> int:
        """An id that was never used in this document and never will be again; see `new_instance_ids`."""
        return self.new_instance_ids(1)[0]

    def new_instance_ids(self, count: int) -> list[int]:
        """So many new ids, ascending.

        Only when the counter has reached int32's end (an imported mask may hold that number) are the
        smallest ids that are free now used again. Raises UserError if there are not enough.
        """
        first = self.next_id
        self.next_id = min(first + count, MAX_INSTANCE_ID + 1)
        new = list(range(first, self.next_id))
        if len(new) < count:
            free = self.instances.free_ids(MAX_INSTANCE_ID)
            new = sorted([*islice((i for i in free if i < first), count - len(new)), *new])
        if len(new) < count:
            raise UserError("This image has used all {count} instance numbers.", count=MAX_INSTANCE_ID)
        return new

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

    @property
    def drawn_rect(self) -> Rect:
        """What the open stroke has drawn on so far; empty if none is open."""
        return self._stroke.touched if self._stroke is not None else Rect(0, 0, 0, 0)

    def paint(
        self,
        region: Region,
        instance_id: int,
        *,
        over: Over = Over.EVERYTHING,
        inside: int = 0,
        class_index: int = 1,
    ) -> Change | None:
        """Give the pixels of `region` to an instance; a new id becomes a row. Outside the plane: nothing.

        `inside`: the instance that `Over.INSIDE` means. `class_index`: the class of a new instance.
        Raises ValueError for an id outside 0..2^31-1; 0 is background.
        """
        if not 0 <= instance_id <= MAX_INSTANCE_ID:
            raise ValueError(f"instance id {instance_id} is outside 0..{MAX_INSTANCE_ID}")
        stroke = self._open_stroke()
        touched = Rect(0, 0, 0, 0)
        area = region.rect.intersect(self.bounds)
        for index in region.tiles(area):
            cell = tile_rect(index)
            part = cell.intersect(area)
            mask = region.mask(part)
            if over is not Over.EVERYTHING:
                under = self.labels.tile(index)[part.shift(-cell.top, -cell.left).slices]
                mask = mask & (under == (0 if over is Over.BACKGROUND else inside))
            touched = touched.union(stroke.write(part, instance_id, mask))
        if touched.is_empty:
            return None
        if instance_id and instance_id not in self.instances:
            stroke.put_row(instance_id, Instance(instance_id, class_index))
            self.next_id = max(self.next_id, instance_id + 1)
        return _pixels(touched)

    def erase(self, region: Region, *, only: int = 0) -> Change | None:
        """Make the pixels of `region` background: of the instance `only`, or (0) of any."""
        return self.paint(region, 0, over=Over.INSIDE if only else Over.EVERYTHING, inside=only)

    def restart_stroke(self) -> Change | None:
        """Take back what the open stroke has drawn so far; it stays open."""
        stroke = self._open_stroke()
        self._stroke = EditBuilder(stroke.name, self.labels, self.instances)
        return _pixels(stroke.abort())

    def finish_stroke(self) -> Change | None:
        """End of the stroke: one edit, pushed on the history.

        Its pixels need no repainting: `paint` and `erase` have told of each already.
        """
        stroke, self._stroke = self._open_stroke(), None
        change = self._made(stroke.finish())
        return replace(change, rect=Rect(0, 0, 0, 0)) if change is not None else None

    def abort_stroke(self) -> Change | None:
        """Take back everything since `begin_stroke`, leaving no edit."""
        stroke, self._stroke = self._open_stroke(), None
        return _pixels(stroke.abort())

    # Whole operations: each is one edit

    def delete_instances(self, instance_ids: Iterable[int], *, name: str) -> Change | None:
        """Turn the instances' pixels into background and remove their rows."""
        return self._give_pixels(instance_ids, 0, name=name)

    def merge_instances(self, into: int, others: Iterable[int], *, name: str) -> Change | None:
        """Give the pixels of `others` to the instance `into`, which keeps its id and class."""
        if into not in self.instances:
            return None
        return self._give_pixels(set(others) - {into}, into, name=name)

    def set_class(self, instance_ids: Iterable[int], class_index: int, *, name: str) -> Change | None:
        """Give the instances another label class; 1 is the first one."""
        self._require_no_stroke()
        builder = EditBuilder(name, self.labels, self.instances)
        for instance_id in instance_ids:
            row = self.instances.get(instance_id)
            if row is not None:
                builder.put_row(instance_id, replace(row, class_index=class_index))
        return self._made(builder.finish())

    def rewrite(
        self, revisions: Iterable[Revision], *, name: str, parents: Mapping[int, int] | None = None
    ) -> Change | None:
        """Give rectangles new labels, as one edit.

        Only pixels that are still what they were when the revision was computed are altered: a revision that
        comes late overwrites nothing. `parents`: for each number below 0 in the revisions the instance whose
        class and origin the new one has; it gets an id of its own.
        """
        self._require_no_stroke()
        born = dict(zip(parents or {}, self.new_instance_ids(len(parents or {})), strict=True))
        rows = {new: self.instances.get((parents or {})[number]) for number, new in born.items()}
        builder = EditBuilder(name, self.labels, self.instances)
        placed: set[int] = set()
        for revision in revisions:
            after = revision.after
            for number in np.unique(after[after < 0]).tolist():
                after = np.where(after == number, np.int32(born[number]), after)
                placed.add(born[number])
            rect = revision.rect.intersect(self.bounds)
            part = rect.shift(-revision.rect.top, -revision.rect.left).slices
            before, after = revision.before[part], after[part]
            where = (before != after) & (self.labels.read(rect) == before)
            for number in np.unique(after[where]).tolist():
                if number and number not in placed and number not in self.instances:
                    where &= after != number  # It was deleted meanwhile.
            builder.write(rect, after, where)
        for new in placed:
            parent = rows[new]
            builder.put_row(new, Instance(new) if parent is None else replace(parent, id=new))
        return self._made(builder.finish())

    def bring_back(self, instance_id: int, past: Past, *, name: str) -> Change | None:
        """Make one instance again what it was in the past: its pixels and its row.

        It takes its pixels back from whoever has them now; those it has gained since become background.
        """
        self._require_no_stroke()
        row = past.instances.get(instance_id)
        if row is None:
            return None
        builder = EditBuilder(name, self.labels, self.instances)
        for index in self.instances.tiles_of(instance_id) | past.instances.tiles_of(instance_id):
            was, now = past.labels.tile(index) == instance_id, self.labels.tile(index) == instance_id
            builder.write_tile(index, np.where(was, instance_id, 0).astype(np.int32), was != now)
        builder.put_row(instance_id, row)
        return self._made(builder.finish())

    def bring_all_back(self, past: Past, *, name: str) -> Change | None:
        """Make the whole plane again what it was in the past: labels, rows and checked area."""
        self._require_no_stroke()
        builder = EditBuilder(name, self.labels, self.instances)
        for index in self.labels.indices() | past.labels.indices():
            was = past.labels.tile(index)
            builder.write_tile(index, was, was != self.labels.tile(index))
        for instance_id in {row.id for row in self.instances} | {row.id for row in past.instances}:
            builder.put_row(instance_id, past.instances.get(instance_id))
        checked = (self.checked, past.checked)
        self.checked = past.checked
        return self._made(builder.finish(checked=checked))

    def accept(
        self,
        proposals: Proposals,
        proposal_ids: Iterable[int],
        *,
        name: str,
        uncountable: Container[int] = (),
    ) -> Change | None:
        """Make proposals labels, on background pixels only: hand work is never overwritten.

        Every accepted proposal gets a new instance id; those of an `uncountable` class the one instance of
        that class. One that has no free pixel left stays open.
        """
        self._require_no_stroke()
        wanted = [i for i in proposal_ids if proposals.is_open(i, self.instances)]
        if not wanted:
            return None
        builder = EditBuilder(name, self.labels, self.instances)
        new_id = dict(zip(wanted, self.new_instance_ids(len(wanted)), strict=True))
        shared: dict[int, int] = {}
        for proposal_id in wanted:
            class_index = proposals.table[proposal_id].class_index
            if class_index in uncountable:
                own = self.instance_of_class(class_index) or new_id[proposal_id]
                new_id[proposal_id] = shared.setdefault(class_index, own)
        # By proposal id: its new instance id; 0 for those that are not wanted.
        becomes = np.zeros(max(proposals.table) + 1, np.int32)
        becomes[wanted] = [new_id[i] for i in wanted]
        is_placed = np.zeros(becomes.size, bool)
        for index in proposals.tiles_of(wanted):
            proposed = proposals.tiles.tile(index)
            values = becomes.take(proposed, mode="clip")
            where = (values > 0) & (self.labels.tile(index) == 0)
            if where.any():
                builder.write_tile(index, values, where)
                is_placed[proposed[where]] = True
        for proposal_id in np.flatnonzero(is_placed).tolist():
            instance_id = new_id[proposal_id]
            class_index = proposals.table[proposal_id].class_index
            if instance_id not in self.instances:
                builder.put_row(instance_id, Instance(instance_id, class_index, Origin.PROPOSED))
            proposals.accepted[proposal_id] = instance_id
        edit = builder.finish()
        parts = {i: new_id[i] for i in wanted if is_placed[i] and new_id[i] in shared.values()}
        if edit is not None and parts:
            edit = replace(edit, shared=Sharing(proposals.made_at, parts))
        return self._made(edit)

    def reject(self, proposals: Proposals, proposal_ids: Iterable[int], *, name: str) -> Change | None:
        """Put proposals aside: an edit like any other, undone and redone with the rest."""
        self._require_no_stroke()
        wanted = frozenset(i for i in proposal_ids if proposals.is_open(i, self.instances))
        if not wanted:
            return None
        return self._made(Edit(name, rejected=Rejection(proposals.made_at, wanted)))

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

    def _give_pixels(self, instance_ids: Iterable[int], to: int, *, name: str) -> Change | None:
        """All pixels of the instances to another one, or (0) to the background; their rows go."""
        self._require_no_stroke()
        wanted = {i for i in instance_ids if i in self.instances}
        builder = EditBuilder(name, self.labels, self.instances)
        ids = np.array(sorted(wanted), np.int32)
        for index in set().union(*map(self.instances.tiles_of, wanted)):
            tile = self.labels.tile(index)
            builder.write_tile(index, to, tile == ids[0] if ids.size == 1 else np.isin(tile, ids))
        for instance_id in wanted:
            builder.put_row(instance_id, None)
        return self._made(builder.finish())

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
    if edit.rejected is not None:
        kind |= ChangeKind.PROPOSALS
    return kind


def _pixels(rect: Rect) -> Change | None:
    return None if rect.is_empty else Change(ChangeKind.PIXELS, rect)
