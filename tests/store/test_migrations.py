"""Projects of every released version open in this one; newer ones are refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from unet_studio.core.errors import ProjectError
from unet_studio.store import schema
from unet_studio.store.project_store import ProjectStore

RELEASED = Path(__file__).with_name("released_projects")
VERSIONS = sorted(RELEASED.iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of a released project, and the folder that says what is in it."""
    folder = tmp_path / "cells.unetproject"
    folder.mkdir()
    shutil.copy(request.param / "project.sqlite", folder)
    return folder, request.param


def test_there_is_a_project_of_every_version() -> None:
    assert [path.name for path in VERSIONS] == [f"version_{n}" for n in range(1, schema.VERSION + 1)]


def test_a_released_project_opens_with_everything_that_was_in_it(released: tuple[Path, Path]) -> None:
    folder, source = released
    expected = json.loads((source / "expected.json").read_text())
    height, width = expected["shape"]
    states = cv2.imread(str(source / "labels.png"), cv2.IMREAD_UNCHANGED).reshape(-1, height, width)
    store = ProjectStore(folder)
    assert [record.path.name for record in store.images()] == expected["images"]
    (place,) = store.plane_places(store.images()[0].id)
    plane = place.id
    assert store.open_plane(store.images()[0].id, height=height, width=width) == plane
    document = store.load_document(plane)
    assert [edit.name for edit in document.history.done] == expected["done"]
    assert [edit.name for edit in document.history.undone] == expected["undone"]
    assert sorted(row.id for row in document.instances) == expected["instances"]
    assert document.next_id == expected["next_id"]
    assert store.setting("model") == expected["model"]
    proposals = store.load_proposals(plane)
    assert proposals is not None
    waiting = [i for i in proposals.table if proposals.is_open(i, document.instances)]
    assert waiting == expected["waiting_proposals"]
    # Every state of the undo stack, by undoing ...
    assert (document.read(document.bounds) == states[0]).all()
    for state in states[1:]:
        assert document.undo()
        assert (document.read(document.bounds) == state).all()
    assert document.undo() is None
    # ... and by the time machine.
    moments = store.timeline(plane).moments
    machine = store.time_machine(plane)
    assert (machine.visit(moments[0].id).labels.read(document.bounds) == states[0]).all()
    assert not machine.visit(0).labels.indices()
    assert store.close()


def test_an_older_project_is_copied_before_it_is_brought_forward(released: tuple[Path, Path]) -> None:
    folder, source = released
    version = int(source.name.removeprefix("version_"))
    before = (folder / "project.sqlite").read_bytes()
    assert ProjectStore(folder).close()
    backups = list((folder / "backups").glob("before-upgrade-*"))
    if version == schema.VERSION:
        assert not backups
        return
    assert [path.name for path in backups] == [f"before-upgrade-from-{version}.sqlite"]
    old = sqlite3.connect(backups[0])
    assert old.execute("PRAGMA user_version").fetchone()[0] == version
    assert list(old.iterdump()) == list(_opened(before, folder.parent / "original.sqlite").iterdump())


def _opened(data: bytes, path: Path) -> sqlite3.Connection:
    path.write_bytes(data)
    return sqlite3.connect(path)


def test_a_migration_that_fails_half_way_leaves_the_old_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cells.unetproject"
    folder.mkdir()
    shutil.copy(RELEASED / "version_1" / "project.sqlite", folder)
    whole = dict(schema._MIGRATIONS)
    broken = whole[1] + "INSERT INTO no_such_table VALUES (1);"
    monkeypatch.setattr(schema, "_MIGRATIONS", {1: broken})
    with pytest.raises(ProjectError, match="no_such_table"):
        ProjectStore(folder)
    connection = sqlite3.connect(folder / "project.sqlite")
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    assert connection.execute("SELECT COUNT(*) FROM edits").fetchone()[0] == 7
    connection.close()
    monkeypatch.setattr(schema, "_MIGRATIONS", whole)
    store = ProjectStore(folder)
    document = store.load_document(1)
    assert np.unique(document.read(document.bounds)).tolist() == [0, 1, 2, 3, 4, 5]
    assert store.close()


def test_a_newer_project_is_refused_in_words_and_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "p.unetproject"
    assert ProjectStore(folder).close()
    connection = sqlite3.connect(folder / "project.sqlite")
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(
        ProjectError, match=rf"newer version .*format {schema.VERSION + 1}.*update the program"
    ):
        ProjectStore(folder)
