"""The composition root: makes the application and its window."""

from __future__ import annotations

import logging
import logging.handlers
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QThread, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

from unet_studio.gui.background.engine_thread import EngineThread
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.main_window import MainWindow
from unet_studio.gui.theme import apply_theme
from unet_studio.gui.translation import tr
from unet_studio.jobs.connection import EngineConnection
from unet_studio.settings.locations import resources_folder, user_folder

_log = logging.getLogger("unet_studio")
_SIGNAL_POLL_MS = 200


class Studio:
    """The application's long-lived parts: window, pool, two engines (one proposes, one trains)."""

    def __init__(self) -> None:
        self.app = QApplication.instance() or QApplication(["unet-studio"])
        assert isinstance(self.app, QApplication)
        self.app.setApplicationName("unet-studio")
        self.app.setApplicationDisplayName("U-Net Studio")
        self.app.setDesktopFileName("unet-studio")
        self.app.setWindowIcon(QIcon(str(resources_folder() / "icons" / "app.svg")))
        apply_theme(self.app)
        self.pool = Pool()
        # Two engines, so that proposing goes on while a training runs. Each starts when first needed.
        self.proposer = EngineThread(EngineConnection())
        self.trainer = EngineThread(EngineConnection())
        self.window = MainWindow(self.pool, self.proposer, self.trainer)

    def close(self) -> None:
        """End threads and engines. The window must be closed already."""
        for thread in (self.proposer, self.trainer):
            thread.close()
        self.pool.close()


def run_window(paths: Sequence[Path]) -> int:
    """Open the window on images, a folder or a project; returns when it is closed."""
    _write_log()
    studio = Studio()
    sys.excepthook = _tell_of_bug
    # Python handles Ctrl+C only while Python code runs: let it, now and then.
    signal.signal(signal.SIGINT, lambda *_: studio.window.close())
    poll = QTimer()
    poll.timeout.connect(lambda: None)
    poll.start(_SIGNAL_POLL_MS)
    studio.window.show()
    if paths:
        studio.window.open_paths(list(paths))
    code = studio.app.exec()
    studio.close()
    return code


def _write_log() -> None:
    folder = user_folder() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "window.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
        )
    except OSError:
        return  # No log is no reason not to work.
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)


def _tell_of_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A programming error: the full story goes into the log, one sentence to the person."""
    text = "".join(traceback.format_exception(kind, error, trace))
    _log.error("%s", text)
    sys.stderr.write(text)
    app = QApplication.instance()
    if app is None or QThread.currentThread() is not app.thread():
        return  # Only the GUI thread may show a window.
    sentence = tr(
        "app",
        "Something unexpected went wrong ({reason}). Your labels are safe. The details are in {log}; please "
        "report it.",
    )
    window = QApplication.activeWindow()
    QMessageBox.warning(
        window,
        "U-Net Studio",
        sentence.format(reason=f"{kind.__name__}: {error}", log=user_folder() / "logs" / "window.log"),
    )
