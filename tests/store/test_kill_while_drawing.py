"""SIGKILL at random moments of a drawing session: what was committed is there, undo works, always."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.store.drawing_session import JOURNAL_BYTES, SHAPE, step
from unet_studio.core.document import Document
from unet_studio.store.project_store import ProjectStore

ROOT = Path(__file__).resolve().parents[2]
KILLS = 200


def same(one: Document, other: Document) -> None:
    assert (one.read(one.bounds) == other.read(other.bounds)).all()
    assert {row.id: row for row in one.instances} == {row.id: row for row in other.instances}
    assert all(one.instances.area_px(row.id) == other.instances.area_px(row.id) for row in one.instances)
    assert one.checked == other.checked
    # The oldest edits may have gone from one of them: trimmed, or beyond the steps that memory keeps.
    names = [[edit.name for edit in document.history.done] for document in (one, other)]
    kept = min(map(len, names))
    assert kept >= min(500, max(map(len, names)))
    assert names[0][len(names[0]) - kept :] == names[1][len(names[1]) - kept :]
    assert [e.name for e in one.history.undone] == [e.name for e in other.history.undone]


def undo_some(*documents: Document) -> None:
    for _ in range(min(4, *(len(document.history.done) for document in documents))):
        for document in documents:
            assert document.undo() is not None


def trimmed_to(folder: Path) -> int:
    connection = sqlite3.connect(folder / "project.sqlite")
    found = connection.execute("SELECT trimmed_id FROM planes").fetchone()[0]
    connection.close()
    return int(found)


class Session:
    """The killed session's server."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.store.drawing_session", str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, bufsize=0
        )

    def draw_and_kill(self, after_s: float) -> list[int]:
        """Entries the session reported as committed before it was killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"go\n")
        pid = int(self.process.stdout.readline().split()[1])
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        reported = []
        while (line := self.process.stdout.readline()) != b"dead\n":
            reported.append(int(line))
        return reported

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(10) == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    store = ProjectStore(tmp_path / "p.unetproject")
    store.add_images([image])
    store.open_plane(1, height=SHAPE[0], width=SHAPE[1])
    store.set_journal_budget(JOURNAL_BYTES)
    assert store.close()
    return store.folder


@pytest.mark.slow
def test_every_committed_edit_survives_two_hundred_kills(folder: Path) -> None:
    session, moment = Session(folder), random.Random(11)
    model, committed, killed_while_drawing = Document(*SHAPE), 0, 0
    kills = 0
    # A slow disk takes fewer edits: go on until the journal was trimmed too.
    while kills < KILLS or (kills < 2 * KILLS and not trimmed_to(folder)):
        kills += 1
        reported = session.draw_and_kill(moment.uniform(0.0, 0.18 if kills <= KILLS else 0.5))
        killed_while_drawing += bool(reported)
        connection = sqlite3.connect(folder / "project.sqlite")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        store = ProjectStore(folder)
        plane = store.plane_places(1)[0].id
        moments = store.timeline(plane, count=1).moments
        last = moments[0].id if moments else 0
        assert last >= max(reported, default=committed), "an edit that was reported as committed is gone"
        for number in range(committed + 1, last + 1):
            step(model, number)
        loaded = store.load_document(plane)
        same(model, loaded)
        undone = store.load_document(plane)
        undo_some(model, undone)
        same(model, undone)
        model, committed = loaded, last
        assert store.close()
    session.close()
    trimmed = trimmed_to(folder)
    print(
        f"{kills} kills, {killed_while_drawing} of them while drawing; {committed} edits, {trimmed} trimmed"
    )
    assert killed_while_drawing > kills // 2
    assert trimmed > 0
    assert len(list((folder / "backups").glob("project-*.sqlite"))) <= 3


@pytest.mark.slow
def test_a_torn_last_write_costs_nothing_that_was_committed(folder: Path, tmp_path: Path) -> None:
    """After a power cut the log may end in rubbish or in half a transaction: both are ignored."""
    session, moment = Session(folder), random.Random(5)
    for torn in range(12):
        reported = session.draw_and_kill(moment.uniform(0.1, 0.25))
        copy = tmp_path / f"copy{torn}.unetproject"
        copy.mkdir()
        for name in ("project.sqlite", "project.sqlite-wal"):
            if (folder / name).exists():
                shutil.copy(folder / name, copy / name)
        with (copy / "project.sqlite-wal").open("ab") as log:
            log.write(random.Random(torn).randbytes(moment.randrange(1, 9000)))
        store = ProjectStore(copy)
        plane = store.plane_places(1)[0].id
        last = store.timeline(plane, count=1).moments[0].id
        assert last >= max(reported, default=0)
        model = Document(*SHAPE)
        for number in range(1, last + 1):
            step(model, number)
        same(model, store.load_document(plane))
        assert store.close()
        assert ProjectStore(folder).close()  # The next round begins at a clean file.
        if last > 1500:
            break
    session.close()
