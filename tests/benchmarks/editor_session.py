"""Times the editor in a real window of 1920×1080: `python -m tests.benchmarks.editor_session OUT.json`.

Each row: milliseconds from the event to the pixels on the screen (event sent, event loop run until nothing
waits, X server flushed), beside the floor: the same event sent to a bare QWidget that composes the same
rectangle from arrays (label to colour by one look-up, blended with grey values) and repaints it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Document
from unet_studio.core.geometry import PixelPoint
from unet_studio.core.proposals import Proposals
from unet_studio.gui.app import Studio
from unet_studio.gui.canvas.transform import CanvasTransform
from unet_studio.gui.theme import label_palette
from unet_studio.gui.tools.tool import BrushMode
from unet_studio.settings.training import TrainConfig
from unet_studio.store.project_store import ProjectStore

PLANES = {1024: 150, 4096: 1500, 6000: 3000, 8192: 3000, 16384: 3000}
MOVES = 20
WINDOW = (1920, 1080)
PLAIN = Qt.KeyboardModifier.NoModifier


def field(side: int, count: int, folder: Path) -> Path:
    """A folder with one grey plane and a project with round instances on it."""
    place = folder / f"plane{side}"
    if place.exists():
        return place
    place.mkdir(parents=True)
    rng = np.random.default_rng(side)
    noise = rng.integers(20, 60, (1024, 1024), np.uint8)
    image = np.tile(noise, (side // 1024 + 1, side // 1024 + 1))[:side, :side].copy()
    document = Document(side, side)
    for _ in range(count):
        y, x = (float(v) for v in rng.uniform(30, side - 30, 2))
        radius = int(rng.integers(12, 26))
        cv2.circle(image, (int(x), int(y)), radius, int(rng.integers(110, 230)), -1)
        document.begin_stroke("Brush stroke")
        at = PixelPoint(y, x)
        document.paint(Capsule(at, at, 2 * radius), document.new_instance_id())
        document.finish_stroke()
    tifffile.imwrite(place / "plane.tif", image)
    store = ProjectStore(place / f"{place.name}.unetproject")
    (image_id,) = store.add_images([place / "plane.tif"])
    plane = store.open_plane(image_id, height=side, width=side)
    empty = store.load_document(plane)
    from unet_studio.core.past import Past

    change = empty.bring_all_back(Past(document.labels, document.instances, document.checked), name="Import")
    empty.next_id = document.next_id
    store.record(plane, empty, change)
    assert store.close(timeout_s=120)
    return place


class Floor(QWidget):
    """The least a painting widget has to do."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        width, height = size
        rng = np.random.default_rng(0)
        self.grey = rng.integers(0, 255, (height, width), np.uint8)
        coarse = rng.integers(0, 200, (height // 8 + 1, width // 8 + 1)).astype(np.int32)
        self.labels = coarse.repeat(8, 0).repeat(8, 1)[:height, :width]
        self.palette_32 = np.concatenate([label_palette(), np.full((256, 1), 255, np.uint8)], axis=1)
        self.buffer = QImage(width, height, QImage.Format.Format_RGB32)
        self.pixels = np.frombuffer(self.buffer.bits(), np.uint8).reshape(height, width, 4)
        self.area = QRect(0, 0, 100, 100)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.resize(width, height)

    def mouseMoveEvent(self, _: QMouseEvent) -> None:
        a = self.area
        rows, cols = slice(a.top(), a.bottom() + 1), slice(a.left(), a.right() + 1)
        colour = self.palette_32[self.labels[rows, cols] & 255]
        grey = self.grey[rows, cols, None]
        self.pixels[rows, cols] = (colour.astype(np.uint16) * 77 + grey.astype(np.uint16) * 179) >> 8
        self.update(a)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(event.rect(), self.buffer, event.rect())


class Hand:
    """Sends events to a widget and waits until the screen shows what they did."""

    def __init__(self, app: QApplication) -> None:
        self.app = app

    def mouse(self, widget: QWidget, kind: QEvent.Type, at: QPointF) -> None:
        left = Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
        QApplication.sendEvent(widget, QMouseEvent(kind, at, widget.mapToGlobal(at), button, held, PLAIN))

    def wheel(self, widget: QWidget, at: QPointF, turned: int) -> None:
        event = QWheelEvent(
            at, widget.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    def settle(self) -> None:
        self.app.processEvents()
        self.app.sync()

    def time(self, act: Callable[[], object]) -> float:
        start = time.perf_counter()
        act()
        self.settle()
        return (time.perf_counter() - start) * 1e3

    def rest(self, seconds: float = 0.05) -> None:
        """Let writer threads and timers finish what they have to do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.settle()
            time.sleep(0.002)


class Editor:
    """The window on one plane."""

    def __init__(self, studio: Studio, hand: Hand, folder: Path, floor: Floor) -> None:
        self.window, self.hand, self.floor = studio.window, hand, floor
        self.canvas = studio.window.canvas
        start = time.perf_counter()
        seen: list[float] = []

        def looked(*_: object) -> None:
            hand.settle()
            seen.append((time.perf_counter() - start) * 1e3)

        self.window.session.glanced.connect(looked)
        self.window.open_paths([folder])
        while self.window.session.current is None or self.window.session.current.path.parent != folder:
            studio.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        hand.settle()
        self.open_ms = (time.perf_counter() - start) * 1e3
        self.first_pixels_ms = min([*seen, self.open_ms])
        self.window.session.glanced.disconnect(looked)
        hand.rest(1.5)

    @property
    def document(self) -> Document:
        document = self.window.session.document
        assert document is not None
        return document

    def look_at(self, y: float, x: float, scale: float) -> None:
        width, height = self.canvas.width(), self.canvas.height()
        self.canvas._set_transform(CanvasTransform(scale, y - height / scale / 2, x - width / scale / 2))
        self.hand.rest(0.1)

    def centre_of(self, instance_id: int) -> tuple[float, float]:
        rect = self.document.instance_rect(instance_id)
        return (rect.top + rect.bottom) / 2, (rect.left + rect.right) / 2

    def strokes(self, radius: float, strokes: int, *, scale: float, seed: int = 0) -> dict[str, list[float]]:
        """20 moves a stroke; what the moves and the ends took, and of the floor for the same rectangle."""
        rng = np.random.default_rng(seed)
        self.window.settings.diameter, self.window.settings.mode = 2 * radius, BrushMode.EVERYTHING
        self.window.use_tool("tool.brush")
        floor = self.floor
        self.hand.rest(0.2)
        moves, ends, handlers, floors = [], [], [], []
        kinds = QEvent.Type
        side = min(self.document.bounds.bottom, 1024 * 16)
        middle = side / 2
        self.look_at(middle, middle, scale)
        width, height = self.canvas.width(), self.canvas.height()
        reach = 20.0
        for _ in range(strokes):
            self.window.session.select()
            at = QPointF(*(float(v) for v in rng.uniform((200, 200), (width - 300, height - 300))))
            self.hand.mouse(self.canvas, kinds.MouseButtonPress, at)
            self.hand.settle()
            direction = rng.uniform(0, 2 * np.pi)
            for _ in range(MOVES):
                last = at
                direction += rng.uniform(-0.4, 0.4)
                at = at + QPointF(float(np.cos(direction)) * reach, float(np.sin(direction)) * reach)
                moves.append(self.hand.time(lambda at=at: self.hand.mouse(self.canvas, kinds.MouseMove, at)))
                size = radius * scale * 2 + 3
                box = QRect(
                    int(min(at.x(), last.x()) - size / 2), int(min(at.y(), last.y()) - size / 2),
                    int(abs(at.x() - last.x()) + size), int(abs(at.y() - last.y()) + size),
                )  # fmt: skip
                floor.area = box.intersected(floor.rect())
                floors.append(self.hand.time(lambda at=at: self.hand.mouse(floor, kinds.MouseMove, at)))
            start = time.perf_counter()
            self.hand.mouse(self.canvas, kinds.MouseButtonRelease, at)
            handlers.append((time.perf_counter() - start) * 1e3)
            self.hand.settle()
            ends.append((time.perf_counter() - start) * 1e3)
            self.hand.rest(0.03)
        return {
            "moves": moves,
            "end, on the GUI thread": handlers,
            "end, to the screen": ends,
            "floor": floors,
        }

    def undo_redo(self, count: int) -> dict[str, list[float]]:
        """After so many `strokes`: each undo and each redo, to the pixels on the screen."""
        session = self.window.session
        undo, redo = [], []
        for _ in range(count):
            undo.append(self.hand.time(session.undo))
            self.hand.rest(0.02)
        for _ in range(count):
            redo.append(self.hand.time(session.redo))
            self.hand.rest(0.02)
        return {"undo": undo, "redo": redo}

    def repairs(self, rounds: int) -> dict[str, list[float]]:
        """Pick, split, merge and delete, each with the mouse or its key's handler."""
        window, hand, rng = self.window, self.hand, np.random.default_rng(1)
        taken: dict[str, list[float]] = {"pick": [], "split": [], "merge": [], "delete": []}
        ids = [row.id for row in self.document.instances]
        kinds = QEvent.Type
        for instance_id in rng.choice(ids, rounds, replace=False).tolist():
            if instance_id not in self.document.instances:
                continue
            y, x = self.centre_of(instance_id)
            self.look_at(y, x, 1.0)
            to = self.canvas.transform.to_widget
            centre, above, below = to(PixelPoint(y, x)), to(PixelPoint(y - 40, x)), to(PixelPoint(y + 40, x))

            def click(at: QPointF) -> None:
                hand.mouse(self.canvas, kinds.MouseButtonPress, at)
                hand.mouse(self.canvas, kinds.MouseButtonRelease, at)

            window.use_tool("tool.pick")
            window.session.select()
            hand.settle()
            taken["pick"].append(hand.time(partial(click, centre)))
            window.use_tool("tool.split")
            hand.mouse(self.canvas, kinds.MouseButtonPress, above)
            hand.mouse(self.canvas, kinds.MouseMove, below)
            hand.settle()
            done = len(self.document.history.done)
            taken["split"].append(
                hand.time(partial(hand.mouse, self.canvas, kinds.MouseButtonRelease, below))
            )
            assert len(self.document.history.done) != done or done >= 1000
            window.use_tool("tool.merge")
            left, right = centre - QPointF(6, 0), centre + QPointF(6, 0)
            hand.mouse(self.canvas, kinds.MouseButtonPress, left)
            hand.mouse(self.canvas, kinds.MouseMove, right)
            hand.settle()
            taken["merge"].append(
                hand.time(partial(hand.mouse, self.canvas, kinds.MouseButtonRelease, right))
            )
            window.use_tool("tool.pick")
            click(centre)
            hand.settle()
            taken["delete"].append(hand.time(window.session.delete_selected))
            window.session.undo()
            hand.rest(0.03)
        return taken

    def moving(self) -> dict[str, list[float]]:
        """Panning with the middle button and zooming with the wheel, at several zooms."""
        hand, canvas = self.hand, self.canvas
        pan, zoom, sharp = [], [], []
        middle_button = Qt.MouseButton.MiddleButton
        side = self.document.bounds.bottom
        for scale in (0.12, 0.3, 1.0, 2.5):
            self.look_at(side / 2, side / 2, scale)
            hand.rest(0.5)
            at = QPointF(canvas.width() / 2, canvas.height() / 2)
            press = QMouseEvent(
                QEvent.Type.MouseButtonPress, at, canvas.mapToGlobal(at), middle_button, middle_button, PLAIN
            )
            QApplication.sendEvent(canvas, press)
            hand.settle()
            for step in range(30):
                at = at + QPointF(11, 7 if step % 2 else -5)
                move = QMouseEvent(
                    QEvent.Type.MouseMove,
                    at,
                    canvas.mapToGlobal(at),
                    Qt.MouseButton.NoButton,
                    middle_button,
                    PLAIN,
                )
                pan.append(hand.time(lambda move=move: QApplication.sendEvent(canvas, move)))
            release = QMouseEvent(
                QEvent.Type.MouseButtonRelease, at, canvas.mapToGlobal(at), middle_button,
                Qt.MouseButton.NoButton, PLAIN,
            )  # fmt: skip
            QApplication.sendEvent(canvas, release)
            centre = QPointF(canvas.width() / 2, canvas.height() / 2)
            for turned in (120, 120, 120, -120, -120, -120) * 3:
                start = time.perf_counter()
                zoom.append(hand.time(partial(hand.wheel, canvas, centre, turned)))
                while canvas._finish_labels.isActive() or canvas._sharpen.isActive():
                    hand.settle()
                sharp.append((time.perf_counter() - start) * 1e3)
        return {"pan": pan, "zoom": zoom, "zoom, sharp": sharp}

    def accept(self, count: int) -> list[float]:
        """Accept that many proposals at once."""
        side = self.document.bounds.bottom
        rng = np.random.default_rng(3)
        labels = np.zeros((side, side), np.int32)
        for number in range(1, count + 1):
            y, x = (int(v) for v in rng.integers(20, side - 20, 2))
            cv2.circle(labels, (x, y), int(rng.integers(10, 18)), number, -1)
        session = self.window.session
        taken = []
        for _ in range(5):
            assert session.current is not None
            document = session.document
            assert document is not None
            session.publish(document.delete_instances([row.id for row in document.instances], name="Delete"))
            session.set_proposals(session.current.plane_id, Proposals.from_label_image(labels, model="m"))
            self.canvas.fit()
            self.hand.rest(1.0)
            taken.append(self.hand.time(session.accept_all))
            self.hand.rest(0.5)
        return taken


def while_fine_tuning(editor: Editor) -> dict[str, object]:
    """Strokes while a fine-tuning of the shipped model uses the processors."""
    window = editor.window
    window.session.set_checked(checked=True, view=window.canvas.view_rect)
    steps: list[object] = []
    window.training.progressed.connect(lambda done, _: steps.append(done))
    window.training.start(TrainConfig(steps=100_000), name="tuned", model=window.models.current)
    while len(steps) < 3:
        editor.hand.rest(0.2)
    before = len(steps)
    start = time.monotonic()
    found = editor.strokes(40, 30, scale=1.0, seed=5)
    rows: dict[str, object] = {name: summary(times) for name, times in found.items()}
    rows["training steps a second"] = (len(steps) - before) / (time.monotonic() - start)
    window.training.cancel()
    editor.hand.rest(1.0)
    return rows


def resident_mib() -> float:
    """Resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def summary(times: list[float]) -> dict[str, float]:
    values = np.array(times)
    return {
        "median": float(np.median(values)),
        "p99": float(np.percentile(values, 99)),
        "most": float(values.max()),
        "n": len(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--strokes", type=int, default=40)
    options = parser.parse_args()
    os.environ.setdefault("UNET_STUDIO_HOME", str(options.work / "home"))
    rows: dict[str, object] = {}
    folders = {side: field(side, count, options.work) for side, count in PLANES.items()}
    if not options.only or "start" in options.only:
        rows["start"] = [started(folders[1024], options.work) for _ in range(5)]
        rows["start with 16384"] = [started(folders[16384], options.work) for _ in range(3)]
    if not options.only or "memory" in options.only:
        rows["memory above the image, 16384"] = {"MiB": memory_above_image_mib(folders[16384])}
    studio = Studio()
    studio.window.resize(*WINDOW)
    studio.window.show()
    hand = Hand(studio.app)
    floor = Floor((studio.window.canvas.width(), studio.window.canvas.height()))
    floor.show()
    hand.rest(0.5)
    gc.collect()
    for side in (1024, 4096, 16384, 6000, 8192):
        if options.only and str(side) not in options.only:
            continue
        editor = Editor(studio, hand, folders[side], floor)
        if side in (1024, 4096, 16384):
            found = editor.strokes(40, options.strokes, scale=1.0)
            rows[f"brush 40 {side}"] = {name: summary(times) for name, times in found.items()}
        if side == 1024:
            rows["brush 40 1024 while fine-tuning"] = while_fine_tuning(editor)
        if side == 16384:
            rows["open 16384 in a running window"] = {
                "first pixels, ms": editor.first_pixels_ms, "to be worked on, ms": editor.open_ms
            }  # fmt: skip
            found = editor.strokes(1000, 6, scale=0.25)
            rows["brush 1000 16384"] = {name: summary(times) for name, times in found.items()}
            found = editor.strokes(1000, 6, scale=1.0)
            rows["brush 1000 16384 at 1:1"] = {name: summary(times) for name, times in found.items()}
        if side == 4096:
            rows["undo 4096"] = {name: summary(times) for name, times in editor.undo_redo(20).items()}
        if side == 6000:
            editor.strokes(40, 20, scale=1.0)
            rows["undo 6000"] = {name: summary(times) for name, times in editor.undo_redo(20).items()}
            rows["repairs 6000"] = {name: summary(times) for name, times in editor.repairs(40).items()}
        if side == 8192:
            rows["moving 8192"] = {name: summary(times) for name, times in editor.moving().items()}
        if side == 4096:
            rows["accept 2000 on 4096"] = {"accept": summary(editor.accept(2000))}
    studio.window.close()
    studio.close()
    options.out.write_text(json.dumps(rows, indent=1))


_START = """
from pathlib import Path
from PySide6.QtCore import QEventLoop
from unet_studio.gui.app import Studio
studio = Studio()
studio.window.show()
studio.reopen()
wait = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
while studio.window.session.current is None:
    studio.app.processEvents(wait, 50)
studio.app.processEvents()
studio.app.sync()
print("there", flush=True)
"""
_END = "studio.window.close(); studio.close()\n"
_MEMORY = """
import gc, os, time
from tests.benchmarks.editor_session import resident_mib
from pathlib import Path
from unet_studio.gui.app import Studio
studio = Studio()
studio.window.resize(1920, 1080)
studio.window.show()
def rest(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        studio.app.processEvents()
        time.sleep(0.01)
rest(1)
before = resident_mib()
studio.window.open_paths([Path({folder!r})])
while studio.window.session.current is None:
    rest(0.05)
rest(3)
canvas = studio.window.canvas
for scale in (0.12, 0.3, 1.0):
    canvas.zoom_by(scale / canvas.transform.scale)
    rest(1)
gc.collect()
image = studio.window.session.current.plane.nbytes / 2**20
print(resident_mib() - before - image, flush=True)
"""


def started(folder: Path, work: Path) -> float:
    """Seconds from the command to the last image's pixels on the screen."""
    env = os.environ | {"UNET_STUDIO_HOME": str(work / "home")}
    home = work / "home"
    home.mkdir(exist_ok=True)
    project = folder / f"{folder.name}.unetproject"
    (home / "preferences.json").write_text(json.dumps({"last_project": str(project)}))
    start = time.perf_counter()
    command = [sys.executable, "-c", _START + _END]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "there"
    taken = time.perf_counter() - start
    process.wait()
    return taken


def memory_above_image_mib(folder: Path) -> float:
    """What a window on a plane takes more than an empty one, without the plane's own pixels."""
    code = _MEMORY.replace("{folder!r}", repr(str(folder))) + _END
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(answer.stdout.split()[0])


if __name__ == "__main__":
    main()
