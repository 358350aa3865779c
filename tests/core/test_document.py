"""The document against a plain dense-array model of itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.conftest import discs
from unet_studio.core.document import ChangeKind, Document, Step
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.instances import MAX_INSTANCE_ID, Origin
from unet_studio.core.proposals import Proposals

HEIGHT, WIDTH = 300, 530
PLANE = Rect.of_size(HEIGHT, WIDTH)

tops, lefts = st.integers(-20, HEIGHT), st.integers(-20, WIDTH)
sizes = st.integers(1, 90)
rects = st.builds(lambda t, x, h, w: Rect(t, x, t + h, x + w), tops, lefts, sizes, sizes)


class DocumentAgainstArray(RuleBasedStateMachine):
    """Random edits, undo and redo; a dense int32 array and a list of states do the same."""

    @initialize()
    def start(self) -> None:
        self.document = Document(HEIGHT, WIDTH)
        self.labels = np.zeros((HEIGHT, WIDTH), np.int32)
        self.checked = np.zeros((HEIGHT, WIDTH), bool)
        self.undone: list[tuple[np.ndarray, np.ndarray]] = []
        self.done: list[tuple[np.ndarray, np.ndarray]] = []
        self.ids: list[int] = []

    def _made(self, labels: np.ndarray, checked: np.ndarray) -> None:
        if (labels == self.labels).all() and (checked == self.checked).all():
            return
        self.done.append((self.labels, self.checked))
        self.undone.clear()
        self.labels, self.checked = labels, checked

    @rule(rect=rects, new=st.booleans(), pick=st.integers(0, 50), protect=st.booleans())
    def paint(self, rect: Rect, new: bool, pick: int, protect: bool) -> None:
        if new or not self.ids:
            self.ids.append(self.document.new_instance_id())
        target = self.ids[pick % len(self.ids)]
        mask = np.random.default_rng(pick).random(rect.shape) < 0.8
        if protect:
            mask &= self.document.read(rect) == 0
        labels = self.labels.copy()
        inside = rect.intersect(PLANE)
        if not inside.is_empty:
            labels[inside.slices][mask[inside.shift(-rect.top, -rect.left).slices]] = target
        self.document.begin_stroke("Brush stroke")
        self.document.paint(rect, mask, target)
        change = self.document.finish_stroke()
        assert (change is not None) == bool((labels != self.labels).any())
        self._made(labels, self.checked)

    @rule(rects_=st.lists(rects, min_size=1, max_size=3))
    def erase(self, rects_: list[Rect]) -> None:
        labels = self.labels.copy()
        self.document.begin_stroke("Erase")
        for rect in rects_:
            self.document.erase(rect, np.ones(rect.shape, bool))
            labels[rect.intersect(PLANE).slices if not rect.intersect(PLANE).is_empty else (0, slice(0))] = 0
        self.document.finish_stroke()
        self._made(labels, self.checked)

    @rule(rect=rects, pick=st.integers(1, 60))
    def aborted_stroke_changes_nothing(self, rect: Rect, pick: int) -> None:
        self.document.begin_stroke("Brush stroke")
        self.document.paint(rect, np.ones(rect.shape, bool), 5000 + pick)
        self.document.erase(rect.shift(7, 3), np.ones(rect.shape, bool))
        self.document.abort_stroke()

    @precondition(lambda self: self.ids)
    @rule(picks=st.lists(st.integers(0, 50), min_size=1, max_size=4))
    def delete(self, picks: list[int]) -> None:
        wanted = [self.ids[pick % len(self.ids)] for pick in picks]
        self.document.delete_instances(wanted, name="Delete instance")
        self._made(np.where(np.isin(self.labels, wanted), 0, self.labels), self.checked)

    @rule(seed=st.integers(0, 99))
    def accept(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        circles = [
            (int(rng.integers(HEIGHT)), int(rng.integers(WIDTH)), int(rng.integers(3, 30))) for _ in range(4)
        ]
        proposed = discs((HEIGHT, WIDTH), *circles)
        proposals = Proposals.from_label_image(proposed, model="m")
        first_new = self.document.next_id
        self.document.accept(proposals, list(proposals.table), name="Accept all proposals")
        free = (self.labels == 0) & (proposed > 0)
        labels = self.labels.copy()
        for proposal_id, instance_id in proposals.accepted.items():
            assert instance_id >= first_new, "an id was used again"
            labels[free & (proposed == proposal_id)] = instance_id
            self.ids.append(instance_id)
        assert (labels[free] > 0).all()
        self._made(labels, self.checked)

    @rule(rect=rects, on=st.booleans())
    def check(self, rect: Rect, on: bool) -> None:
        checked = self.checked.copy()
        inside = rect.intersect(PLANE)
        if not inside.is_empty:
            checked[inside.slices] = on
        self.document.set_checked(rect, on, name="Mark as checked")
        self._made(self.labels, checked)

    @rule()
    def undo(self) -> None:
        change = self.document.undo()
        assert (change is not None) == bool(self.done)
        if self.done:
            assert change is not None
            assert change.step is Step.UNDO
            self.undone.append((self.labels, self.checked))
            self.labels, self.checked = self.done.pop()

    @rule()
    def redo(self) -> None:
        change = self.document.redo()
        assert (change is not None) == bool(self.undone)
        if self.undone:
            self.done.append((self.labels, self.checked))
            self.labels, self.checked = self.undone.pop()

    @invariant()
    def document_equals_model(self) -> None:
        assert (self.document.read(PLANE) == self.labels).all()
        assert (self.document.checked.mask(PLANE) == self.checked).all()
        ids, areas = np.unique(self.labels[self.labels > 0], return_counts=True)
        assert {row.id for row in self.document.instances} == set(ids.tolist())
        for instance_id, area in zip(ids.tolist(), areas.tolist(), strict=True):
            assert self.document.instances.area_px(instance_id) == area
            ys, xs = np.nonzero(self.labels == instance_id)
            tiles = set(zip((ys // 256).tolist(), (xs // 256).tolist(), strict=True))
            assert self.document.instances.tiles_of(instance_id) == tiles

    def teardown(self) -> None:
        """Undoing everything gives the start; redoing everything gives the end."""
        if not hasattr(self, "document"):
            return
        end = self.document.read(PLANE)
        while self.document.redo():
            pass
        last = self.document.read(PLANE)
        steps = 0
        while self.document.undo():
            steps += 1
        assert not self.document.read(PLANE).any()
        assert not len(self.document.instances)
        while self.document.redo():
            steps -= 1
        assert steps == 0
        assert (self.document.read(PLANE) == last).all()
        assert end.shape == last.shape


DocumentAgainstArray.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
test_any_sequence_of_edits_equals_a_plain_array = DocumentAgainstArray.TestCase


def test_a_change_says_what_to_repaint() -> None:
    document = Document(100, 100)
    document.begin_stroke("Brush stroke")
    change = document.paint(Rect(10, 20, 30, 40), np.ones((20, 20), bool), document.new_instance_id())
    assert change is not None
    assert change.rect == Rect(10, 20, 30, 40)
    assert change.kind == ChangeKind.PIXELS
    assert change.edit is None, "nothing to store before the stroke is finished"
    finished = document.finish_stroke()
    assert finished is not None
    assert finished.edit is not None
    assert finished.rect == Rect(10, 20, 30, 40)


def test_accepting_never_overwrites_hand_work() -> None:
    document = Document(60, 60)
    document.begin_stroke("Brush stroke")
    document.paint(Rect(0, 0, 60, 30), np.ones((60, 30), bool), document.new_instance_id())
    document.finish_stroke()
    proposals = Proposals.from_label_image(discs((60, 60), (30, 30, 10), (30, 5, 4)), model="m")
    document.accept(proposals, [1, 2], name="Accept all proposals")
    assert (document.read(document.bounds)[:, :30] == 1).all()
    assert 1 in proposals.accepted
    assert 2 not in proposals.accepted, "a proposal with no free pixel is not accepted"
    row = document.instances.get(proposals.accepted[1])
    assert row is not None
    assert row.origin is Origin.PROPOSED


def test_an_accepted_proposal_waits_again_after_undo_and_its_id_is_not_used_again() -> None:
    document = Document(60, 60)
    proposals = Proposals.from_label_image(discs((60, 60), (30, 30, 10)), model="m")
    document.accept(proposals, [1], name="Accept proposal")
    assert not proposals.is_open(1, document.instances)
    document.undo()
    assert proposals.is_open(1, document.instances)
    document.accept(proposals, [1], name="Accept proposal")
    assert {row.id for row in document.instances} == {2}


def test_when_the_numbers_run_out_a_sentence_says_so() -> None:
    document = Document(10, 10, next_id=MAX_INSTANCE_ID)
    with pytest.raises(UserError, match="has used all 2147483646 instance numbers"):
        document.new_instance_id()


def test_the_history_forgets_its_oldest_edits_beyond_its_budget_but_never_the_last() -> None:
    from unet_studio.core.history import History

    document = Document(100, 100, history=History(budget_bytes=50_000))
    for _ in range(40):
        document.begin_stroke("Brush stroke")
        document.paint(document.bounds, np.ones((100, 100), bool), document.new_instance_id())
        document.finish_stroke()
    assert len(document.history) == 1, "one edit is larger than the budget: only the last one is kept"
    assert document.undo() is not None
    assert document.undo() is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (256, 256), (257, 255)])
def test_planes_of_any_size_can_be_painted_to_the_last_pixel(shape: tuple[int, int]) -> None:
    document = Document(*shape)
    document.begin_stroke("Brush stroke")
    document.paint(Rect(-5, -5, 900, 900), np.ones((905, 905), bool), 1)
    document.finish_stroke()
    assert (document.read(document.bounds) == 1).all()
    assert document.instances.area_px(1) == shape[0] * shape[1]
    assert document.instance_at(shape[0] - 0.5, shape[1] - 0.5) == 1
    assert document.instance_at(shape[0], 0) == 0
