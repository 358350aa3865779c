"""EngineThread: runs jobs on an engine, one after the other; results come back on the GUI thread."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QThread, Signal, SignalInstance

from unet_studio.core.errors import UserError
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.messages import Request

_log = logging.getLogger("unet_studio")
_CLOSE_MS = 15_000

Prepared = tuple[Request, Sequence[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A job as the window sees it. `prepare` gives request and arrays; it runs in the worker thread."""

    title: str
    prepare: Callable[[], Prepared]
    finish: Callable[[list[Any]], Any] = lambda arrays: arrays
    """Makes of the outcome's arrays what `done` carries; runs in the worker thread too."""
    subject: object = None
    """Whatever the result belongs to, an image id for instance."""


class EngineThread(QThread):
    """Owns one EngineConnection. Signals carry the Job they are about."""

    started_job = Signal(object)
    reported = Signal(object, object)  # Job, and Progress, TrainingBegun or TrainingPoint
    done = Signal(object, object, object)  # Job, outcome, what `finish` made
    failed = Signal(object, object)  # Job, UserError
    cancelled = Signal(object)

    _ended = Signal(object, object, object)  # Job, the signal that tells its end, what else it carries

    def __init__(self, connection: EngineConnection) -> None:
        super().__init__()
        self._connection = connection
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._untold: dict[Job, None] = {}
        """Jobs whose end has not been told, the oldest first. What becomes of a job is decided in the GUI
        thread, by who takes it from here."""
        self._running: Job | None = None
        self._stop_asked: Job | None = None
        self._ended.connect(self._tell)
        self.start()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._untold[job] = None
        self._jobs.put(job)
        # Who is told finds the thread busy.
        self.started_job.emit(job)

    @property
    def is_busy(self) -> bool:
        """True until the end of every job has been told; the worker may have ended it a moment before."""
        return bool(self._untold)

    def cancel(self) -> None:
        """Cancel the running job and everything that waits, also what has ended and has not been told.

        The person is told at once; the engine obeys at its next tile or step, or is killed after the
        grace time. A job that is submitted meanwhile waits for that.
        """
        with self._lock:
            given_up = list(self._untold)
            self._untold.clear()
            is_running = self._running in given_up
        if is_running:
            self._connection.cancel()
        for job in given_up:
            self.cancelled.emit(job)

    def stop_keeping_best(self) -> None:
        """End the running training and keep its best weights."""
        # While the job is prepared the engine knows of none to stop: it is asked again when it reports.
        self._stop_asked = self._running
        self._connection.stop()

    def window_in_use(self, in_use: bool) -> None:
        """The running job leaves a processor to the window, or takes it again."""
        self._connection.window_in_use(in_use)

    def close(self) -> bool:
        """End the engine and the thread. False if it still waits for something, a lost drive for instance."""
        self.cancel()
        self._jobs.put(None)
        return self.wait(_CLOSE_MS)

    def run(self) -> None:
        """The thread's loop."""
        while (job := self._jobs.get()) is not None:
            with self._lock:
                if job not in self._untold:
                    continue  # Cancelled while it waited.
                self._running = job
            try:
                request, arrays = job.prepare()
                if job not in self._untold:
                    continue  # Cancelled before the engine knew of it.
                outcome, out = self._connection.run(request, arrays, partial(self._report, job))
                result = job.finish(out)
            except JobCancelled:
                self._end(job, self.cancelled)
            except UserError as error:
                self._end(job, self.failed, error)
            except Exception as error:  # noqa: BLE001 - the border of the thread: no job may end it
                _log.exception("job %s", job.title)
                reason = f"{type(error).__name__}: {error}"
                message = "The job could not be done ({reason}). Your labels are safe."
                self._end(job, self.failed, UserError(message, reason=reason))
            else:
                self._end(job, self.done, outcome, result)
        self._connection.close()

    def _report(self, job: Job, event: object) -> None:
        if job is self._stop_asked:
            self._stop_asked = None
            self._connection.stop()
        if job in self._untold:
            self.reported.emit(job, event)
        else:
            self._connection.cancel()  # Asked while the request was on its way.

    def _end(self, job: Job, signal: SignalInstance, *arguments: object) -> None:
        with self._lock:
            self._running = None
        self._ended.emit(job, signal, arguments)

    def _tell(self, job: Job, signal: SignalInstance, arguments: tuple[object, ...]) -> None:
        """Tell how a job ended, unless it was cancelled meanwhile: that has been told already."""
        if job in self._untold:
            del self._untold[job]
            signal.emit(job, *arguments)
