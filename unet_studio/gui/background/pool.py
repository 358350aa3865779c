"""Short work off the GUI thread: file reading, exporting. Results come back on the GUI thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from unet_studio.core.errors import FolderError, UserError
from unet_studio.gui.translation import tr

T = TypeVar("T")
_THREADS = 2
_MOST_THREADS = 16
_STUCK_S = 3.0
"""Who works so long on one thing may wait for a drive that does not answer."""
_LOOK_MS = 500
_CLOSE_S = 15.0
_CLOSE_LOOK_S = 0.1


class _Task(NamedTuple):
    work: Callable[[], Any]
    on_done: Callable[[Any], None]
    on_error: Callable[[UserError], None]
    must_end: bool
    audience: int


class Pool(QObject):
    """A few worker threads. Work gets snapshots and returns values; it touches no widget.

    A thread that reads from a lost network drive may never come back: when all have been at the same thing
    for long and something waits, there is one more.
    """

    _finished = Signal(object, object)  # Future, _Task

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._since: dict[threading.Thread, float | None] = {}
        """Every thread, and since when it has been at what it does; None: at nothing."""
        self._must_end = 0
        """Tasks that are waited for and have not come to their end."""
        self._is_closed = False
        self._audience = 0
        self._untold = 0
        self._finished.connect(self._deliver)
        self._watch = QTimer(self)
        self._watch.timeout.connect(self._relieve)
        for _ in range(_THREADS):
            self._add_thread()

    @property
    def is_busy(self) -> bool:
        """True until everything has been done and told to who waits for it."""
        return self._untold > 0

    @property
    def writes(self) -> bool:
        """True while something that must end is done, or waits."""
        return self._must_end > 0

    def submit(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None],
        on_error: Callable[[UserError], None],
        *,
        must_end: bool = False,
    ) -> None:
        """Run `work` in a thread, then one of the others on the GUI thread. `must_end`: it writes what the
        person wants to find, and is waited for as long as it takes."""
        with self._lock:
            self._must_end += must_end
        self._untold += 1
        self._tasks.put(_Task(work, on_done, on_error, must_end, self._audience))
        if not self._watch.isActive():
            self._watch.start(_LOOK_MS)

    def change_audience(self) -> None:
        """Nobody waits any more for what was submitted until now: it is done if it must end, and told to
        nobody."""
        self._audience += 1
        self._untold = 0

    def close(self, timeout_s: float = _CLOSE_S) -> bool:
        """Forget what has not begun and need not end; wait for the rest. False if something that need not end
        still runs."""
        self._watch.stop()
        self._is_closed = True
        with self._lock:
            threads = list(self._since)
        for _ in threads:
            self._tasks.put(None)
        until = time.monotonic() + timeout_s
        for thread in threads:
            while thread.is_alive() and (time.monotonic() < until or self._must_end):
                thread.join(_CLOSE_LOOK_S)
        return not any(thread.is_alive() for thread in threads)

    def _add_thread(self) -> None:
        # A daemon: what hangs in a lost drive must not keep the program from ending.
        thread = threading.Thread(target=self._work, name="pool", daemon=True)
        with self._lock:
            self._since[thread] = None
        thread.start()

    def _work(self) -> None:
        me = threading.current_thread()
        while (task := self._tasks.get()) is not None:
            is_wanted = not self._is_closed and task.audience == self._audience
            if not is_wanted and not task.must_end:
                continue
            with self._lock:
                self._since[me] = time.monotonic()
            future: Future[Any] = Future()
            try:
                future.set_result(task.work())
            except Exception as error:  # noqa: BLE001 - the border of the thread: the GUI thread raises it again
                future.set_exception(error)
            if not self._is_closed:
                self._finished.emit(future, task)
            with self._lock:
                self._must_end -= task.must_end
                self._since[me] = None
                if self._ready() > _THREADS:
                    del self._since[me]  # The drive has come back: the others will do.
                    return

    def _relieve(self) -> None:
        if self._tasks.empty():
            self._watch.stop()
            return
        with self._lock:
            is_wanted = self._ready() == 0 and len(self._since) < _MOST_THREADS
        if is_wanted:
            self._add_thread()

    def _ready(self) -> int:
        """Threads that are not at the same thing for long."""
        now = time.monotonic()
        return sum(since is None or now - since <= _STUCK_S for since in self._since.values())

    def _deliver(self, future: Future[Any], task: _Task) -> None:
        if task.audience != self._audience:
            return
        self._untold -= 1
        try:
            result = future.result()
        except UserError as error:
            task.on_error(error)
        except OSError as error:
            task.on_error(
                FolderError(
                    "{name} cannot be read or written now ({reason}): check that its drive is connected.",
                    name=Path(error.filename).name
                    if isinstance(error.filename, str)
                    else tr("jobs", "A file"),
                    reason=error.strerror or type(error).__name__,
                )
            )
        else:
            task.on_done(result)
