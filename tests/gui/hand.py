"""Uses the mouse and the keys on a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.main_window import MainWindow

Dialog = TypeVar("Dialog", bound=QDialog)


def at_next_dialog(kind: type[Dialog], act: Callable[[Dialog], object]) -> None:
    """Do something with the next modal dialog of a kind, while its `exec` waits."""

    def later() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind):
            act(dialog)
        else:
            QTimer.singleShot(20, later)

    QTimer.singleShot(20, later)


class Hand:
    """Uses the mouse and the keys on a window, in image coordinates."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    @property
    def canvas(self) -> CanvasView:
        return self.window.canvas

    def open(self, folder: Path) -> None:
        self.window.open_paths([folder])
        self.wait_image()

    def wait_image(self, name: str | None = None) -> None:
        def shown() -> bool:
            current = self.window.session.current
            return current is not None and (name is None or current.path.name == name)

        self.qtbot.waitUntil(shown, timeout=10_000)

    def at(self, y: float, x: float) -> QPointF:
        return self.canvas.transform.to_widget(PixelPoint(y, x))

    def mouse(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        event = QMouseEvent(
            kind, at, self.canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.canvas, event)

    def press(self, y: float, x: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, self.at(y, x), button, button)

    def move(self, y: float, x: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.mouse(QEvent.Type.MouseMove, self.at(y, x), Qt.MouseButton.NoButton, button)

    def release(self, y: float, x: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, self.at(y, x), button, Qt.MouseButton.NoButton)

    def click(self, y: float, x: float) -> None:
        self.press(y, x)
        self.release(y, x)

    def drag(self, *points: tuple[float, float]) -> None:
        self.press(*points[0])
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1])

    def wheel(self, y: float, x: float, notches: int, *, ctrl: bool = False) -> None:
        at = self.at(y, x)
        modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            at, self.canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
            modifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.canvas, event)

    def key(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        mask = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            mask |= modifier
        # Shortcuts belong to the active window; no window manager gives that back after a dialog here.
        if not self.window.isActiveWindow():
            self.window.windowHandle().requestActivate()
            self.qtbot.waitUntil(self.window.isActiveWindow, timeout=3_000)
        self.canvas.setFocus()
        self.qtbot.keyClick(self.canvas, key, mask)

    def wait_proposals(self) -> None:
        proposing = self.window.proposing
        with self.qtbot.waitSignal(proposing.ended, timeout=60_000):
            self.key(Qt.Key.Key_P)
        self.qtbot.waitUntil(lambda: not proposing.is_busy, timeout=5_000)
