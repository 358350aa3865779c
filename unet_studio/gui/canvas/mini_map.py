"""The whole plane, small, in a corner of the canvas: where one is, and a way to go elsewhere."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QTabletEvent
from PySide6.QtWidgets import QWidget

from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.image_layer import Picture

_LONG_SIDE_PX = 150
_FRAME = QColor(120, 125, 135)
_VIEW = QColor(64, 140, 255)


class MiniMap(QWidget):
    """Hidden while all of the plane is seen. A click or a drag goes there."""

    wanted = Signal(object)  # PixelPoint: to be in the middle

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = QImage()
        self._scale = 1.0
        self._view = self._plane = Rect(0, 0, 0, 0)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def show_plane(self, image: Picture | None, plane: Rect, contrast: Contrast | None) -> None:
        """Another plane, or another contrast."""
        if image is None or contrast is None or plane.is_empty:
            self._picture = QImage()
            self.hide()
            return
        self._scale = _LONG_SIDE_PX / max(plane.width, plane.height)
        width, height = max(8, round(plane.width * self._scale)), max(8, round(plane.height * self._scale))
        pixels = np.empty((height, width, 4), np.uint8)
        image.paint(pixels, 0.0, 0.0, 1 / self._scale, contrast)
        self._picture = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
        self.setFixedSize(width + 2, height + 2)
        self.update()

    def show_view(self, view: Rect, plane: Rect) -> None:
        """The part of the plane that is seen."""
        self._view, self._plane = view.intersect(plane), plane
        everything = self._view == plane or self._picture.isNull()
        self.setVisible(not everything)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """The picture, and a frame around what is seen."""
        painter = QPainter(self)
        painter.drawImage(1, 1, self._picture)
        painter.setPen(QPen(_FRAME, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(QPen(_VIEW, 2))
        seen = QRectF(
            self._view.left * self._scale + 1,
            self._view.top * self._scale + 1,
            max(4.0, self._view.width * self._scale),
            max(4.0, self._view.height * self._scale),
        )
        painter.drawRect(seen.intersected(QRectF(self.rect().adjusted(1, 1, -2, -2))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen goes there too: what it does here must not reach the image below."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())
        event.accept()

    def _go(self, at: QPointF) -> None:
        y = min(max((at.y() - 1) / self._scale, self._plane.top), self._plane.bottom)
        x = min(max((at.x() - 1) / self._scale, self._plane.left), self._plane.right)
        self.wanted.emit(PixelPoint(y, x))
