"""SIGKILL at random moments of a drawing session: every committed stroke is there, undo works."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.store.drawing_session import SHAPE, stroke
from unet_studio.core.brush import stroke_segment
from unet_studio.core.document import Document
from unet_studio.store.project_store import ProjectStore

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8


def drawn(count: int) -> Document:
    """What the session draws, in memory only."""
    document = Document(*SHAPE)
    for _ in range(count):
        number = document.new_instance_id()
        start, end, diameter = stroke(number)
        covered = stroke_segment(start, end, diameter_px=diameter, within=document.bounds)
        document.begin_stroke("Brush stroke")
        document.paint(covered.rect, covered.mask, number)
        document.finish_stroke()
    return document


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_every_committed_stroke_survives_sigkill(tmp_path: Path, seed: int) -> None:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    folder = tmp_path / "p.unetproject"
    command = [sys.executable, "-m", "tests.store.drawing_session", str(folder), str(image)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.0, 1.0))
    process.kill()
    reported = [int(line) for line in (first + process.stdout.read()).split(b"\n")[:-1]]
    process.wait()

    connection = sqlite3.connect(folder / "project.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    store = ProjectStore(folder)
    document = store.load_document(store.images()[0].id, height=SHAPE[0], width=SHAPE[1])
    strokes = len(document.history)
    assert strokes >= reported[-1], "a stroke that was reported as committed is gone"
    expected = drawn(strokes)
    assert (document.read(document.bounds) == expected.read(expected.bounds)).all()
    while expected.undo():
        assert document.undo() is not None
        assert (document.read(document.bounds) == expected.read(expected.bounds)).all()
    assert document.undo() is None
    store.close()
