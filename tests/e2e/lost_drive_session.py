"""Works in a real window while the drive of its images is lost, and prints what the person hears; run by a
test with lost_drive.c preloaded.

argv: the folder of images on the drive (its project too), a local image, the flag, its ending.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from unet_studio.gui import session as session_module
from unet_studio.gui.app import Studio
from unet_studio.gui.background import pool as pool_module
from unet_studio.gui.translation import error_text
from unet_studio.io import image_source

LIMIT_S = 40.0


class Work:
    def __init__(self) -> None:
        self.studio = Studio()
        self.window = self.studio.window
        self.session = self.window.session
        self.longest_s = 0.0
        """That the window did not answer."""
        self.heard: list[str] = []
        self.session.failed.connect(lambda error: self.hear("failed", error_text(error)))
        self.session.said.connect(lambda text: self.hear("said", text))

    def hear(self, how: str, text: str) -> None:
        self.heard.append(text)
        if text:
            print(f"{how}: {text}", flush=True)

    def has_heard_of(self, name: str) -> bool:
        return any(name in text for text in self.heard)

    def spin(self, until: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
        end = time.monotonic() + limit_s
        while not until() and time.monotonic() < end:
            began = time.monotonic()
            self.studio.app.processEvents()
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            time.sleep(0.001)

    def step(self, name: str, act: Callable[[], object], until: Callable[[], bool]) -> None:
        began = time.monotonic()
        act()
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        self.spin(until)
        print(f"{name}: {'done' if until() else 'NOT DONE'}", flush=True)

    def shows(self, name: str) -> bool:
        return self.session.current is not None and self.session.current.path.name == name

    def show(self, name: str) -> None:
        self.session.show_image(next(r.id for r in self.session.images() if r.path.name == name))

    def draw(self) -> None:
        canvas = self.window.canvas
        self.window.actions_by_id["tool.brush"].trigger()
        start = canvas.rect().center()
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(canvas, start + QPoint(20, 10))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)


def main() -> None:
    drive, local, flag = Path(sys.argv[1]), Path(sys.argv[2]), Path(f"{sys.argv[3]}.{sys.argv[4]}")
    image_source._LARGEST_WHOLE_BYTES = 2**20  # The slide of the test is read by tiles.
    pool_module._STUCK_S, session_module._SLOW_READING_S, session_module._STALL_S = 0.5, 1.0, 1.0
    work = Work()
    session = work.session
    work.window.resize(1000, 700)
    work.window.show()
    work.step("open", lambda: work.window.open_paths([drive]), lambda: work.shows("a.png"))
    work.step("slide", lambda: work.show("slide.tif"), lambda: work.shows("slide.tif"))
    notice = work.window.notice
    # On a busy machine the slide itself was slow: that has to be over.
    work.spin(lambda: not session.saving.waiting and not session._reads_slowly and not notice.text, 20)
    work.longest_s = 0.0
    flag.touch()

    told = len(session.images())
    canvas = work.window.canvas
    canvas.zoom_by(1.0 / canvas.transform.scale)
    work.spin(lambda: "slide.tif" in notice.text)
    print("slide:", notice.text, flush=True)
    work.draw()
    work.step("told that it is not saved", lambda: None, lambda: bool(session.saving.problem))
    print("because:", session.saving.problem, flush=True)
    for name in ("b.png", "c.png"):
        work.show(name)
        work.spin(lambda name=name: work.has_heard_of(name), 10)  # type: ignore[misc]
    assert len(session.images()) == told
    work.step("back to a", lambda: work.show("a.png"), lambda: work.shows("a.png"))
    print("longest:", "short" if work.longest_s < 1 else f"{work.longest_s:.1f} s", flush=True)

    flag.unlink()
    work.step("saved", lambda: None, lambda: not session.saving.waiting and not session.saving.problem)
    work.step("b", lambda: work.show("b.png"), lambda: work.shows("b.png"))
    work.step("slide again", lambda: work.show("slide.tif"), lambda: work.shows("slide.tif"))
    document = session.current.document if session.current is not None else None
    print("instances:", len(document.instances) if document is not None else None, flush=True)
    work.step("local", lambda: work.window.open_paths([local]), lambda: work.shows(local.name))

    work.longest_s = 0.0
    flag.touch()
    for name in (drive / "b.png", drive / "c.png", drive):
        work.window.open_paths([name])
    work.spin(lambda: False, 1)
    work.step("local again", lambda: work.window.open_paths([local]), lambda: work.shows(local.name))
    work.draw()
    work.spin(lambda: not session.saving.waiting, 10)
    pool_module._CLOSE_S = 1.0
    began = time.monotonic()
    work.window.close()
    ended = work.studio.pool.close(1.0)
    print(f"closed: {time.monotonic() - began < 5}, all threads at their end: {ended}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
