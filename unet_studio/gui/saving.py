"""Whether what is drawn reaches the disk."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from unet_studio.gui.store_signals import StoreSignals
from unet_studio.gui.translation import tr
from unet_studio.store.project_store import ProjectStore

_STALL_S = 5.0
_STALL_POLL_MS = 1000


class Saving(QObject):
    """How the open project's journal fares. `problem`: why nothing is written, empty while all is well."""

    changed = Signal()
    said = Signal(str)
    warned = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.problem = ""
        self._store: ProjectStore | None = None
        self._is_stalled = False
        poll = QTimer(self)
        poll.timeout.connect(self._check_stall)
        poll.start(_STALL_POLL_MS)

    @property
    def waiting(self) -> int:
        """Commits that are not on the disk yet."""
        return self._store.journal.waiting if self._store is not None else 0

    def watch(self, store: ProjectStore, signals: StoreSignals) -> None:
        """This project is the open one, and `signals` what it says."""
        self._store = store
        signals.advanced_now.connect(self._advanced)
        signals.failing_now.connect(self._fails)
        signals.recovered_now.connect(self._recovered)
        signals.backup_failed_now.connect(self._backup_failed)
        signals.damaged_now.connect(self._found_damaged)

    def end(self) -> None:
        """No project is open."""
        self._store, self.problem, self._is_stalled = None, "", False

    def _advanced(self) -> None:
        if self._is_stalled and not self.waiting:
            self._recovered()
        else:
            self.changed.emit()

    def _fails(self, reason: str, waiting: int) -> None:
        self.problem, self._is_stalled = reason, False
        self.changed.emit()

    def _recovered(self) -> None:
        self.problem, self._is_stalled = "", False
        self.changed.emit()
        self.said.emit(tr("session", "Everything is on the disk again."))

    def _check_stall(self) -> None:
        """A share that hangs does not fail: it just does not answer."""
        if self._store is not None and not self.problem and self._store.journal.waiting_s > _STALL_S:
            self.problem, self._is_stalled = tr("session", "the disk does not answer"), True
            self.changed.emit()

    def _backup_failed(self, reason: str) -> None:
        text = tr("session", "The automatic backup of the project could not be made ({reason}).")
        self.warned.emit(text.format(reason=reason))

    def _found_damaged(self, reason: str) -> None:
        text = tr(
            "session",
            "A check found the project's database damaged ({reason}). What you draw is still written. Close "
            "and open the project: it then offers its newest backup.",
        )
        self.warned.emit(text.format(reason=reason))
