"""The composition root: makes the application and its window."""

from __future__ import annotations

import gc
import logging
import logging.handlers
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import cv2
from PySide6.QtCore import QCoreApplication, Qt, QThread, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

from unet_studio.core.errors import UserError
from unet_studio.gui.background.engine_thread import EngineThread
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.language import can_be_written, languages, name_of, speak, usual_language
from unet_studio.gui.main_window import MainWindow
from unet_studio.gui.theme import apply_theme
from unet_studio.gui.translation import tr
from unet_studio.jobs.connection import EngineConnection
from unet_studio.settings.locations import resources_folder, user_folder
from unet_studio.settings.preferences import load_preferences, save_preferences
from unet_studio.store.project_place import is_project

_log = logging.getLogger("unet_studio")
_SIGNAL_POLL_MS = 200
_TIDY_MS = 20_000
_WATCH_MS = 200
_IDLE_S = 3.0
_SWITCH_INTERVAL_S = 0.0003


class Studio:
    """The application's long-lived parts: window, pool, two engines (one proposes, one trains)."""

    def __init__(self) -> None:
        # Every movement of the hand counts, also those that come faster than the screen is painted.
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, on=False)
        app = QApplication.instance() or QApplication(["unet-studio"])
        assert isinstance(app, QApplication)
        self.app = app
        self.app.setApplicationName("unet-studio")
        self.app.setApplicationDisplayName("U-Net Studio")
        self.app.setDesktopFileName("unet-studio")
        self.app.setWindowIcon(QIcon(str(resources_folder() / "icons" / "app.svg")))
        apply_theme(self.app)
        # The hand goes first: a worker in Python gives the interpreter back within this time, not after 5 ms.
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        # OpenCV's own threads wait for each other on a busy machine: the canvas parts its work itself.
        cv2.setNumThreads(1)
        self.pool = Pool()
        # Two engines, so that proposing goes on while a training runs. Each starts when first needed.
        self.proposer = EngineThread(EngineConnection())
        self.trainer = EngineThread(EngineConnection())
        self._in_use = False
        self._language = load_preferences().language
        if self._language not in languages():
            self._language = usual_language()
        speak(self.app, self._language)
        self.window = self._make_window()
        gc.freeze()
        gc.set_threshold(20_000, 50, 1_000_000)

    def reopen(self) -> None:
        """Open the project that was open last, if it is still there; without it the window stays empty."""
        last = load_preferences().last_project
        if not last:
            return
        project, window = Path(last), self.window

        def looked(is_there: bool) -> None:
            if is_there and window.session.store is None:
                window.open_paths([project])

        # In a worker: it may be on a drive that does not answer.
        self.pool.submit(lambda: is_project(project), looked, window.session.failed.emit)

    def change_language(self, language: str) -> None:
        """The window in another language: it is made anew and opens what was open. Not while something runs
        in it that would be lost."""
        old = self.window
        problem = self._why_not(language)
        if problem is not None:
            old.show_language(self._language)
            old.problems.tell(problem)
            return
        store = old.session.store
        self.app.setQuitOnLastWindowClosed(False)
        if old.close():
            self.pool.change_audience()
            speak(self.app, language)
            self._language = language
            preferences = load_preferences()
            preferences.language = language
            save_preferences(preferences)
            self.window = self._make_window()
            self.window.restoreGeometry(old.saveGeometry())
            self.window.show()
            self.window.activateWindow()
            if store is not None:
                self.window.open_paths([store.folder])
            old.deleteLater()
        else:
            old.show_language(self._language)
        self.app.setQuitOnLastWindowClosed(True)

    def _why_not(self, language: str) -> UserError | None:
        if not can_be_written(language):
            return UserError(
                "No font of this machine can write {language}: install one, on Debian or Ubuntu with sudo "
                "apt-get install fonts-noto-cjk.",
                language=name_of(language),
            )
        if self.window.training.is_busy:
            return UserError("A training is running: change the language when it has ended.")
        return None

    def _make_window(self) -> MainWindow:
        window = MainWindow(self.pool, self.proposer, self.trainer)
        window.show_language(self._language)
        # When the menu that says it has closed.
        window.language_wanted.connect(self._change_soon)
        window.session.project_changed.connect(self._remember_project)
        for every_ms, do in ((_TIDY_MS, self._tidy), (_WATCH_MS, self._tell_engines)):
            timer = QTimer(window)
            timer.timeout.connect(do)
            timer.start(every_ms)
        return window

    def _change_soon(self, language: str) -> None:
        if language != self._language:
            QTimer.singleShot(0, lambda: self.change_language(language))

    def _tell_engines(self) -> None:
        """The engines leave a processor to the hand that draws, and take it again when it rests."""
        in_use = time.monotonic() - self.window.canvas.used_at < _IDLE_S
        if in_use != self._in_use:
            self._in_use = in_use
            for thread in (self.proposer, self.trainer):
                thread.window_in_use(in_use)

    def _tidy(self) -> None:
        """Python's search for garbage takes tens of milliseconds: it waits until the hand rests."""
        if time.monotonic() - self.window.canvas.used_at > _IDLE_S:
            gc.collect()

    def _remember_project(self) -> None:
        store, preferences = self.window.session.store, load_preferences()
        if store is not None and preferences.last_project != str(store.folder):
            preferences.last_project = str(store.folder)
            save_preferences(preferences)

    def close(self) -> bool:
        """End threads and engines. The window must be closed already. False if a thread hangs in a lost
        drive."""
        ends = [thread.close() for thread in (self.proposer, self.trainer)]
        return self.pool.close() and all(ends)


def run_window(paths: Sequence[Path]) -> int:
    """Open the window on images, a folder or a project (none: the last one); returns when it is closed."""
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
    else:
        studio.reopen()
    code = studio.app.exec()
    if not studio.close():
        # Strokes and exports are written. Python would wait for the thread, which may be for ever.
        _log.warning("left while a thread was waiting for a drive")
        logging.shutdown()
        os._exit(code)
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
