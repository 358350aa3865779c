"""A sentence over the canvas: a problem that stays until it is read, or news that fade."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from unet_studio.gui import theme

_NEWS_MS = 8000


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
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 6, 5)
        layout.addWidget(self._text, 1)
        layout.addWidget(close)
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
        self._show(sentence, theme.ACCENT)
        self._timer.start(_NEWS_MS)

    def warn(self, sentence: str) -> None:
        """A problem: stays until it is closed."""
        self._timer.stop()
        self._show(sentence, theme.BAD)

    def _show(self, sentence: str, colour: QColor) -> None:
        self._text.setText(sentence)
        self.setStyleSheet(
            f"Notice {{ background: {theme.PANEL.name()}; border-left: 4px solid {colour.name()}; }}"
        )
        self.show()
