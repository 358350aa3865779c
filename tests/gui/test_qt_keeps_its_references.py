"""Guards the choice of PySide6 version: docs/adr/0005."""

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None, True and False are immortal there")
def test_no_call_of_qt_takes_references_from_none_true_or_false(qtbot: QtBot) -> None:
    label, slider = QLabel(), QSlider()
    qtbot.addWidget(label)
    qtbot.addWidget(slider)
    calls: list[Callable[[], object]] = [
        lambda: QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 0),
        lambda: label.setText("x"),
        lambda: slider.blockSignals(False),
        lambda: label.isVisible(),
        lambda: QCoreApplication.translate("a", "b"),
        label.update,
    ]
    for call in calls:
        before = [sys.getrefcount(value) for value in (None, True, False)]
        for _ in range(400):
            call()
        after = [sys.getrefcount(value) for value in (None, True, False)]
        assert all(b - a < 200 for a, b in zip(after, before, strict=True)), call
