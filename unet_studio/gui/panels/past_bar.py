"""Over the canvas while the past is shown: which moment it is, what can come back, the way to now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from unet_studio.gui import theme
from unet_studio.gui.session import Session
from unet_studio.gui.time_travel import TimeTravel, moment_name, moment_text
from unet_studio.gui.translation import tr


class PastBar(QFrame):
    """Shown exactly as long as the past is."""

    def __init__(self, session: Session, travel: TimeTravel) -> None:
        super().__init__()
        self._session, self._travel = session, travel
        self._title, self._hint = QLabel(), QLabel()
        self._title.setWordWrap(True)
        self._title.setStyleSheet("font-weight: 600;")
        self._hint.setWordWrap(True)
        self._hint.setStyleSheet(f"color: {theme.FAINT_TEXT.name()};")
        self.one = QPushButton(tr("past_bar", "Bring instance back"))
        self.all = QPushButton(tr("past_bar", "Bring everything back"))
        self.now = QPushButton(tr("past_bar", "Back to now (Esc)"))
        self.one.clicked.connect(travel.bring_back_selected)
        self.all.clicked.connect(travel.bring_all_back)
        self.now.clicked.connect(travel.return_to_now)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addLayout(words, 1)
        for button in (self.one, self.all, self.now):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Keys go on meaning what they mean.
            layout.addWidget(button)
        self.setStyleSheet(
            f"PastBar {{ background: {theme.PANEL.name()}; border-top: 3px solid {theme.WAITING.name()}; }}"
        )
        session.past_changed.connect(self._show_moment)
        session.selection_changed.connect(self._show_selection)
        self.hide()

    def _show_moment(self) -> None:
        moment = self._travel.moment
        if self._session.past is None or moment is None:
            self.hide()
            return
        text = tr("past_bar", "The past: {time}, {edit}")
        self._title.setText(text.format(time=moment_text(moment), edit=moment_name(moment)))
        self._show_selection()
        self.show()

    def _show_selection(self) -> None:
        chosen = self._session.selected_instance
        self.one.setEnabled(bool(chosen))
        if chosen:
            text = tr("past_bar", "Instance {id} is chosen. Nothing can be drawn here.").format(id=chosen)
        else:
            text = tr("past_bar", "Click an instance to bring it back. Nothing can be drawn here.")
        self._hint.setText(text)
