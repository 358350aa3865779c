"""A real window with real engines; torn down without leftovers."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import RESOURCES
from tests.gui.hand import Hand
from tests.gui.toolsmith import CELLS, Toolsmith
from unet_studio.gui import app as app_module
from unet_studio.gui.app import Studio
from unet_studio.gui.main_window import MainWindow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small real-looking fields cut from the demo image."""
    image = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)
    folder = tmp_path / "fields"
    folder.mkdir()
    for number, (top, left) in enumerate(((0, 0), (0, 256), (256, 0)), 1):
        cv2.imwrite(str(folder / f"field{number}.png"), image[top : top + 256, left : left + 256])
    return folder


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine speaks: macOS and Windows are not told by LC_ALL."""
    monkeypatch.setattr(app_module, "usual_language", lambda: "en")


@pytest.fixture
def studio(qtbot: QtBot, english: None) -> Iterator[Studio]:
    studio = Studio()
    studio.window.resize(1100, 700)
    studio.window.show()
    qtbot.waitExposed(studio.window)
    yield studio
    for thread in (studio.proposer, studio.trainer):
        thread.cancel()  # A running job would make the window ask a question nobody answers.
    if not studio.window.session.close_project():
        studio.window.session.abandon_project()  # Or the window would ask what to do with the changes.
    studio.window.close()
    studio.close()
    studio.window.deleteLater()
    QApplication.processEvents()
    gc.collect()


@pytest.fixture
def window(studio: Studio) -> MainWindow:
    return studio.window


@pytest.fixture
def hand(window: MainWindow, qtbot: QtBot) -> Hand:
    return Hand(window, qtbot)


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Bright cells on a dark, noisy ground."""
    rng = np.random.default_rng(0)
    image = np.full((300, 360), 40.0)
    for y, x, radius in CELLS:
        cv2.circle(image, (x, y), radius, 170.0, -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.5) + rng.normal(0, 3, image.shape)
    folder = tmp_path / "cells"
    folder.mkdir()
    cv2.imwrite(str(folder / "cells.png"), image.clip(0, 255).astype(np.uint8))
    return folder


@pytest.fixture
def smith(hand: Hand, cells: Path, qtbot: QtBot) -> Toolsmith:
    smith = Toolsmith(hand.window, qtbot)
    smith.open(cells)
    return smith
