"""Thousands of strokes with the mouse in one real window; prints memory as it goes.

argv: folder of images, strokes, bytes of the journal's budget.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.app import Studio

INSTANCES = 60
SIDE_PX = 400
"""Small, so that the plane is as full after a thousand strokes as after ten thousand."""


def memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    folder, strokes, budget = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    studio = Studio()
    window, canvas = studio.window, studio.window.canvas
    window.resize(760, 520)  # Painting the canvas is most of the time, and not the point here.
    window.show()
    window.open_paths([folder])
    while window.session.current is None:
        QApplication.processEvents()
        time.sleep(0.01)
    window.session.store.set_journal_budget(budget)
    window.actions_by_id["view.history"].trigger()
    window.use_tool("tool.brush")
    rng = np.random.default_rng(1)

    def mouse(kind: QEvent.Type, at: QPointF, held: Qt.MouseButton) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    for number in range(1, strokes + 1):
        document = window.session.document
        chosen = int(rng.integers(1, INSTANCES))
        kind = rng.random()
        window.use_tool("tool.eraser" if kind < 0.2 else "tool.brush")
        window.session.select(instance=chosen if chosen in document.instances else 0)
        start = rng.uniform(10, SIDE_PX - 10, 2)
        path = [start, start + rng.uniform(-40, 40, 2), start + rng.uniform(-40, 40, 2)]
        points = [canvas.transform.to_widget(PixelPoint(*at)) for at in path]
        mouse(QEvent.Type.MouseButtonPress, points[0], Qt.MouseButton.LeftButton)
        for at in points[1:]:
            mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton)
        mouse(QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.NoButton)
        if len(document.instances) > INSTANCES:
            window.session.delete_selected()
        if number % 10 == 0:
            window.session.undo()
            window.session.redo()
        QApplication.processEvents()
        while window.session.saving.waiting > 10:
            time.sleep(0.001)
            QApplication.processEvents()
        if number % 500 == 0:
            window.session.store.journal.flush(20)
            QApplication.processEvents()
            size = window.session.store.journal_size()
            file = (window.session.store.folder / "project.sqlite").stat().st_size
            rows = window.history_panel.model.rowCount()
            print(f"{number} {memory_mb():.1f} {size.used} {file} {rows}", flush=True)
    assert window.session.saving.problem == ""
    assert window.session.close_project()
    window.close()
    studio.close()
    print("closed", flush=True)


if __name__ == "__main__":
    main()
