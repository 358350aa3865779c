"""Brings the store's words from its own threads to the GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from unet_studio.core.edits import Edit
from unet_studio.store.edit_codec import PackedEdit
from unet_studio.store.journal import Listener, Moment


class StoreSignals(QObject, Listener):
    """A Listener whose every word is a signal."""

    edit_packed = Signal(int, object, object)
    entry_committed = Signal(int, object)
    advanced_now = Signal()
    failing_now = Signal(str, int)
    recovered_now = Signal()
    trimmed_now = Signal()
    backup_failed_now = Signal(str)
    damaged_now = Signal(str)

    def packed(self, plane_id: int, edit: Edit, packed: PackedEdit) -> None:
        """See Listener."""
        self.edit_packed.emit(plane_id, edit, packed)

    def committed(self, plane_id: int, moment: Moment) -> None:
        """See Listener."""
        self.entry_committed.emit(plane_id, moment)

    def advanced(self) -> None:
        """See Listener."""
        self.advanced_now.emit()

    def failing(self, reason: str, waiting: int) -> None:
        """See Listener."""
        self.failing_now.emit(reason, waiting)

    def recovered(self) -> None:
        """See Listener."""
        self.recovered_now.emit()

    def trimmed(self) -> None:
        """See Listener."""
        self.trimmed_now.emit()

    def backup_failed(self, reason: str) -> None:
        """See Listener."""
        self.backup_failed_now.emit(reason)

    def damaged(self, reason: str) -> None:
        """See Listener."""
        self.damaged_now.emit(reason)
