"""The document with a store behind it: restarts anywhere, and every moment can be visited."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.document_model import HEIGHT, WIDTH, DocumentAgainstArray, State, compare, picks
from unet_studio.core.document import Change, Document, Step
from unet_studio.core.errors import ProjectError
from unet_studio.core.geometry import Rect
from unet_studio.core.regions import rectangle
from unet_studio.store.project_store import ProjectStore


class StoredDocumentAgainstArray(DocumentAgainstArray):
    """Adds restarts, and keeps the model's state after every entry of the journal."""

    def first_document(self) -> Document:
        self.folder = Path(tempfile.mkdtemp())
        image = self.folder / "a.png"
        cv2.imwrite(str(image), np.zeros((HEIGHT, WIDTH), np.uint8))
        self.project = ProjectStore(self.folder / "p.unetproject")
        (image_id,) = self.project.add_images([image])
        self.plane = self.project.open_plane(image_id, height=HEIGHT, width=WIDTH)
        self.entries: list[State] = [self.now]
        self.machine = self.project.time_machine(self.plane)
        return self.project.load_document(self.plane)

    def store(self, change: Change | None) -> None:
        assert change is not None
        self.project.record(self.plane, self.document, change)
        self.entries.append(self.now)

    @rule()
    def restart(self) -> None:
        assert self.project.close()
        self.project = ProjectStore(self.folder / "p.unetproject")
        loaded = self.project.load_document(self.plane)
        old = self.document
        assert [e.name for e in loaded.history.done] == [e.name for e in old.history.done]
        assert [e.name for e in loaded.history.undone] == [e.name for e in old.history.undone]
        # An aborted stroke's number is not stored; that it is not used twice is all that counts.
        assert loaded.next_id <= old.next_id
        loaded.next_id = old.next_id
        self.document = loaded
        self.machine = self.project.time_machine(self.plane)

    @precondition(lambda self: len(self.entries) > 1)
    @rule(visits=st.lists(picks, min_size=1, max_size=4), fresh=st.booleans())
    def visit(self, visits: list[int], fresh: bool) -> None:
        assert self.project.journal.flush(20)
        timeline = self.project.timeline(self.plane)
        assert len(timeline.moments) == len(self.entries)
        assert timeline.moments[-1].id == 0
        if fresh:
            self.machine = self.project.time_machine(self.plane)
        for pick in visits:
            place = pick % len(self.entries)
            moment = timeline.moments[-1 - place]
            compare(self.machine.visit(moment.id), self.entries[place])

    def teardown(self) -> None:
        if hasattr(self, "document"):
            try:
                super().teardown()
                self.restart()
                compare(self.document, self.now)
            finally:
                self.project.close()
                shutil.rmtree(self.folder)


StoredDocumentAgainstArray.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None
)
test_after_any_edits_and_restarts_every_moment_is_the_models = StoredDocumentAgainstArray.TestCase


@pytest.fixture
def store(tmp_path: Path) -> ProjectStore:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros((600, 600), np.uint8))
    store = ProjectStore(tmp_path / "p.unetproject")
    store.add_images([image])
    return store


def draw(store: ProjectStore, plane: int, document: Document, number: int) -> None:
    rng = np.random.default_rng(number)
    document.begin_stroke("Brush stroke")
    top, left = int(rng.integers(500)), int(rng.integers(500))
    document.paint(rectangle(Rect(top, left, top + 40, left + 60)), 1 + number % 30)
    change = document.finish_stroke()
    if change is not None:
        store.record(plane, document, change)


