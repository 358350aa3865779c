"""CanvasView: shows one plane, pans and zooms, hands the mouse to the tool."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import IndexArray
from unet_studio.gui import theme
from unet_studio.gui.canvas.image_layer import DisplayImage
from unet_studio.gui.canvas.label_layer import LabelLayer
from unet_studio.gui.canvas.transform import CanvasTransform
from unet_studio.gui.tools.tool import Tool

_ZOOM_PER_NOTCH = 1.25
_WHEEL_NOTCH = 120


class CanvasView(QWidget):
    """Composes image and labels into a buffer of the widget's size and repaints only what changed."""

    pressed = Signal(object)  # PixelPoint
    moved = Signal(object)  # PixelPoint
    released = Signal()
    hovered = Signal(object)  # PixelPoint or None
    brush_steps = Signal(int)  # wheel notches

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LabelLayer()
        self.transform = CanvasTransform()
        self._image: DisplayImage | None = None
        self._plane = Rect(0, 0, 0, 0)
        self._tool: Tool | None = None
        self._buffer = QImage(1, 1, QImage.Format.Format_RGB32)
        self._dragging = False
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._pointer: QPointF | None = None
        self._fitted = True
        self._wheel_rest = 0
        self._empty_text = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)

    # What is shown

    def set_plane(self, image: DisplayImage | None, plane: Rect) -> None:
        """Show another image; zoom and position stay if the size is the same."""
        same_size = plane == self._plane
        self._image, self._plane = image, plane
        if not same_size or self._fitted:
            self.fit()
        self.refresh()

    def set_empty_text(self, text: str) -> None:
        """What stands on the canvas when there is no image."""
        self._empty_text = text
        self.update()

    def set_tool(self, tool: Tool) -> None:
        """The tool that gets the mouse."""
        self._tool = tool
        self._update_cursor()
        self.update()

    def refresh(self, rect: Rect | None = None) -> None:
        """Compose anew and repaint the pixels of `rect` (None: everything)."""
        area = self.rect() if rect is None else self.transform.rect_to_widget(rect).intersected(self.rect())
        if not area.isEmpty():
            self._compose(area)
            self.update(area)

    def tool_changed_size(self) -> None:
        """The tool's circle has another diameter."""
        self.update()

    @property
    def is_drawing(self) -> bool:
        """True while the left button draws."""
        return self._dragging

    def cancel_drawing(self) -> None:
        """The tool aborted: ignore the mouse until the next press."""
        self._dragging = False

    # View

    def fit(self) -> None:
        """The whole plane in the widget."""
        self._set_transform(CanvasTransform.fit(self._plane, self.size()), fitted=True)

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom at a widget position (default: the centre)."""
        centre = QPointF(self.width() / 2, self.height() / 2)
        self._set_transform(self.transform.zoomed(factor, anchor or centre))

    def zoom_to_pixels(self) -> None:
        """One image pixel = one widget pixel, around the centre."""
        self.zoom_by(1.0 / self.transform.scale)

    def _set_transform(self, transform: CanvasTransform, *, fitted: bool = False) -> None:
        self.transform = transform
        self._fitted = fitted
        self.refresh()

    # Painting

    def _compose(self, area: QRect) -> None:
        """Image, then labels, into the buffer's part `area` (widget pixels)."""
        ratio = self.devicePixelRatioF()
        painter = QPainter(self._buffer)
        painter.setClipRect(area)
        painter.fillRect(area, theme.CANVAS)
        if self._image is not None:
            self._image.paint(painter, area, self.transform)
        painter.end()
        if self._image is None:
            return
        device = QRect(
            math.floor(area.left() * ratio),
            math.floor(area.top() * ratio),
            math.ceil(area.width() * ratio),
            math.ceil(area.height() * ratio),
        ).intersected(QRect(QPoint(0, 0), self._buffer.size()))
        pixels = self._buffer_pixels()[
            device.top() : device.top() + device.height(), device.left() : device.left() + device.width()
        ]
        rows = self._samples(device.top(), device.height(), ratio, self.transform.y)
        cols = self._samples(device.left(), device.width(), ratio, self.transform.x)
        self.layer.blend(pixels, rows, cols)

    def _samples(self, start: int, count: int, ratio: float, origin: float) -> IndexArray:
        """The image row (or column) under each buffer row, with one more at both ends."""
        centres = (np.arange(start - 1, start + count + 1) + 0.5) / ratio
        samples: IndexArray = np.floor(origin + centres / self.transform.scale).astype(np.intp)
        return samples

    def _buffer_pixels(self) -> npt.NDArray[np.uint8]:
        view: npt.NDArray[np.uint8] = np.frombuffer(self._buffer.bits(), np.uint8)
        return view.reshape(self._buffer.height(), self._buffer.bytesPerLine() // 4, 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the buffer, draw the pointer's circle over it."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        for area in event.region():  # type: ignore[attr-defined]
            source = QRect(
                math.floor(area.left() * ratio),
                math.floor(area.top() * ratio),
                math.ceil(area.width() * ratio),
                math.ceil(area.height() * ratio),
            )
            painter.drawImage(area, self._buffer, source)
        if self._image is None and self._empty_text:
            painter.setPen(theme.FAINT_TEXT)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty_text)
        if self._image is not None:
            self._draw_pointer(painter)

    def _draw_pointer(self, painter: QPainter) -> None:
        diameter = self._tool.cursor_diameter_px if self._tool else None
        if diameter is None or self._pointer is None or self._pan_from is not None:
            return
        radius = max(1.0, diameter * self.transform.scale / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.2)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(self._pointer, radius, radius)

    def _pointer_area(self) -> QRect:
        diameter = self._tool.cursor_diameter_px if self._tool else None
        if diameter is None or self._pointer is None:
            return QRect()
        radius = math.ceil(max(1.0, diameter * self.transform.scale / 2)) + 3
        centre = self._pointer.toPoint()
        return QRect(centre.x() - radius, centre.y() - radius, 2 * radius + 1, 2 * radius + 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A new buffer; a fitted image stays fitted."""
        ratio = self.devicePixelRatioF()
        size = QSize(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        self._buffer = QImage(size, QImage.Format.Format_RGB32)
        self._buffer.setDevicePixelRatio(ratio)
        if self._fitted:
            self.fit()
        else:
            self.refresh()

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: the tool. Middle, or left with space held: pan."""
        left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
        self._move_pointer(event.position())
        if event.button() == middle or (event.button() == left and self._space_held):
            self._pan_from = event.position()
            self._update_cursor()
        elif event.button() == left and self._image is not None and not self._dragging:
            self._dragging = True
            self.pressed.emit(self.transform.to_pixel(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw or hover."""
        position = event.position()
        if self._pan_from is not None:
            delta, self._pan_from = position - self._pan_from, position
            self._pointer = position
            self._set_transform(self.transform.panned(delta))
            return
        self._move_pointer(position)
        if self._dragging:
            self.moved.emit(self.transform.to_pixel(position))
        at = self.transform.to_pixel(position)
        self.hovered.emit(at if self._plane.contains_point(at.y, at.x) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End of a pan or of a stroke."""
        if self._pan_from is not None and event.button() in (
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.LeftButton,
        ):
            self._pan_from = None
            self._update_cursor()
        elif self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl + wheel zooms at the pointer; the wheel alone changes the brush."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(_ZOOM_PER_NOTCH ** (turned / _WHEEL_NOTCH), event.position())
        else:
            self._wheel_rest += turned
            notches = int(self._wheel_rest / _WHEEL_NOTCH)
            self._wheel_rest -= notches * _WHEEL_NOTCH
            if notches:
                self.brush_steps.emit(notches)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space turns dragging into panning."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = True
            self._update_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space up."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = False
            self._update_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A space held while the window loses focus is never released here."""
        self._space_held = False
        self._update_cursor()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """No pointer, no circle."""
        self.update(self._pointer_area())
        self._pointer = None
        self.hovered.emit(None)

    def _move_pointer(self, position: QPointF) -> None:
        before = self._pointer_area()
        self._pointer = position
        self.update(before.united(self._pointer_area()))

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(self._tool.cursor if self._tool else Qt.CursorShape.ArrowCursor)
