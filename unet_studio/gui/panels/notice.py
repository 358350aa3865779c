"""A sentence over the canvas: a problem that stays until it is read, or news that fade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from unet_studio.gui import theme

_NEWS_MS = 8000


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button beside a problem."""

    text: str
    act: Callable[[], object]


class Notice(QFrame):
    """One line at a time, above the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self._text = QLabel()
        self._text.setWordWrap(True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.clicked.connect(self.hide)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(10, 5, 6, 5)
        self._layout.addWidget(self._text, 1)
        self._layout.addWidget(close)
        self.remedies: list[QPushButton] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """What it says now."""
        return self._text.text()

    def say(self, sentence: str) -> None:
        """News: fade after a while. "" takes the last news away, but no problem."""
        if not sentence:
            if self._timer.isActive():
                self.hide()
            return
        self._show(sentence, theme.ACCENT, ())
        self._timer.start(_NEWS_MS)

    def warn(self, sentence: str, remedies: Sequence[Remedy] = ()) -> None:
        """A problem: stays until it is closed, or one of its remedies is chosen."""
        self._timer.stop()
        self._show(sentence, theme.BAD, remedies)

    def _show(self, sentence: str, colour: QColor, remedies: Sequence[Remedy]) -> None:
        self._text.setText(sentence)
        for old in self.remedies:
            self._layout.removeWidget(old)
            old.deleteLater()
        self.remedies = [self._button(remedy) for remedy in remedies]
        for place, button in enumerate(self.remedies, 1):
            self._layout.insertWidget(place, button)
        self.setStyleSheet(
            f"Notice {{ background: {theme.PANEL.name()}; border-left: 4px solid {colour.name()}; }}"
        )
        self.show()

    def _button(self, remedy: Remedy) -> QPushButton:
        button = QPushButton(remedy.text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self.hide)
        button.clicked.connect(remedy.act)
        return button
