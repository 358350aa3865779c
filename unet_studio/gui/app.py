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
from unet_studio.settings.locations import resources_folder, window_log
from unet_studio.settings.preferences import load_preferences, save_preferences
from unet_studio.store.project_place import is_project

_log = logging.getLogger("unet_studio")
_SIGNAL_POLL_MS = 200
_TIDY_MS = 20_000
_WATCH_MS = 200
_IDLE_S = 3.0
_LANGUAGE_WAIT_MS = 3_000
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
        if self._language not in languages() or not can_be_written(self._language):
            self._language = usual_language()
        speak(self.app, self._language)
        gc.freeze()
        gc.set_threshold(20_000, 50, 1_000_000)
        self.window = self._make_window()

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
        """The window in another language: it is made anew and opens what was open. Not while something is
        done that would be lost."""
        if language == self._language:
            return
        if not can_be_written(language):
            text = (
                "No font of this machine can write {language}: install one, on Debian or Ubuntu with sudo "
                "apt-get install fonts-noto-cjk."
            )
            self._refuse(UserError(text, language=name_of(language)))
        elif self.window.training.is_busy or self.window.proposing.is_busy:
            self._refuse(
                UserError("The network is at work: change the language when it is done, or stop it first.")
            )
        elif self.pool.is_busy or QApplication.activeModalWidget() is not None:
            self._refuse(
                UserError("Something is still being read or written: change the language when that is done.")
            )
        else:
            self._exchange_window(language)

    def _refuse(self, error: UserError) -> None:
        self.window.show_language(self._language)
        self.window.problems.tell(error)

    def _exchange_window(self, language: str) -> None:
        old, before = self.window, self._language
        store = old.session.store
        # Between the windows there is none; that is no reason to end.
        self.app.setQuitOnLastWindowClosed(False)
        try:
            speak(self.app, language)
            self._language = language
            new = self._make_window()
            if not old.close():
                speak(self.app, before)
                self._language = before
                old.show_language(before)
                new.deleteLater()
                return
            self.pool.change_audience()
            self.window = new
            new.restoreGeometry(old.saveGeometry())
            new.show()
            new.activateWindow()
            old.deleteLater()
        finally:
            self.app.setQuitOnLastWindowClosed(True)
        preferences = load_preferences()
        preferences.language = language
        save_preferences(preferences)
        if store is not None:
            new.open_paths([store.folder])

    def _make_window(self) -> MainWindow:
        window = MainWindow(self.pool, self.proposer, self.trainer)
        window.show_language(self._language)
        window.language_wanted.connect(self._change_soon)
        window.session.project_changed.connect(self._remember_project)
        for every_ms, do in ((_TIDY_MS, self._tidy), (_WATCH_MS, self._tell_engines)):
            timer = QTimer(window)
            timer.timeout.connect(do)
            timer.start(every_ms)
        return window

    def _change_soon(self, language: str) -> None:
        """As soon as nothing is read: pictures for the list of images come one after the other."""
        looks = iter(range(_LANGUAGE_WAIT_MS // _WATCH_MS))

        def look() -> None:
            if self.pool.is_busy and next(looks, None) is not None:
                QTimer.singleShot(_WATCH_MS, look)
            else:
                self.change_language(language)

        QTimer.singleShot(0, look)  # When the menu that said it has closed.

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
    file = window_log()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            file, maxBytes=1_000_000, backupCount=2, encoding="utf-8"
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
        sentence.format(reason=f"{kind.__name__}: {error}", log=window_log()),
    )