def test_the_journal_keeps_its_budget_oldest_first_and_what_is_left_can_be_visited(
    store: ProjectStore,
) -> None:
    plane = store.open_plane(1, height=600, width=600)
    document = store.load_document(plane)
    store.set_journal_budget(30_000)
    states = []
    for number in range(400):
        draw(store, plane, document, number)
        states.append(document.read(document.bounds))
    assert store.journal.flush(30)
    size = store.journal_size()
    assert size.used <= size.budget == 30_000
    timeline = store.timeline(plane)
    assert timeline.trimmed_at is not None
    assert timeline.moments[-1].id == 0
    kept = len(timeline.moments) - 1
    assert 20 < kept < 350
    machine = store.time_machine(plane)
    for back in (0, 1, kept // 2, kept - 1, kept):
        past = machine.visit(timeline.moments[back].id)
        assert (past.labels.read(document.bounds) == states[-1 - back]).all(), f"{back} entries ago"
    # The undo stack of the open window goes further back than the journal: that still works and is stored.
    assert len(document.history) == len(states)
    while document.history.undo_name:
        change = document.undo()
        assert change is not None
        store.record(plane, document, change)
    assert not document.read(document.bounds).any()
    assert store.close()
    store = ProjectStore(store.folder)
    loaded = store.load_document(plane)
    assert not loaded.read(loaded.bounds).any()
    assert not len(loaded.instances)
    moments = store.timeline(plane).moments
    machine = store.time_machine(plane)
    for moment in moments:
        machine.visit(moment.id)
    store.close()


def test_a_moment_that_was_trimmed_meanwhile_is_told_in_words(store: ProjectStore) -> None:
    plane = store.open_plane(1, height=600, width=600)
    document = store.load_document(plane)
    for number in range(60):
        draw(store, plane, document, number)
    assert store.journal.flush(30)
    oldest = store.timeline(plane).moments[-2]
    machine = store.time_machine(plane)
    machine.visit(oldest.id + 30)
    store.set_journal_budget(3000)
    for _ in range(12):
        change = document.undo()
        assert change is not None
        store.record(plane, document, change)
    assert store.journal.flush(30)
    late = store.time_machine(plane)
    late.visit(store.timeline(plane).moments[-1].id)
    with pytest.raises(ProjectError, match="no longer kept"):
        machine.visit(oldest.id + 59)
    store.close()


def test_replaced_edits_are_gone_from_undo_but_not_from_the_past(store: ProjectStore) -> None:
    plane = store.open_plane(1, height=600, width=600)
    document = store.load_document(plane)
    for number in range(5):
        draw(store, plane, document, number)
    lost = document.read(document.bounds)
    for _ in range(4):
        change = document.undo()
        assert change is not None
        store.record(plane, document, change)
    draw(store, plane, document, 99)
    assert document.redo() is None, "the new stroke took the place of the undone ones"
    assert store.close()
    store = ProjectStore(store.folder)
    moments = store.timeline(plane).moments
    assert [m.step for m in moments[:6]] == [Step.MAKE, *[Step.UNDO] * 4, Step.MAKE]
    past = store.time_machine(plane).visit(moments[5].id)
    assert (past.labels.read(document.bounds) == lost).all()
    store.close()


def test_the_timeline_is_read_in_pieces(store: ProjectStore) -> None:
    plane = store.open_plane(1, height=600, width=600)
    document = store.load_document(plane)
    assert store.timeline(plane).moments == ()
    for number in range(25):
        draw(store, plane, document, number)
    assert store.journal.flush(30)
    whole = store.timeline(plane).moments
    pieces, older = [], None
    while True:
        piece = store.timeline(plane, older_than=older, count=10)
        pieces += piece.moments
        older = piece.older_than
        if older is None:
            break
    assert tuple(pieces) == whole
    assert len(whole) == 26
    store.close()


def test_redo_ends_where_trimming_took_the_first_undone_edit(tmp_path: Path) -> None:
    images = [tmp_path / "a.png", tmp_path / "b.png"]
    for image in images:
        cv2.imwrite(str(image), np.zeros((600, 600), np.uint8))
    store = ProjectStore(tmp_path / "p.unetproject")
    store.add_images(images)
    first, second = (store.open_plane(i, height=600, width=600) for i in (1, 2))
    document, other = store.load_document(first), store.load_document(second)
    for _ in range(2):
        draw(store, first, document, len(document.history))
    for _ in range(2):
        change = document.undo()
        assert change is not None
        store.record(first, document, change)
    assert store.journal.flush(10)
    entries = store.timeline(first).moments
    trimmed = 0
    for number in range(200):
        draw(store, second, other, number)
        assert store.journal.flush(10)
        oldest = store._connection.execute("SELECT MIN(id) FROM journal").fetchone()[0]
        if oldest > 1 and not trimmed:
            trimmed = oldest
            break
        used = store.journal_size().used
        store.journal.budget_bytes = int(used * 1.02) if number == 20 else store.journal.budget_bytes
    assert trimmed > entries[-2].id
    assert store.close()
    store = ProjectStore(tmp_path / "p.unetproject")
    loaded = store.load_document(first)
    assert not loaded.history.undone, "an edit on top of one that is gone would write wrong labels"
    assert store.close()
