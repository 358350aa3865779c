"""`unet-studio [PATH...]`: open the window on images, a folder or a project."""

from __future__ import annotations

import argparse

from unet_studio.cli.display import has_display, require_qt_libraries
from unet_studio.core.errors import UserError


def open_window(options: argparse.Namespace) -> int:
    """Run the window until it is closed; returns the exit code."""
    if not has_display():
        raise UserError(
            "This machine has no display to open a window on. Use unet-studio predict, train or evaluate, or "
            "unet-studio demo --headless OUT."
        )
    for path in options.paths:
        if not path.exists():
            raise UserError("There is no file or folder {path}.", path=path)
    require_qt_libraries(window=True)
    from unet_studio.gui.app import run_window

    return run_window(options.paths)
