"""Automatic backups, damaged databases and the way back."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.store.drawing_session import SHAPE, step
from tests.store.test_kill_while_drawing import same
from unet_studio.core.document import Document
from unet_studio.core.errors import DamagedProjectError, ProjectError
from unet_studio.store import database
from unet_studio.store.backups import list_backups, make_backup
from unet_studio.store.database import restore_backup
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore, Timing


class Heard(Listener):
    def __init__(self) -> None:
        self.told = threading.Event()
        self.reasons: list[str] = []

    def backup_failed(self, reason: str) -> None:
        self.reasons.append(reason)
        self.told.set()

    def damaged(self, reason: str) -> None:
        self.reasons.append("damaged: " + reason)
        self.told.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    store = ProjectStore(tmp_path / "p.unetproject")
    store.add_images([image])
    store.open_plane(1, height=SHAPE[0], width=SHAPE[1])
    assert store.close()
    return store.folder


def draw(store: ProjectStore, document: Document, first: int, last: int) -> None:
    for number in range(first, last + 1):
        store.record(1, document, step(document, number))
    assert store.journal.flush(20)


def last_entry(backup: Path) -> int:
    connection = sqlite3.connect(backup)
    last: int = connection.execute("SELECT MAX(id) FROM journal").fetchone()[0]
    connection.close()
    return last


def wait_for(condition: object, what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def test_three_backups_are_kept_and_each_is_a_whole_project(folder: Path) -> None:
    store = ProjectStore(folder)
    document = store.load_document(1)
    states = []
    for round_ in range(5):
        draw(store, document, 20 * round_ + 1, 20 * round_ + 20)
        states.append(document.read(document.bounds))
        make_backup(store._connection, store._lock, folder)
    assert store.close()
    backups = list_backups(folder)
    assert len(backups) == 3
    for backup, state in zip(backups, reversed(states), strict=False):
        home = folder.parent / backup.path.stem
        home.mkdir()
        (home / "project.sqlite").write_bytes(backup.path.read_bytes())
        copy = ProjectStore(home)
        loaded = copy.load_document(1)
        assert (loaded.read(loaded.bounds) == state).all()
        assert copy.close()


def test_backups_come_by_themselves_while_there_is_something_new(folder: Path) -> None:
    store = ProjectStore(folder, timing=Timing(first_backup_s=0.05, backup_interval_s=0.1))
    document = store.load_document(1)
    time.sleep(0.5)
    assert not list_backups(folder), "nothing was drawn yet"
    draw(store, document, 1, 5)
    wait_for(lambda: len(list_backups(folder)) == 1, "the first one")
    time.sleep(0.5)
    assert len(list_backups(folder)) == 1, "nothing new since"
    draw(store, document, 6, 9)
    wait_for(lambda: last_entry(list_backups(folder)[0].path) == 9, "one with everything in it")
    assert store.close()
    newest = list_backups(folder)[0]
    store = ProjectStore(folder, timing=Timing(first_backup_s=0.05, backup_interval_s=0.1))
    time.sleep(0.4)
    assert list_backups(folder)[0] == newest, "the last session's work is in a backup already"
    assert store.close()


def test_what_the_last_session_left_is_backed_up_soon_after_opening(folder: Path) -> None:
    store = ProjectStore(folder)
    draw(store, store.load_document(1), 1, 5)
    assert store.close()
    assert not list_backups(folder)
    store = ProjectStore(folder, timing=Timing(first_backup_s=0.05))
    wait_for(lambda: list_backups(folder), "a backup of the last session")
    assert store.close()


def test_drawing_goes_on_while_a_backup_is_made(folder: Path) -> None:
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 300)
    copying = threading.Thread(target=make_backup, args=(store._connection, store._lock, folder))
    copying.start()
    number = 300
    while copying.is_alive():
        number += 1
        store.record(1, document, step(document, number))
        store.journal.flush(1)
    copying.join()
    assert store.close()
    (backup,) = list_backups(folder)
    restore_backup(folder, backup.path)
    store = ProjectStore(folder)
    last = store.timeline(1, count=1).moments[0].id
    model = Document(*SHAPE)
    for done in range(1, last + 1):
        step(model, done)
    same(model, store.load_document(1))
    assert 300 <= last <= number
    assert store.close()


def overwrite(path: Path, rng: random.Random, count: int) -> None:
    data = bytearray(path.read_bytes())
    at = rng.randrange(0, max(1, len(data) - count))
    data[at : at + count] = rng.randbytes(count)
    path.write_bytes(bytes(data))


def cut_in_half(path: Path, rng: random.Random, count: int) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path, rng: random.Random, count: int) -> None:
    path.write_bytes(b"")


def remove(path: Path, rng: random.Random, count: int) -> None:
    path.unlink()


def header(path: Path, rng: random.Random, count: int) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def text(path: Path, rng: random.Random, count: int) -> None:
    path.write_bytes(b"not a database, but long enough to look like a file with content" * 100)


DAMAGES = [
    *[(overwrite, seed, 20_000) for seed in range(6)],
    (cut_in_half, 0, 0), (empty, 0, 0), (remove, 0, 0), (header, 0, 0), (text, 0, 0),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "seed", "count"), DAMAGES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_a_damaged_database_is_refused_names_its_newest_backup_and_opens_it_on_request(
    folder: Path, damage: object, seed: int, count: int
) -> None:
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 40)
    make_backup(store._connection, store._lock, folder)
    draw(store, document, 41, 60)
    newest = make_backup(store._connection, store._lock, folder)
    backed_up = document.read(document.bounds)
    draw(store, document, 61, 70)
    assert store.close()
    path = folder / "project.sqlite"
    damage(path, random.Random(seed), count)  # type: ignore[operator]
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(DamagedProjectError) as caught:
        ProjectStore(folder)
    assert caught.value.backup == newest
    assert f"backups/{newest.name}" in str(caught.value)
    assert "It was left as it is" in str(caught.value)
    assert (path.read_bytes() if path.exists() else None) == before, "not a byte was altered"
    kept_in = restore_backup(folder, newest)
    if before is not None:
        assert (kept_in / "project.sqlite").read_bytes() == before
    store = ProjectStore(folder)
    loaded = store.load_document(1)
    assert (loaded.read(loaded.bounds) == backed_up).all()
    assert store.close()


@pytest.mark.parametrize("count", [1, 16, 300])
def test_a_few_overwritten_bytes_anywhere_never_open_as_something_else_or_raise_a_traceback(
    folder: Path, count: int
) -> None:
    """Some bytes matter to nobody (free pages, text): what opens must hold the very same labels."""
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 60)
    assert store.close()
    path, states = folder / "project.sqlite", document.read(document.bounds)
    whole = path.read_bytes()
    refused = 0
    for seed in range(60):
        path.write_bytes(whole)
        overwrite(path, random.Random(seed), count)
        store = None
        try:
            store = ProjectStore(folder)
            loaded = store.load_document(1)
            assert (loaded.read(loaded.bounds) == states).all(), f"seed {seed}: silently other labels"
            machine = store.time_machine(1)
            for moment in store.timeline(1).moments:
                store.visit(machine, moment)
        except ProjectError:
            refused += 1
        finally:
            if store is not None:
                store.abandon()
        for left in folder.glob("project.sqlite-*"):
            left.unlink()
    print(f"{count} bytes overwritten: {refused} of 60 noticed, the others harmless")
    assert refused > 0


def test_damage_without_a_backup_says_so(folder: Path) -> None:
    header(folder / "project.sqlite", random.Random(0), 0)
    with pytest.raises(DamagedProjectError, match="no automatic backup") as caught:
        ProjectStore(folder)
    assert caught.value.backup is None


def test_a_large_damaged_database_is_noticed_by_its_backup_which_does_not_replace_a_good_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 60)
    good = make_backup(store._connection, store._lock, folder)
    draw(store, document, 61, 62)
    assert store.close()
    monkeypatch.setattr(database, "_CHECKED_ON_OPENING_BYTES", 0)
    path = folder / "project.sqlite"
    data = bytearray(path.read_bytes())
    page = (
        sqlite3.connect(good)
        .execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal_of_plane'")
        .fetchone()[0]
    )
    data[(page - 1) * 4096 : page * 4096] = bytes([255]) * 4096
    path.write_bytes(bytes(data))
    heard = Heard()
    store = ProjectStore(folder, heard, timing=Timing(first_backup_s=0.01, backup_interval_s=0.05))
    assert heard.told.wait(10)
    assert heard.reasons[0].startswith("damaged")
    store.abandon()
    assert [backup.path for backup in list_backups(folder)] == [good]
    assert not list((folder / "backups").glob("*.partial*"))


@pytest.fixture
def crashed(folder: Path, tmp_path: Path) -> Path:
    """A project whose program was killed: its last commits are in the log only."""
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 20)
    copy = tmp_path / "crashed.unetproject"
    shutil.copytree(folder, copy)
    assert store.close()
    return copy


def test_a_damaged_log_is_refused_instead_of_dropping_what_was_committed(crashed: Path) -> None:
    log = crashed / "project.sqlite-wal"
    whole = log.read_bytes()
    store = ProjectStore(crashed)
    assert len(store.load_document(1).history.done) + len(store.load_document(1).history.undone) > 5
    assert store.close()
    for seed in range(12):
        shutil.copy(crashed / "project.sqlite", crashed / "whole.sqlite") if seed == 0 else None
        data = bytearray(whole)
        at = random.Random(seed).randrange(32, len(data) // 2)
        data[at] ^= 255
        log.write_bytes(bytes(data))
        shutil.copy(crashed / "whole.sqlite", crashed / "project.sqlite")
        with pytest.raises(DamagedProjectError, match="commits at the end of its log cannot be read"):
            ProjectStore(crashed)
        assert log.read_bytes() == bytes(data), "the log was left as it is"


def test_a_log_of_an_earlier_round_behind_a_new_one_is_no_damage(folder: Path) -> None:
    """After a checkpoint the log is written from its beginning again, over older frames."""
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 80)
    with store._lock:  # The journal may be looking at its size.
        store._connection.execute("PRAGMA wal_checkpoint(RESTART)")
    draw(store, document, 81, 84)
    copy = folder.parent / "copy.unetproject"
    shutil.copytree(folder, copy)
    assert store.close()
    store = ProjectStore(copy)
    assert store.timeline(1, count=1).moments[0].id == 84
    assert store.close()


def test_a_file_that_only_looks_like_a_backup_is_none(folder: Path) -> None:
    (folder / "backups").mkdir()
    (folder / "backups" / "project-0001-20269999T999999Z.sqlite").write_bytes(b"")
    assert list_backups(folder) == []
    assert ProjectStore(folder).close()


def test_no_backup_is_made_where_it_would_fill_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ProjectStore(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 50_000))  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="No space left"):
        make_backup(store._connection, store._lock, folder)
    assert not list_backups(folder)
    assert store.close()


def test_a_backup_that_is_damaged_itself_is_not_offered(folder: Path) -> None:
    store = ProjectStore(folder)
    document = store.load_document(1)
    draw(store, document, 1, 40)
    older = make_backup(store._connection, store._lock, folder)
    draw(store, document, 41, 60)
    newest = make_backup(store._connection, store._lock, folder)
    assert store.close()
    for path in (folder / "project.sqlite", newest):
        path.write_bytes(path.read_bytes()[:5000] + b"x" * 4000 + path.read_bytes()[9000:])
    with pytest.raises(DamagedProjectError) as caught:
        ProjectStore(folder)
    assert caught.value.backup == older
