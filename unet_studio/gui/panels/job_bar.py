"""The strip under the canvas: what is being computed, how far, and a Stop button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from unet_studio.gui.translation import tr


class JobBar(QWidget):
    """Visible only while a job runs."""

    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title = QLabel()
        # As wide as there is room for, not as the name of a file is long.
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._full_title = ""
        self._shows_short = False
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(360)
        self._stop = QPushButton()
        self._stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stop.clicked.connect(self.stop_asked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._title, 1)
        layout.addWidget(self._bar, 2)
        layout.addWidget(self._stop)
        self.setAutoFillBackground(True)  # It lies over the canvas.
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text in the current language."""
        self._stop.setText(tr("jobs", "Stop (Esc)"))

    def begin(self, title: str) -> None:
        """A job has begun."""
        self._full_title = title
        self._bar.setRange(0, 0)
        self._stop.show()
        self._shows_short = False
        self.show()
        self._show_title()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The title gets as much room as there is."""
        super().resizeEvent(event)
        self._show_title()

    def begin_short(self, title: str) -> None:
        """Something that is over soon and cannot be stopped; says nothing while a longer job is shown."""
        if self.isHidden():
            self.begin(title)
            self._stop.hide()
            self._shows_short = True

    def end_short(self) -> None:
        """It is over."""
        if self._shows_short:
            self.end()

    def show_progress(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.setRange(0, max(1, total))
        self._bar.setValue(done)

    def end(self) -> None:
        """The job is over."""
        self.hide()

    def _show_title(self) -> None:
        middle = Qt.TextElideMode.ElideMiddle
        self._title.setText(
            self._title.fontMetrics().elidedText(self._full_title, middle, self._title.width())
        )
        self._title.setToolTip(self._full_title)
