"""The project on disk: what is committed is there again, whoever reads it."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import discs
from unet_studio.core.document import Change, Document
from unet_studio.core.errors import ProjectError
from unet_studio.core.geometry import Rect
from unet_studio.core.proposals import Proposals
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore

SHAPE = (300, 520)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full(SHAPE, number, np.uint8))
    return paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cells.unetproject"


def paint(store: ProjectStore, image_id: int, document: Document, rect: Rect, instance_id: int) -> None:
    document.begin_stroke("Brush stroke")
    document.paint(rect, np.ones(rect.shape, bool), instance_id)
    record(store, image_id, document, document.finish_stroke())


def record(store: ProjectStore, image_id: int, document: Document, change: Change | None) -> None:
    if change is not None:
        store.record(image_id, document, change)


def same(a: Document, b: Document) -> None:
    assert (a.read(a.bounds) == b.read(b.bounds)).all()
    assert set(a.instances) == set(b.instances)
    assert a.checked == b.checked
    assert a.next_id == b.next_id
    assert [e.name for e in a.history.done] == [e.name for e in b.history.done]
    assert [e.name for e in a.history.undone] == [e.name for e in b.history.undone]
    for row in a.instances:
        assert a.instances.area_px(row.id) == b.instances.area_px(row.id)
        assert a.instances.tiles_of(row.id) == b.instances.tiles_of(row.id)


steps = st.lists(
    st.tuples(
        st.sampled_from(["paint", "erase", "delete", "undo", "redo", "check", "accept", "restart"]),
        st.integers(0, 280),
        st.integers(0, 500),
        st.integers(1, 5),
    ),
    min_size=3,
    max_size=15,
)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_after_any_edits_and_restarts_the_document_is_the_one_in_memory(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    image = folder / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    store = ProjectStore(folder / "p.unetproject")
    (image_id,) = store.add_images([image])
    document = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
    try:
        for action, y, x, number in actions:
            rect = Rect(y, x, y + 25, x + 40)
            if action == "paint":
                number = document.new_instance_id() if number > 3 else number
                document.next_id = max(document.next_id, number + 1)
                paint(store, image_id, document, rect, number)
            elif action == "erase":
                paint(store, image_id, document, rect, 0)
            elif action == "delete":
                record(store, image_id, document, document.delete_instances([number], name="Delete instance"))
            elif action == "undo":
                record(store, image_id, document, document.undo())
            elif action == "redo":
                record(store, image_id, document, document.redo())
            elif action == "check":
                change = document.set_checked(rect, number % 2 == 0, name="Mark as checked")
                record(store, image_id, document, change)
            elif action == "accept":
                proposals = Proposals.from_label_image(discs(SHAPE, (y, x, 5 * number)), model="m")
                change = document.accept(proposals, list(proposals.table), name="Accept all proposals")
                record(store, image_id, document, change)
            else:
                assert store.close()
                store = ProjectStore(folder / "p.unetproject")
                loaded = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
                loaded.next_id = document.next_id = max(loaded.next_id, document.next_id)
                same(document, loaded)
                document = loaded
        assert store.journal.flush(20)
        loaded = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
        loaded.next_id = document.next_id
        same(document, loaded)
        while document.undo():
            assert loaded.undo() is not None
            assert (document.read(document.bounds) == loaded.read(loaded.bounds)).all()
    finally:
        assert store.close()


def test_images_keep_their_order_and_are_added_once(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    first = store.add_images(images)
    assert store.add_images([images[1], images[0]]) == [first[1], first[0]]
    assert [record.path for record in store.images()] == images
    store.close()


def test_a_moved_folder_with_its_project_finds_its_images(tmp_path: Path, images: list[Path]) -> None:
    home = tmp_path / "here"
    home.mkdir()
    for path in images:
        path.rename(home / path.name)
    store = ProjectStore(home / "p.unetproject")
    store.add_images(sorted(home.glob("*.png")))
    store.close()
    home.rename(tmp_path / "there")
    store = ProjectStore(tmp_path / "there" / "p.unetproject")
    assert all(record.path.is_file() for record in store.images())
    store.close()


def test_a_second_window_is_told_who_has_the_project(folder: Path) -> None:
    store = ProjectStore(folder)
    with pytest.raises(ProjectError, match=r"already open \(.+ on .+, process \d+, since .+\): close it"):
        ProjectStore(folder)
    store.close()
    ProjectStore(folder).close()


def test_a_damaged_database_is_left_as_it_is(folder: Path) -> None:
    ProjectStore(folder).close()
    path = folder / "project.sqlite"
    path.write_bytes(b"not a database, but long enough to look like a file with content" * 100)
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="is damaged"):
        ProjectStore(folder)
    assert path.read_bytes() == before


def test_a_project_of_a_newer_version_is_refused_in_words(folder: Path) -> None:
    ProjectStore(folder).close()
    connection = sqlite3.connect(folder / "project.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProjectError, match="newer version"):
        ProjectStore(folder)


def test_a_project_where_a_file_stands_in_the_way_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProjectError, match="cannot be created"):
        ProjectStore(tmp_path / "file" / "p.unetproject")


def test_labels_of_another_image_size_are_refused(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    ids = store.add_images(images)
    store.load_document(ids[0], height=300, width=520)
    with pytest.raises(ProjectError, match=r"a\.png is now 300×521 px, but its labels were made at 300×520"):
        store.load_document(ids[0], height=300, width=521)
    store.close()


def test_the_database_is_exclusive_wal_and_fully_synchronous(folder: Path) -> None:
    store = ProjectStore(folder)
    one = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in (
        "journal_mode", "locking_mode", "synchronous", "user_version")}  # fmt: skip
    assert one == {"journal_mode": "wal", "locking_mode": "exclusive", "synchronous": 2, "user_version": 1}
    assert not (folder / "project.sqlite-shm").exists(), "shared memory does not work on a network share"
    store.close()


def test_proposals_come_back_with_their_state(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    (image_id,) = store.add_images(images[:1])
    proposals = Proposals.from_label_image(discs(SHAPE, (50, 50, 9), (150, 300, 20)), model="nuclei")
    proposals.accepted[1] = 17
    proposals.rejected.add(2)
    store.record_proposals(image_id, proposals)
    proposals.rejected.clear()  # The snapshot was taken before.
    store.close()
    store = ProjectStore(folder)
    loaded = store.load_proposals(image_id)
    assert loaded is not None
    plane = Rect.of_size(*SHAPE)
    assert (loaded.tiles.read(plane) == proposals.tiles.read(plane)).all()
    assert loaded.table == proposals.table
    assert (loaded.model, loaded.accepted, loaded.rejected) == ("nuclei", {1: 17}, {2})
    store.close()


class Heard(Listener):
    def __init__(self) -> None:
        self.problems: list[tuple[str, int]] = []
        self.recovered_once = threading.Event()
        self.stored: list[object] = []

    def committed(self, commit: object, packed: object) -> None:
        self.stored.append(packed)

    def failing(self, reason: str, waiting: int) -> None:
        self.problems.append((reason, waiting))

    def recovered(self) -> None:
        self.recovered_once.set()


def test_a_full_disk_is_told_drawing_goes_on_and_everything_is_written_when_there_is_room(
    folder: Path, images: list[Path]
) -> None:
    heard = Heard()
    store = ProjectStore(folder, heard)
    (image_id,) = store.add_images(images[:1])
    document = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
    store.journal._retry_s = 0.05
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    # SQLite's own limit gives the very error of a full disk.
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    rng = np.random.default_rng(0)
    for _ in range(30):
        mask = rng.random(SHAPE) < 0.5
        document.begin_stroke("Brush stroke")
        document.paint(document.bounds, mask, document.new_instance_id())
        record(store, image_id, document, document.finish_stroke())
    deadline = time.monotonic() + 20
    while not heard.problems and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "full" in heard.problems[0][0]
    assert not store.journal.flush(0.2), "it cannot have been written"
    assert not store.close(timeout_s=0.2), "the project stays open"
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert store.journal.flush(30)
    assert heard.recovered_once.wait(5)
    assert store.close()
    store = ProjectStore(folder)
    loaded = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
    same(document, loaded)
    assert len(loaded.history) == 30
    store.close()


def test_settings_are_remembered(folder: Path) -> None:
    store = ProjectStore(folder)
    assert store.setting("model") is None
    store.record_setting("model", "nuclei")
    store.record_setting("model", "mine")
    store.close()
    store = ProjectStore(folder)
    assert store.setting("model") == "mine"
    store.close()
