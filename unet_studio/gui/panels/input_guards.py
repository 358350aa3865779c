"""Guards for controls in the panels: the wheel scrolls the panel, the letters of a name are not commands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QWidget

_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class PassesWheelOn(QObject):
    """Event filter: a wheel over a control moves the panel it is in, it does not change the control."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See QObject."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False

    def guard(self, panel: QWidget) -> None:
        """Every list of choices, slider and number in a panel."""
        for kind in (QComboBox, QSlider, QAbstractSpinBox):
            for control in panel.findChildren(kind):
                control.installEventFilter(self)


class KeepsKeys(QObject):
    """Event filter: what is typed here goes in here, also Return, Esc and letters that are shortcuts."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See QObject."""
        del watched
        is_asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_asked and not event.modifiers() & _COMMANDS:  # type: ignore[attr-defined]
            event.accept()
            return True
        return False

    def guard(self, panel: QWidget) -> None:
        """Every line and number in a panel. Of a number its box has the focus, not the line in it."""
        for kind in (QLineEdit, QAbstractSpinBox):
            for field in panel.findChildren(kind):
                field.installEventFilter(self)
