"""Short work off the GUI thread: file reading, exporting. Results come back on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from unet_studio.core.errors import UserError

T = TypeVar("T")
_THREADS = 2


class Pool(QObject):
    """A few worker threads. Work gets snapshots and returns values; it touches no widget."""

    _finished = Signal(object, object, object)  # Future, on_done, on_error

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="pool")
        self._finished.connect(self._deliver)

    def submit(
        self, work: Callable[[], T], on_done: Callable[[T], None], on_error: Callable[[UserError], None]
    ) -> None:
        """Run `work` in a thread, then one of the others on the GUI thread."""
        future = self._executor.submit(work)
        future.add_done_callback(lambda done: self._finished.emit(done, on_done, on_error))

    def close(self) -> None:
        """Wait for what runs; forget what has not begun."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, future: Future[Any], on_done: Callable[[Any], None], on_error: Any) -> None:
        if future.cancelled():
            return
        try:
            result = future.result()
        except UserError as error:
            on_error(error)
        else:
            on_done(result)
