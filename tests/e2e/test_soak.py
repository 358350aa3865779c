"""Ten thousand strokes in one sitting."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.e2e.soak_session import SIDE_PX
from unet_studio.store.project_store import ProjectStore

ROOT = Path(__file__).resolve().parents[2]
STROKES, BUDGET = 10_000, 600_000


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_ten_thousand_strokes_leave_memory_flat_and_the_journal_within_its_budget(tmp_path: Path) -> None:
    memory_disk = Path("/dev/shm")  # Memory is the point here, not the disk.
    with tempfile.TemporaryDirectory(dir=memory_disk if memory_disk.is_dir() else tmp_path) as home:
        _soak(Path(home) / "fields")


def _soak(folder: Path) -> None:
    folder.mkdir()
    cv2.imwrite(
        str(folder / "a.png"), np.random.default_rng(0).integers(0, 255, (SIDE_PX, SIDE_PX), np.uint8)
    )
    command = [sys.executable, "-m", "tests.e2e.soak_session", str(folder), str(STROKES), str(BUDGET)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    *lines, closed = done.stdout.splitlines()
    assert closed == "closed"
    rows = [[float(value) for value in line.split()] for line in lines]
    after_first = [memory for stroke, memory, *_ in rows if stroke >= 1000]
    assert max(after_first) <= 1.05 * after_first[0]
    assert min(after_first) >= 0.95 * after_first[0]
    assert all(used <= BUDGET for _, _, used, *_ in rows)
    files = [file for stroke, _, _, file, _ in rows if stroke >= STROKES / 2]
    assert max(files) <= 1.1 * min(files), "the file of a trimmed journal does not grow"
    store = ProjectStore(folder / "fields.unetproject")
    timeline = store.timeline(1)
    assert timeline.moments
    document = store.load_document(1)
    while document.undo():
        pass
    assert store.close()
