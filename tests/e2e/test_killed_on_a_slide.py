"""Proposing on a whole slide goes on after the program was killed in the middle of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pytestqt.qtbot import QtBot

from tests.conftest import RESOURCES
from tests.gui.hand import Hand
from unet_studio.core.geometry import Rect
from unet_studio.gui.app import Studio
from unet_studio.gui.main_window import MainWindow
from unet_studio.io import image_source
from unet_studio.io.raster import open_raster

ROOT = Path(__file__).resolve().parents[2]
PARTS = 4


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """A folder with 3072² px of a real image."""
    field = open_raster(RESOURCES / "demo" / "fluorescence.png").read(Rect.of_size(512, 512))[:, :, 0]
    folder = tmp_path / "slides"
    folder.mkdir()
    tifffile.imwrite(folder / "slide.tif", np.tile(field, (6, 6)), tile=(256, 256), metadata={"axes": "YX"})
    return folder


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    studio = Studio()
    studio.window.show()
    yield studio.window
    studio.proposer.cancel()
    studio.window.session.abandon_project()
    studio.window.close()
    studio.close()


def killed_after(parts: int, folder: Path) -> None:
    """Start a session and kill it, and whoever it started, when so many parts are saved."""
    command = [sys.executable, "-m", "tests.e2e.slide_session", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == f"saved {parts}":
            break
    time.sleep(0.3)  # The next part is being predicted.
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()


def proposed_parts(window: MainWindow, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ctrl+P until the whole is done; how many parts that took."""
    submitted = []
    submit = window.proposing._engine.submit

    def counted(job: object) -> None:
        submitted.append(job)
        submit(job)  # type: ignore[arg-type]

    monkeypatch.setattr(window.proposing._engine, "submit", counted)
    window.actions_by_id["propose.whole"].trigger()
    image = window.session.current
    assert image is not None
    hand.qtbot.waitUntil(
        lambda: image.proposals is not None and image.proposals.covered is None, timeout=180_000
    )
    hand.qtbot.waitUntil(lambda: not window.job_bar.isVisible())
    return len(submitted)


@pytest.mark.slow
def test_what_was_proposed_before_the_kill_is_kept_and_only_the_rest_is_done(
    window: MainWindow, qtbot: QtBot, slide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**20)
    killed_after(1, slide)
    killed_after(2, slide)
    hand = Hand(window, qtbot)
    hand.open(slide)
    image = window.session.current
    assert image is not None
    assert image.proposals is not None
    kept = len(image.proposals.covered or [])
    assert kept in (2, 3)
    boxes = {p.rect for p in image.proposals.table.values()}
    assert len(boxes) > 50
    assert proposed_parts(window, hand, monkeypatch) == PARTS - kept
    resumed = {(p.rect, p.area_px) for p in image.proposals.table.values()}
    # The same in one go, on a copy of the slide in a project of its own.
    other = tmp_path / "again"
    other.mkdir()
    (slide / "slide.tif").rename(other / "slide.tif")
    assert window.session.close_project()
    hand.open(other)
    image = window.session.current
    assert image is not None
    assert image.proposals is None
    monkeypatch.undo()
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**20)
    assert proposed_parts(window, hand, monkeypatch) == PARTS
    assert image.proposals is not None
    at_once = {(p.rect, p.area_px) for p in image.proposals.table.values()}
    assert len(resumed ^ at_once) <= 0.02 * len(at_once)
