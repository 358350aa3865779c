"""A file that stays open as long as something reads from it."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable


class HeldFile:
    """Closes a file when nobody holds this any more, in a thread of its own.

    The libraries' objects hold each other in circles: left to Python, the file would be closed by a search
    for garbage, in whichever thread that happens, perhaps minutes later. Closing a file on a lost drive may
    take for ever.
    """

    def __init__(self, close: Callable[[], object]) -> None:
        weakref.finalize(self, _close_aside, close).atexit = False


def _close_aside(close: Callable[[], object]) -> None:
    threading.Thread(target=_closed, args=(close,), name="close", daemon=True).start()


def _closed(close: Callable[[], object]) -> None:
    # A map of a file that is still looked at cannot be closed; a lost drive may refuse. Nobody can do better.
    with contextlib.suppress(BufferError, OSError, ValueError):
        close()
