"""A hand that knows the labels, for tests of the tools."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from tests.gui.hand import Hand
from unet_studio.core.proposals import Proposals

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
KEY = Qt.Key
CELLS = ((60, 70, 26), (60, 200, 30), (150, 90, 24), (150, 131, 24), (230, 250, 34))
"""(y, x, radius); the third and the fourth overlap."""


class Toolsmith(Hand):
    """A Hand that knows the labels, and keeps pictures if it is asked to."""

    @property
    def labels(self) -> np.ndarray:
        document = self.window.session.document
        assert document is not None
        return document.read(document.bounds)

    @property
    def ids(self) -> list[int]:
        return [int(i) for i in np.unique(self.labels) if i]

    def alt_drag(self, *points: tuple[float, float]) -> None:
        kinds = [QEvent.Type.MouseButtonPress] + [QEvent.Type.MouseMove] * (len(points) - 1)
        left = Qt.MouseButton.LeftButton
        for kind, point in zip([*kinds, QEvent.Type.MouseButtonRelease], [*points, points[-1]], strict=True):
            at = self.at(*point)
            button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
            held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
            event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, held, ALT)
            QApplication.sendEvent(self.canvas, event)

    def double_click(self, y: float, x: float) -> None:
        self.click(y, x)
        left = Qt.MouseButton.LeftButton
        self.mouse(QEvent.Type.MouseButtonDblClick, self.at(y, x), left, left)
        self.release(y, x)

    def circle(self, y: float, x: float, radius: float, count: int = 24) -> list[tuple[float, float]]:
        turns = np.linspace(0, 2 * np.pi, count)
        return [(y + radius * np.sin(turn), x + radius * np.cos(turn)) for turn in turns]

    def draw_discs(self) -> None:
        """Every cell as an instance, in the order of CELLS."""
        session = self.window.session
        document = session.document
        assert document is not None
        labels = np.zeros(document.bounds.shape, np.int32)
        for number, (y, x, radius) in enumerate(CELLS, 1):
            disc = np.zeros(labels.shape, np.uint8)
            cv2.circle(disc, (x, y), radius, 1, -1)
            labels[(disc > 0) & (labels == 0)] = number
        session.set_proposals(session.current.plane_id, Proposals.from_label_image(labels, model="m"))
        session.accept_all()

    def area_of(self, instance_id: int) -> int:
        return int((self.labels == instance_id).sum())

    def iou(self, instance_id: int, cell: int) -> float:
        y, x, radius = CELLS[cell]
        disc = np.zeros(self.labels.shape, np.uint8)
        cv2.circle(disc, (x, y), radius, 1, -1)
        mine = self.labels == instance_id
        return float((mine & (disc > 0)).sum() / (mine | (disc > 0)).sum())

    def picture(self, name: str) -> None:
        folder = os.environ.get("UNET_STUDIO_SHOTS")
        if folder:
            self.qtbot.wait(60)
            Path(folder).mkdir(parents=True, exist_ok=True)
            assert self.window.grab().save(str(Path(folder) / f"{name}.png"))
