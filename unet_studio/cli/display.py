"""Is there a screen, and can Qt use it? Asked before Qt is imported: Qt itself would abort."""

from __future__ import annotations

import ctypes
import os
import sys

from unet_studio.core.errors import UserError

_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
_X11_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


def has_display() -> bool:
    """True if a window can be shown."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def require_qt_libraries(*, window: bool) -> None:
    """Raise UserError, with the line to paste, if system libraries that Qt needs are missing."""
    if sys.platform != "linux":
        return
    wanted = _LIBRARIES | (_X11_LIBRARIES if window and os.environ.get("DISPLAY") else {})
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        raise UserError(
            "Qt needs system libraries that are missing here. On Debian or Ubuntu: "
            "sudo apt-get install {packages}",
            packages=" ".join(missing),
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
