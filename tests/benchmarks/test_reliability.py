"""How long a stroke takes until it is on the disk, and how much room it takes there."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.store.drawing_session import SHAPE, step
from unet_studio.store.backups import make_backup
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore

pytestmark = pytest.mark.benchmark

STROKES = 2000


class Heard(Listener):
    def __init__(self) -> None:
        self.on_disk = threading.Event()

    def committed(self, plane_id: int, moment: object) -> None:
        self.on_disk.set()


def fsync_s(folder: Path) -> float:
    """The least any commit can take: one write of a page, and its fsync."""
    taken = []
    with (folder / "plain").open("wb") as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def test_from_release_to_committed(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    heard = Heard()
    store = ProjectStore(tmp_path / "p.unetproject", heard)
    store.add_images([image])
    plane = store.open_plane(1, height=SHAPE[0], width=SHAPE[1])
    document = store.load_document(plane)
    handed_over, committed = [], []
    for number in range(1, STROKES + 1):
        change = step(document, number)
        heard.on_disk.clear()
        start = time.perf_counter()
        store.record(plane, document, change)
        handed_over.append(time.perf_counter() - start)
        assert heard.on_disk.wait(10)
        committed.append(time.perf_counter() - start)
    size = store.journal_size().used
    start = time.perf_counter()
    backup = make_backup(store._connection, store._lock, store.folder)
    backup_s, backup_bytes = time.perf_counter() - start, backup.stat().st_size
    machine = store.time_machine(plane)
    moments = store.timeline(plane, count=STROKES + 1).moments
    start = time.perf_counter()
    machine.visit(moments[1000].id)
    visit_s = time.perf_counter() - start
    assert store.close()
    file_bytes = (store.folder / "project.sqlite").stat().st_size
    start = time.perf_counter()
    store = ProjectStore(store.folder)
    store.load_document(plane)
    open_s = time.perf_counter() - start
    assert store.close()
    bare = fsync_s(tmp_path)
    median, p99 = np.percentile(committed, [50, 99]) * 1e3
    print(
        f"\n{STROKES} edits of a {SHAPE[1]}×{SHAPE[0]} plane: release → committed {median:.2f} ms median, "
        f"{p99:.2f} ms p99 (one page and fsync: {bare * 1e3:.2f} ms, ratio {median / 1e3 / bare:.1f}); "
        f"on the GUI thread {np.median(handed_over) * 1e3:.3f} ms\n"
        f"{size / STROKES:.0f} journal bytes per edit; the file is {file_bytes / 1e6:.2f} MB\n"
        f"backup of {backup_bytes / 1e6:.2f} MB with its check: {backup_s * 1e3:.0f} ms\n"
        f"1000 edits back in the time machine: {visit_s * 1e3:.0f} ms\n"
        f"opening with all checks, and the document: {open_s * 1e3:.0f} ms"
    )
