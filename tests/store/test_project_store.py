"""The project on disk: what is committed is there again, whoever reads it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import discs
from unet_studio.core.document import Change, Document
from unet_studio.core.errors import ProjectError
from unet_studio.core.geometry import Rect
from unet_studio.core.instances import MAX_INSTANCE_ID
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import rectangle
from unet_studio.store import schema
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


def paint(store: ProjectStore, plane: int, document: Document, rect: Rect, instance_id: int) -> None:
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(rect), instance_id)
    record(store, plane, document, document.finish_stroke())


def record(store: ProjectStore, plane: int, document: Document, change: Change | None) -> None:
    if change is not None:
        store.record(plane, document, change)


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


def test_a_project_of_a_newer_version_is_refused_in_words(folder: Path) -> None:
    ProjectStore(folder).close()
    connection = sqlite3.connect(folder / "project.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProjectError, match="newer version"):
        ProjectStore(folder)


def test_a_project_where_a_file_stands_in_the_way_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProjectError, match="cannot be opened or created"):
        ProjectStore(tmp_path / "file" / "p.unetproject")


def test_labels_of_another_image_size_are_refused(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    ids = store.add_images(images)
    plane = store.open_plane(ids[0], height=300, width=520)
    assert store.open_plane(ids[0], height=300, width=520) == plane
    with pytest.raises(ProjectError, match=r"a\.png is now 300×521 px, but its labels were made at 300×520"):
        store.open_plane(ids[0], height=300, width=521)
    store.close()


def test_the_database_is_exclusive_wal_and_fully_synchronous(folder: Path) -> None:
    store = ProjectStore(folder)
    one = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in (
        "journal_mode", "locking_mode", "synchronous", "user_version")}  # fmt: skip
    assert one == {
        "journal_mode": "wal",
        "locking_mode": "exclusive",
        "synchronous": 2,
        "user_version": schema.VERSION,
    }
    assert not (folder / "project.sqlite-shm").exists(), "shared memory does not work on a network share"
    store.close()


def test_proposals_come_back_with_their_state(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    (image_id,) = store.add_images(images[:1])
    plane = store.open_plane(image_id, height=SHAPE[0], width=SHAPE[1])
    proposals = Proposals.from_label_image(discs(SHAPE, (50, 50, 9), (150, 300, 20)), model="nuclei")
    proposals.accepted[1] = 17
    proposals.rejected.add(2)
    proposals.scale = 0.5
    store.record_proposals(plane, proposals)
    proposals.rejected.clear()  # The snapshot was taken before.
    store.close()
    store = ProjectStore(folder)
    loaded = store.load_proposals(plane)
    assert loaded is not None
    bounds = Rect.of_size(*SHAPE)
    assert (loaded.tiles.read(bounds) == proposals.tiles.read(bounds)).all()
    assert loaded.table == proposals.table
    assert (loaded.model, loaded.accepted, loaded.rejected) == ("nuclei", {1: 17}, {2})
    assert loaded.scale == 0.5
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


def test_every_plane_of_an_image_has_its_own_labels(folder: Path, images: list[Path]) -> None:
    store = ProjectStore(folder)
    (image_id,) = store.add_images(images[:1])
    planes = [store.open_plane(image_id, height=300, width=520, t=t, z=z) for t in (0, 1) for z in (0, 1)]
    for number, plane in enumerate(planes, 1):
        document = store.load_document(plane)
        paint(store, plane, document, Rect(0, 0, 10, 10 * number), number)
    assert store.close()
    store = ProjectStore(folder)
    assert [place.id for place in store.plane_places(image_id)] == planes
    for number, plane in enumerate(planes, 1):
        document = store.load_document(plane)
        assert np.unique(document.read(document.bounds)).tolist() == [0, number]
        assert len(document.history) == 1
    assert store.images()[0].instances == 4
    store.close()


def test_a_foreign_database_is_refused(folder: Path) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / "project.sqlite")
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    with pytest.raises(ProjectError, match="not a database of U-Net Studio"):
        ProjectStore(folder)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
def test_a_plane_one_pixel_high_is_stored_and_undone(
    folder: Path, images: list[Path], shape: tuple[int, int]
) -> None:
    store = ProjectStore(folder)
    (image_id,) = store.add_images(images[:1])
    plane = store.open_plane(image_id, height=shape[0], width=shape[1])
    document = store.load_document(plane)
    paint(store, plane, document, Rect(-3, -3, shape[0] + 3, shape[1] + 3), MAX_INSTANCE_ID)
    assert store.close()
    store = ProjectStore(folder)
    loaded = store.load_document(plane)
    assert (loaded.read(loaded.bounds) == MAX_INSTANCE_ID).all()
    assert loaded.next_id == MAX_INSTANCE_ID + 1
    record(store, plane, loaded, loaded.undo())
    assert store.close()
    store = ProjectStore(folder)
    loaded = store.load_document(plane)
    assert not loaded.read(loaded.bounds).any()
    assert loaded.redo()
    store.close()


def test_a_project_with_a_hundred_thousand_instances_opens_and_takes_a_stroke(
    folder: Path, images: list[Path]
) -> None:
    side = 1280
    y, x = np.mgrid[:side, :side] // 4
    proposals = Proposals.from_label_image((y * (side // 4) + x + 1).astype(np.int32), model="m")
    store = ProjectStore(folder)
    (image_id,) = store.add_images(images[:1])
    plane = store.open_plane(image_id, height=side, width=side)
    document = store.load_document(plane)
    record(
        store, plane, document, document.accept(proposals, list(proposals.table), name="Accept all proposals")
    )
    paint(store, plane, document, Rect(100, 100, 140, 140), document.new_instance_id())
    assert store.close()
    store = ProjectStore(folder)
    loaded = store.load_document(plane)
    assert len(loaded.instances) == len(document.instances) > 102_000
    assert (loaded.read(loaded.bounds) == document.read(document.bounds)).all()
    store.close()


def test_the_images_of_one_file_are_images_of_their_own_that_move_together(tmp_path: Path) -> None:
    plate, other = tmp_path / "plate.czi", tmp_path / "other.png"
    plate.write_bytes(b"a plate of three wells")
    other.write_bytes(b"something else")
    store = ProjectStore(tmp_path / "p.unetproject")
    first, single = store.add_images([plate, other])
    assert store.add_scenes(first, ["A1", "B2", "C3"])
    assert not store.add_scenes(first, ["A1", "B2", "C3"]), "they are known now"
    titles = [record.title for record in store.images()]
    assert titles == ["plate.czi – A1", "plate.czi – B2", "plate.czi – C3", "other.png"]
    assert [record.stem for record in store.images()] == ["plate_s01", "plate_s02", "plate_s03", "other"]
    assert store.add_images([plate]) == [first], "a file that is added again is its first image"
    planes = [store.open_plane(record.id, height=4, width=5) for record in store.images()]
    assert len(set(planes)) == 4
    # The file is moved, and found by one of its images ...
    moved = tmp_path / "elsewhere" / "plate.czi"
    moved.parent.mkdir()
    plate.rename(moved)
    second = store.images()[1]
    assert store.find_image_file(second) == moved
    store.set_image_file(second.id, moved)
    assert [record.path for record in store.images()] == [moved] * 3 + [other]
    # ... or by being added again.
    again = tmp_path / "again.czi"
    moved.rename(again)
    assert store.add_images([again]) == [first]
    assert [record.path for record in store.images()] == [again] * 3 + [other]
    assert store.continue_in(tmp_path / "copy" / "p.unetproject") is None
    assert [record.path for record in store.images()] == [again] * 3 + [other]
    assert store.close()
    assert single == 2


def test_two_files_that_changed_places_take_all_their_images_along(tmp_path: Path) -> None:
    one, two = tmp_path / "one.czi", tmp_path / "two.czi"
    one.write_bytes(b"one")
    two.write_bytes(b"two, longer")
    store = ProjectStore(tmp_path / "p.unetproject")
    first, second = store.add_images([one, two])
    store.add_scenes(first, ["a", "b"])
    one.rename(tmp_path / "x")
    two.rename(one)
    (tmp_path / "x").rename(two)
    store.set_image_file(first, two)
    assert {record.id: record.path for record in store.images()} == {
        first: two, first + 2: two, second: one,
    }  # fmt: skip
    store.abandon()
