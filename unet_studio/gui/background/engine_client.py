"""EngineClient: what proposing and fine-tuning share — one engine thread and the signals about its job."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from unet_studio.core.errors import UserError
from unet_studio.gui.background.engine_thread import EngineThread, Job


class EngineClient(QObject):
    """Listens to an EngineThread; subclasses say what to do with events, results and cancelled jobs."""

    started = Signal(str)
    progressed = Signal(int, int)
    ended = Signal()
    said = Signal(str)
    failed = Signal(object)  # UserError

    def __init__(self, engine: EngineThread, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        # Bound to self, all of them: the engine outlives a window that is made anew.
        engine.started_job.connect(self._begun)
        engine.reported.connect(self._event)
        engine.done.connect(self._done)
        engine.failed.connect(self._failed)
        engine.cancelled.connect(self._cancelled)

    @property
    def is_busy(self) -> bool:
        """True while a job runs or waits."""
        return self._engine.is_busy

    def cancel(self) -> None:
        """Give up the job and keep nothing."""
        self._engine.cancel()

    def _begun(self, job: Job) -> None:
        self.started.emit(job.title)

    def _event(self, job: Job, event: object) -> None:
        raise NotImplementedError

    def _done(self, job: Job, outcome: object, result: object) -> None:
        raise NotImplementedError

    def _cancelled(self, job: Job) -> None:
        raise NotImplementedError

    def _failed(self, _: Job, error: UserError) -> None:
        self.ended.emit()
        self.failed.emit(error)
