"""Whether the window knows that what is drawn reaches the disk."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from unet_studio.gui import saving
from unet_studio.gui.saving import Saving
from unet_studio.gui.store_signals import StoreSignals


def test_a_disk_that_answers_again_is_well_when_everything_is_written(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "_STALL_POLL_MS", 10)
    parent, signals, said = QObject(), StoreSignals(), []
    journal = SimpleNamespace(waiting=30, waiting_s=6.0)
    watch = Saving(parent)
    watch.said.connect(said.append)
    watch.watch(SimpleNamespace(journal=journal), signals)
    qtbot.waitUntil(lambda: watch.problem == "the disk does not answer")
    journal.waiting, journal.waiting_s = 29, 0.1
    signals.advanced_now.emit()
    assert (watch.problem, said) == ("the disk does not answer", []), "29 strokes are in memory only"
    journal.waiting = 0
    signals.advanced_now.emit()
    assert (watch.problem, said) == ("", ["Everything is on the disk again."])
    watch.end()
    assert watch.waiting == 0
