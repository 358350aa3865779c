"""A plain dense-array model of the document, and the random edits that compare the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.conftest import discs
from unet_studio.core.document import Change, Document, Over, Step
from unet_studio.core.edits import Revision
from unet_studio.core.geometry import Rect
from unet_studio.core.past import Past
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import MaskRegion, rectangle

HEIGHT, WIDTH = 300, 530
PLANE = Rect.of_size(HEIGHT, WIDTH)

tops, lefts = st.integers(-20, HEIGHT), st.integers(-20, WIDTH)
sizes = st.integers(1, 90)
rects = st.builds(lambda t, x, h, w: Rect(t, x, t + h, x + w), tops, lefts, sizes, sizes)
picks = st.integers(0, 50)


@dataclass(frozen=True)
class State:
    """Everything a document holds, densely."""

    labels: np.ndarray
    checked: np.ndarray
    classes: dict[int, int]

    def equals(self, other: State) -> bool:
        return (
            bool((self.labels == other.labels).all() and (self.checked == other.checked).all())
            and self.classes == other.classes
        )


EMPTY = State(np.zeros((HEIGHT, WIDTH), np.int32), np.zeros((HEIGHT, WIDTH), bool), {})


def state_of(labels: np.ndarray, checked: np.ndarray, classes: dict[int, int]) -> State:
    """Only instances that have a pixel are in the table; new ones are of class 1."""
    ids = np.unique(labels[labels > 0]).tolist()
    return State(labels, checked, {i: classes.get(i, 1) for i in ids})


class DocumentAgainstArray(RuleBasedStateMachine):
    """Random edits, undo and redo; dense arrays and a list of states do the same."""

    @initialize()
    def start(self) -> None:
        self.now = EMPTY
        self.done: list[State] = []
        self.undone: list[State] = []
        self.ids: list[int] = []
        self.pasts: list[tuple[Past, State]] = []
        self.document = self.first_document()

    # What a machine with a store behind the document adds

    def first_document(self) -> Document:
        return Document(HEIGHT, WIDTH)

    def store(self, change: Change | None) -> None:
        """A change was made."""

    # Helpers

    def _made(self, change: Change | None, after: State) -> None:
        assert (change is not None) == (not after.equals(self.now))
        if change is not None:
            assert change.edit is not None
            assert change.step is Step.MAKE
            self.done.append(self.now)
            self.undone.clear()
            self.now = after
            self.store(change)

    def _known(self, pick: int) -> int:
        return self.ids[pick % len(self.ids)]

    # Rules

    @rule(rect=rects, new=st.booleans(), pick=picks, over=st.sampled_from(Over))
    def paint(self, rect: Rect, new: bool, pick: int, over: Over) -> None:
        if new or not self.ids:
            self.ids.append(self.document.new_instance_id())
        target = self.ids[-1] if new else self._known(pick)
        mask = np.random.default_rng(pick).random(rect.shape) < 0.8
        labels = self.now.labels.copy()
        inside = rect.intersect(PLANE)
        within = self._known(pick + 1)
        if not inside.is_empty:
            part = labels[inside.slices]
            chosen = mask[inside.shift(-rect.top, -rect.left).slices]
            if over is not Over.EVERYTHING:
                chosen = chosen & (part == (0 if over is Over.BACKGROUND else within))
            part[chosen] = target
        self.document.begin_stroke("Brush stroke")
        self.document.paint(MaskRegion(rect, mask), target, over=over, inside=within)
        self._made(self.document.finish_stroke(), state_of(labels, self.now.checked, self.now.classes))

    @rule(rects_=st.lists(rects, min_size=1, max_size=3))
    def erase(self, rects_: list[Rect]) -> None:
        labels = self.now.labels.copy()
        self.document.begin_stroke("Erase")
        for rect in rects_:
            self.document.erase(rectangle(rect))
            inside = rect.intersect(PLANE)
            if not inside.is_empty:
                labels[inside.slices] = 0
        self._made(self.document.finish_stroke(), state_of(labels, self.now.checked, self.now.classes))

    @precondition(lambda self: self.ids)
    @rule(rect=rects, seed=st.integers(0, 99), pick=picks, late=st.booleans())
    def rewrite(self, rect: Rect, seed: int, pick: int, late: bool) -> None:
        """New labels for a rectangle; some pixels were altered since the revision was computed."""
        rng = np.random.default_rng(seed)
        inside = rect.intersect(PLANE)
        parent = self._known(pick)
        before = self.document.read(rect)
        after = np.where(rng.random(rect.shape) < 0.4, before, rng.choice([0, parent, -1, -2], rect.shape))
        after = after.astype(np.int32)
        if late:
            before[: rect.height // 2] += 1
        first = self.document.next_id
        revision = Revision(rect, before, after)
        change = self.document.rewrite([revision], name="Split", parents={-1: parent, -2: parent})
        labels, classes = self.now.labels.copy(), dict(self.now.classes)
        if not inside.is_empty:
            part = inside.shift(-rect.top, -rect.left).slices
            now = labels[inside.slices]
            made = np.select([after == -1, after == -2], [first, first + 1], after)[part]
            take = (before != after)[part] & (now == before[part])
            if parent not in self.now.classes:
                take &= made != parent
            now[take] = made[take]
        self.ids += [first, first + 1]
        for new in (first, first + 1):
            classes[new] = classes.get(parent, 1)
        self._made(change, state_of(labels, self.now.checked, classes))

    @rule(rect=rects, pick=st.integers(1, 60))
    def aborted_stroke_changes_nothing(self, rect: Rect, pick: int) -> None:
        self.document.begin_stroke("Brush stroke")
        self.document.paint(rectangle(rect), 5000 + pick)
        self.document.erase(rectangle(rect.shift(7, 3)), only=pick % 3)
        if pick % 2:
            self.document.restart_stroke()
            self.document.paint(rectangle(rect.shift(-9, 5)), 5000 + pick)
        self.document.abort_stroke()

    @precondition(lambda self: self.ids)
    @rule(chosen=st.lists(picks, min_size=1, max_size=4))
    def delete(self, chosen: list[int]) -> None:
        wanted = [self._known(pick) for pick in chosen]
        labels = np.where(np.isin(self.now.labels, wanted), 0, self.now.labels)
        change = self.document.delete_instances(wanted, name="Delete instance")
        self._made(change, state_of(labels, self.now.checked, self.now.classes))

    @precondition(lambda self: self.ids)
    @rule(into=picks, chosen=st.lists(picks, min_size=1, max_size=4))
    def merge(self, into: int, chosen: list[int]) -> None:
        target, others = self._known(into), [self._known(pick) for pick in chosen]
        labels = self.now.labels
        if target in self.now.classes:
            labels = np.where(np.isin(labels, others), target, labels)
        change = self.document.merge_instances(target, others, name="Merge instances")
        self._made(change, state_of(labels, self.now.checked, self.now.classes))

    @precondition(lambda self: self.ids)
    @rule(chosen=st.lists(picks, min_size=1, max_size=3), class_index=st.integers(1, 4))
    def set_class(self, chosen: list[int], class_index: int) -> None:
        wanted = [self._known(pick) for pick in chosen]
        classes = {i: class_index if i in wanted else c for i, c in self.now.classes.items()}
        change = self.document.set_class(wanted, class_index, name="Set class")
        self._made(change, State(self.now.labels, self.now.checked, classes))

    @rule(seed=st.integers(0, 99))
    def accept(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        circles = [
            (int(rng.integers(HEIGHT)), int(rng.integers(WIDTH)), int(rng.integers(3, 30))) for _ in range(4)
        ]
        proposed = discs((HEIGHT, WIDTH), *circles)
        proposals = Proposals.from_label_image(proposed, model="m")
        first_new = self.document.next_id
        change = self.document.accept(proposals, list(proposals.table), name="Accept all proposals")
        free = (self.now.labels == 0) & (proposed > 0)
        labels = self.now.labels.copy()
        for proposal_id, instance_id in proposals.accepted.items():
            assert instance_id >= first_new, "an id was used again"
            labels[free & (proposed == proposal_id)] = instance_id
            self.ids.append(instance_id)
        assert (labels[free] > 0).all()
        self._made(change, state_of(labels, self.now.checked, self.now.classes))

    @rule(rect=rects, on=st.booleans())
    def check(self, rect: Rect, on: bool) -> None:
        checked = self.now.checked.copy()
        inside = rect.intersect(PLANE)
        if not inside.is_empty:
            checked[inside.slices] = on
        change = self.document.set_checked(rect, on, name="Mark as checked")
        # The same pixels cut into other rectangles is an edit too, one that shows nothing.
        after = State(self.now.labels, checked, self.now.classes)
        if change is not None and after.equals(self.now):
            self.done.append(self.now)
            self.undone.clear()
            self.store(change)
        else:
            self._made(change, after)

    @rule()
    def remember(self) -> None:
        document = self.document
        past = Past(document.labels.snapshot(), document.instances.copy(), document.checked)
        self.pasts.append((past, self.now))

    @precondition(lambda self: self.pasts and self.ids)
    @rule(which=picks, pick=picks)
    def bring_back(self, which: int, pick: int) -> None:
        past, then = self.pasts[which % len(self.pasts)]
        wanted = self._known(pick)
        labels, classes = self.now.labels, dict(self.now.classes)
        if wanted in then.classes:
            labels = np.where(labels == wanted, 0, labels)
            labels = np.where(then.labels == wanted, wanted, labels)
            classes[wanted] = then.classes[wanted]
        change = self.document.bring_back(wanted, past, name="Bring instance back")
        self._made(change, state_of(labels, self.now.checked, classes))

    @precondition(lambda self: self.pasts)
    @rule(which=picks)
    def bring_all_back(self, which: int) -> None:
        past, then = self.pasts[which % len(self.pasts)]
        same_area = self.document.checked == past.checked
        change = self.document.bring_all_back(past, name="Bring everything back")
        if change is not None and then.equals(self.now) and not same_area:
            self.done.append(self.now)
            self.undone.clear()
            self.store(change)
        else:
            self._made(change, then)

    @rule()
    def undo(self) -> None:
        change = self.document.undo()
        assert (change is not None) == bool(self.done)
        if change is not None:
            assert change.step is Step.UNDO
            self.undone.append(self.now)
            self.now = self.done.pop()
            self.store(change)

    @rule()
    def redo(self) -> None:
        change = self.document.redo()
        assert (change is not None) == bool(self.undone)
        if change is not None:
            self.done.append(self.now)
            self.now = self.undone.pop()
            self.store(change)

    @invariant()
    def document_equals_model(self) -> None:
        compare(self.document, self.now)

    def teardown(self) -> None:
        """Undoing everything gives the start; redoing everything gives the end."""
        if not hasattr(self, "document"):
            return
        while self.undone:
            self.redo()
        last = self.now
        while self.done:
            self.undo()
            compare(self.document, self.now)
        assert self.now.equals(EMPTY)
        assert not len(self.document.instances)
        while self.undone:
            self.redo()
        compare(self.document, last)


def compare(document: Document | Past, state: State) -> None:
    """The document's labels, areas, tiles, classes and checked area are the model's."""
    assert (document.labels.read(PLANE) == state.labels).all()
    assert (document.checked.mask(PLANE) == state.checked).all()
    assert {row.id: row.class_index for row in document.instances} == state.classes
    for instance_id in state.classes:
        ys, xs = np.nonzero(state.labels == instance_id)
        assert document.instances.area_px(instance_id) == ys.size
        tiles = set(zip((ys // 256).tolist(), (xs // 256).tolist(), strict=True))
        assert document.instances.tiles_of(instance_id) == tiles
