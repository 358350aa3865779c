"""The page that says what computes here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from unet_studio.gui.background.pool import Pool
from unet_studio.gui.dialogs import machine_dialog
from unet_studio.gui.dialogs.machine_dialog import MachineDialog
from unet_studio.jobs.connection import JobFailed


@pytest.fixture
def pool(qtbot: QtBot) -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


def opened(parent: QWidget, pool: Pool) -> tuple[MachineDialog, QPushButton]:
    dialog = MachineDialog(parent, pool)
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy all")
    return dialog, copy


def test_it_says_what_a_real_engine_computes_with_and_why(qtbot: QtBot, pool: Pool, parent: QWidget) -> None:
    dialog, copy = opened(parent, pool)
    assert dialog.text() == "A moment…"
    assert not copy.isEnabled()
    qtbot.waitUntil(copy.isEnabled, timeout=60_000)
    copy.click()
    text = QGuiApplication.clipboard().text()
    assert text == dialog.text()
    assert text.startswith("Computes on ")
    assert "GPU" in text.splitlines()[0], "a GPU, or why there is none"
    lines = dict(line.split(": ", 1) for line in text.splitlines()[1:] if ": " in line)
    assert lines["PyTorch"].startswith("2.")
    assert lines["Log"].endswith("window.log")
    assert lines["Models"].endswith("models")


def test_an_engine_that_does_not_start_is_told_and_the_log_is_still_named(
    qtbot: QtBot, pool: Pool, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise JobFailed("crash", "The engine ended before the job was done. Your labels are safe; try again.")

    monkeypatch.setattr(machine_dialog, "describe_machine", fails)
    dialog, copy = opened(parent, pool)
    qtbot.waitUntil(copy.isEnabled, timeout=10_000)
    assert dialog.text().startswith("The engine ended before the job was done.")
    assert "window.log" in dialog.text()
