"""`unet-studio demo`: the bundled demo project, in the window or headless."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from unet_studio.cli.display import has_display, require_qt_libraries
from unet_studio.io.atomic import writable_folder
from unet_studio.settings.locations import resources_folder, user_folder

_HEADLESS_OUT = Path("demo-output")


def demo(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    out: Path | None = options.headless
    if out is None and not has_display():
        out = _HEADLESS_OUT
        print(
            f"This machine has no display: the demo runs without a window and writes into {out.absolute()}."
        )
    require_qt_libraries(window=out is None)
    if out is None:
        from unet_studio.gui.app import run_window

        return run_window([_demo_images(user_folder() / "demo")])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # The offscreen platform complains of size hints it cannot pass on to a screen that is not there.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    from unet_studio.gui.headless_demo import run_headless_demo

    images = _demo_images(writable_folder(out.absolute()) / "images")
    for line in run_headless_demo(images, out.absolute()):
        print(line, flush=True)
    return 0


def _demo_images(folder: Path) -> Path:
    """A copy of the demo images that the person may work on; what is there already stays."""
    writable_folder(folder)
    for image in sorted((resources_folder() / "demo").glob("*.png")):
        if not (folder / image.name).exists():
            shutil.copyfile(image, folder / image.name)
    return folder
