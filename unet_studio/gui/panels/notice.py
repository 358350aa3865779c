"""Sentences over the canvas: a problem that stays until it is dealt with, and news that fade below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from unet_studio.gui import theme

_NEWS_MS = 8000
# Where long names may be broken: a line must not be wider than the window.
_BREAK_AFTER = re.compile(r"[/\\_]|\w{24}")


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button beside a problem."""

    text: str
    act: Callable[[], object]


class _Line(QFrame):
    """One sentence with its buttons and a cross."""

    def __init__(self, colour: QColor) -> None:
        super().__init__()
        self.sentence = ""
        self.label = QLabel()
        self.label.setWordWrap(True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.clicked.connect(self.hide)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(10, 5, 6, 5)
        self._layout.addWidget(self.label, 1)
        self._layout.addWidget(close)
        self.buttons: list[QPushButton] = []
        self.setStyleSheet(
            f"_Line {{ background: {theme.PANEL.name()}; border-left: 4px solid {colour.name()}; }}"
        )
        self.hide()

    def show_text(self, sentence: str, remedies: Sequence[Remedy] = ()) -> None:
        self.sentence = sentence
        self.label.setText(_BREAK_AFTER.sub(lambda found: found[0] + "\u200b", sentence))
        for old in self.buttons:
            self._layout.removeWidget(old)
            old.deleteLater()
        self.buttons = [self._button(remedy) for remedy in remedies]
        for place, button in enumerate(self.buttons, 1):
            self._layout.insertWidget(place, button)
        self.show()

    def _button(self, remedy: Remedy) -> QPushButton:
        button = QPushButton(remedy.text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self.hide)
        button.clicked.connect(remedy.act)
        return button


class Notice(QWidget):
    """At most one problem and one piece of news at a time; news never push a problem away."""

    def __init__(self) -> None:
        super().__init__()
        self.problem, self.news = _Line(theme.BAD), _Line(theme.ACCENT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.problem)
        layout.addWidget(self.news)
        self._is_of_image = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.news.hide)

    @property
    def text(self) -> str:
        """What it says now: the problem, then the news."""
        lines = (line for line in (self.problem, self.news) if not line.isHidden())
        return "\n".join(line.sentence for line in lines)

    @property
    def remedies(self) -> list[QPushButton]:
        """The buttons beside the problem."""
        return self.problem.buttons

    def say(self, sentence: str, *, of_image: bool = False) -> None:
        """News: fade after a while. "" takes the last news away. Those `of_image` are over when another
        image is shown, or something on it changes."""
        self._is_of_image = of_image
        if sentence:
            self.news.show_text(sentence)
            self._timer.start(_NEWS_MS)
        else:
            self.news.hide()

    def image_changed(self) -> None:
        """News that were of the image as it was are over."""
        if self._is_of_image:
            self.news.hide()

    def warn(self, sentence: str, remedies: Sequence[Remedy] = ()) -> None:
        """A problem: stays until it is closed, or one of its remedies is chosen."""
        self.news.hide()
        self.problem.show_text(sentence, remedies)

    def take_back(self, sentence: str) -> None:
        """This problem is over."""
        if self.problem.sentence == sentence:
            self.problem.hide()
