"""JobContext: all that a long computation knows about running in the background."""

from __future__ import annotations

from typing import Protocol


class JobCancelled(Exception):
    """Raised by `check_cancelled`; the computation lets it pass."""


class JobContext(Protocol):
    """Handed to every long function, which asks it once per strip, tile or step."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the job is."""
        ...

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the person wants the job to end."""
        ...

    def stop_requested(self) -> bool:
        """True if the job shall end soon and keep what it has."""
        ...


class QuietContext:
    """Passes cancelling on, keeps to itself the progress of steps that are too small to show."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def check_cancelled(self) -> None:
        """See JobContext."""
        self._context.check_cancelled()

    def stop_requested(self) -> bool:
        """See JobContext."""
        return self._context.stop_requested()
