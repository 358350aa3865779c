"""EngineThread: runs jobs on an engine, one after the other; results come back on the GUI thread."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QThread, Signal

from unet_studio.core.errors import UserError
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.messages import Request

Prepared = tuple[Request, Sequence[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A job as the window sees it. `prepare` runs in the worker thread and gives request and arrays."""

    title: str
    prepare: Callable[[], Prepared]
    subject: object = None
    """Whatever the result belongs to, an image id for instance."""


class EngineThread(QThread):
    """Owns one EngineConnection. Signals carry the Job they are about."""

    started_job = Signal(object)
    reported = Signal(object, object)  # Job, Progress or TrainingPoint
    done = Signal(object, object, object)  # Job, outcome, arrays
    failed = Signal(object, object)  # Job, UserError
    cancelled = Signal(object)

    def __init__(self, connection: EngineConnection) -> None:
        super().__init__()
        self._connection = connection
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._current: Job | None = None
        self.start()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._jobs.put(job)

    @property
    def is_busy(self) -> bool:
        """True while a job runs or waits."""
        return self._current is not None or not self._jobs.empty()

    def cancel(self) -> None:
        """Cancel the running job and everything that waits."""
        while True:
            try:
                waiting = self._jobs.get_nowait()
            except queue.Empty:
                break
            if waiting is not None:
                self.cancelled.emit(waiting)
        self._connection.cancel()

    def stop_keeping_best(self) -> None:
        """End the running training and keep its best weights."""
        self._connection.stop()

    def close(self) -> None:
        """End the engine and the thread."""
        self.cancel()
        self._jobs.put(None)
        self.wait()

    def run(self) -> None:
        """The thread's loop."""
        while (job := self._jobs.get()) is not None:
            self._current = job
            self.started_job.emit(job)
            try:
                request, arrays = job.prepare()
                outcome, result = self._connection.run(request, arrays, partial(self.reported.emit, job))
            except JobCancelled:
                self._current = None
                self.cancelled.emit(job)
            except UserError as error:
                self._current = None
                self.failed.emit(job, error)
            else:
                self._current = None
                self.done.emit(job, outcome, result)
        self._connection.close()
