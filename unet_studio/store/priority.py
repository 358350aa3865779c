"""The store's threads let the hand that draws go first."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

_NICE = 5


def let_others_go_first() -> None:
    """Lower this thread's priority, where threads have one of their own (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
