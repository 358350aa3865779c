"""CanvasView: shows one plane, pans and zooms, hands the mouse and the pen to the tool."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QImage,
    QInputEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QRegion,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.label_tiles import IndexArray
from unet_studio.gui import theme
from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.image_layer import Picture
from unet_studio.gui.canvas.label_layer import LabelLayer
from unet_studio.gui.canvas.mini_map import MiniMap
from unet_studio.gui.canvas.overlay_layer import (
    draw_checked,
    draw_circle,
    draw_overlay,
    draw_pixel_grid,
    draw_scale_bar,
    draw_tag,
    overlay_area,
    scale_bar,
    scale_bar_area,
    tag_area,
)
from unet_studio.gui.canvas.tiled_image import TiledImage
from unet_studio.gui.canvas.transform import CanvasTransform
from unet_studio.gui.tools.tool import Tool, Touch

_ZOOM_PER_NOTCH = 1.25
_WHEEL_NOTCH = 120
_LABELS_BUDGET_S = 0.005
_MOST_DIRTY = 10
_TAP_PX = 8
_SHARPEN_MS = 15
_LARGE_BYTES = 4 * 2**17
_MAP_MARGIN_PX = 14


class CanvasView(QWidget):
    """Composes image and labels into a buffer of the widget's size, only what changed, when it is painted."""

    pressed = Signal(object)  # Touch
    moved = Signal(object)  # Touch
    released = Signal()
    hovered = Signal(object)  # Touch or None
    finished = Signal()  # double click
    key_turned = Signal(object, bool)  # QKeyCombination, or None for all; down
    brush_steps = Signal(int)  # wheel notches
    unreadable = Signal(object)  # ImageFileError: the pixels of the shown plane do not come any more
    _came = Signal(object, object)  # Picture, Rect: these pixels can be shown now
    _failed = Signal(object, object)  # Picture, ImageFileError
    view_changed = Signal()  # another part of the image is seen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LabelLayer()
        self.transform = CanvasTransform()
        self.pixel_size_um: float | None = None
        self.has_grid = True
        self.checked: tuple[Rect, ...] = ()
        """Checked parts of a large plane: a green line runs around them."""
        self.used_at = 0.0
        """When the pointer moved here last (monotonic seconds)."""
        self._image: Picture | None = None
        self._contrast: Contrast | None = None
        self._plane = Rect(0, 0, 0, 0)
        self._tool: Tool | None = None
        self._buffer = QImage(1, 1, QImage.Format.Format_RGB32)
        self._dirty = QRegion()
        self._dragging = False
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._pointer: QPointF | None = None
        self._tag = ""
        self._pointer_shown = QRect()
        self._overlay_shown = QRect()
        self._fitted = True
        self._wheel_rest = 0
        self._last_tap = (0.0, QPointF())
        self._empty_text = ""
        self._map = MiniMap(self)
        self._map.wanted.connect(self.centre_on)
        self._came.connect(self._show_came)
        self._failed.connect(self._tell_failed)
        self._composed_at = CanvasTransform()
        """Where the picture in the buffer is seen from."""
        self._preview: tuple[QImage, CanvasTransform] | None = None
        self._sharpen = QTimer(self)
        self._sharpen.setSingleShot(True)
        self._sharpen.timeout.connect(self._show_sharp)
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="canvas")
        self._finish_labels = QTimer(self)
        self._finish_labels.setSingleShot(True)
        self._finish_labels.timeout.connect(self.refresh)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)

    # What is shown

    def set_plane(self, image: Picture | None, plane: Rect, contrast: Contrast | None = None) -> None:
        """Show another image; zoom and position stay if the size is the same."""
        same_size = plane == self._plane
        self._take(image)
        self._plane = plane
        self._contrast = contrast or (image.auto if image is not None else None)
        self._map.show_plane(image, plane, self._contrast)
        if not same_size or self._fitted:
            self.fit()
        self.refresh()
        self._show_map()

    def exchange_picture(self, image: Picture) -> None:
        """Show other pixels of the same plane: zoom, place and contrast stay."""
        self._take(image)
        self._map.show_plane(image, self._plane, self._contrast)
        self._show_map()
        self.refresh()

    def _take(self, image: Picture | None) -> None:
        if isinstance(self._image, TiledImage) and image is not self._image:
            self._image.rest()
        if isinstance(image, TiledImage):
            image.listen(
                lambda rect: self._came.emit(image, rect), lambda error: self._failed.emit(image, error)
            )
        self._image = image

    def _show_came(self, image: Picture, rect: Rect) -> None:
        if image is self._image:
            self.refresh(rect)

    def _tell_failed(self, image: Picture, error: ImageFileError) -> None:
        if image is self._image:
            self.unreadable.emit(error)

    def set_contrast(self, contrast: Contrast) -> None:
        """Show the image with other contrast."""
        self._contrast = contrast
        self._map.show_plane(self._image, self._plane, contrast)
        self._show_map()
        self.refresh()

    def set_empty_text(self, text: str) -> None:
        """What stands on the canvas when there is no image."""
        self._empty_text = text
        self.update()

    def set_tool(self, tool: Tool) -> None:
        """The tool that gets the mouse."""
        self._tool = tool
        self._update_cursor()
        self.show_tool()

    def set_tag(self, text: str) -> None:
        """A few words beside the pointer: what lies under it."""
        if text != self._tag:
            self._tag = text
            self._show_pointer()

    def refresh(self, rect: Rect | None = None) -> None:
        """Compose anew and repaint the pixels of `rect` (None: everything), at the next painting."""
        area = self.rect() if rect is None else self.transform.rect_to_widget(rect).intersected(self.rect())
        if not area.isEmpty():
            self._dirty = self._dirty.united(area)
            self.update(area.adjusted(-1, -1, 1, 1))  # At 125 % what is composed is a pixel larger.

    def show_tool(self) -> None:
        """The tool's circle or its lines have changed."""
        self._show_pointer()
        before = self._overlay_shown
        overlay = self._tool.overlay if self._tool else None
        self._overlay_shown = (
            overlay_area(overlay, self.transform, self.fontMetrics()) if overlay is not None else QRect()
        )
        self.update(before.united(self._overlay_shown))

    @property
    def is_drawing(self) -> bool:
        """True while the left button draws."""
        return self._dragging

    @property
    def shows_overlay(self) -> bool:
        """True if lines of a tool are on the screen."""
        return not self._overlay_shown.isEmpty()

    def cancel_drawing(self) -> None:
        """The tool aborted: ignore the mouse until the next press."""
        self._dragging = False

    # View

    @property
    def view_rect(self) -> Rect:
        """The part of the plane that is seen."""
        first = self.transform.to_pixel(QPointF(0, 0))
        last = self.transform.to_pixel(QPointF(self.width(), self.height()))
        seen = Rect(math.floor(first.y), math.floor(first.x), math.ceil(last.y), math.ceil(last.x))
        return seen.intersect(self._plane)

    def fit(self) -> None:
        """The whole plane in the widget."""
        self._set_transform(CanvasTransform.fit(self._plane, self.size()), fitted=True)

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom at a widget position (default: the centre)."""
        centre = QPointF(self.width() / 2, self.height() / 2)
        zoomed = self.transform.zoomed(factor, anchor or centre)
        if self._preview is None and self._image is not None:
            self._preview = self._buffer.copy(), self._composed_at
        self._set_transform(zoomed)
        if self._preview is not None:
            self._sharpen.start(_SHARPEN_MS)

    def zoom_to_pixels(self) -> None:
        """One image pixel = one widget pixel, around the centre."""
        self.zoom_by(1.0 / self.transform.scale)

    def centre_on(self, at: PixelPoint) -> None:
        """Bring a place to the middle."""
        scale = self.transform.scale
        self._set_transform(
            CanvasTransform(scale, at.y - self.height() / 2 / scale, at.x - self.width() / 2 / scale)
        )

    def bring_into_view(self, rect: Rect) -> None:
        """Go to a rectangle, if it is not seen well: off the widget, or too small to work on."""
        if rect.is_empty:
            return
        seen = self.view_rect
        is_small = max(rect.height, rect.width) * self.transform.scale < 12
        if is_small:
            wanted = min(self.width(), self.height()) / 6 / max(rect.height, rect.width, 1)
            self._set_transform(self.transform.zoomed(min(8.0, wanted) / self.transform.scale, QPointF()))
        if is_small or rect.intersect(seen) != rect:
            self.centre_on(PixelPoint((rect.top + rect.bottom) / 2, (rect.left + rect.right) / 2))

    def _set_transform(self, transform: CanvasTransform, *, fitted: bool = False) -> None:
        self.transform = transform
        self._fitted = fitted
        self._forget_overlay()
        self.refresh()
        self._show_map()
        self.view_changed.emit()

    def _pan(self, delta: QPointF) -> None:
        """Move what is there, and compose only what comes into view."""
        ratio = self.devicePixelRatioF()
        dx, dy = delta.x() * ratio, delta.y() * ratio
        is_whole = dx == round(dx) and dy == round(dy)
        self.transform = self.transform.panned(delta)
        self._fitted = False
        self._forget_overlay()
        if is_whole and abs(delta.x()) < self.width() and abs(delta.y()) < self.height():
            self._scroll(round(dx), round(dy))
            moved = delta.toPoint()
            fresh = QRegion(self.rect()).subtracted(QRegion(self.rect().translated(moved)))
            # What was to be composed moves along: it is not in the buffer yet.
            self._dirty = self._dirty.translated(moved).intersected(self.rect()).united(fresh)
            self._composed_at = self.transform
            self.update()
        else:
            self.refresh()
        self._show_map()
        self.view_changed.emit()

    def _scroll(self, dx: int, dy: int) -> None:
        words = self._buffer_pixels().view(np.uint32)[:, :, 0]
        height, width = words.shape
        to = (slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx)))
        source = (slice(max(0, -dy), height + min(0, -dy)), slice(max(0, -dx), width + min(0, -dx)))
        words[to] = words[source]

    def _forget_overlay(self) -> None:
        """All is repainted, a tool's lines elsewhere than before."""
        if self.shows_overlay:
            self._overlay_shown = self.rect()

    def _show_map(self) -> None:
        self._map.show_view(self.view_rect, self._plane)
        self._map.move(_MAP_MARGIN_PX, self.height() - self._map.height() - _MAP_MARGIN_PX)

    # Painting

    def _compose(self, area: QRect) -> None:
        """Image, then labels, into the buffer's part `area` (widget pixels)."""
        ratio = self.devicePixelRatioF()
        device = QRect(
            math.floor(area.left() * ratio),
            math.floor(area.top() * ratio),
            math.ceil(area.width() * ratio) + 1,
            math.ceil(area.height() * ratio) + 1,
        ).intersected(QRect(QPoint(0, 0), self._buffer.size()))
        pixels = self._buffer_pixels()[
            device.top() : device.top() + device.height(), device.left() : device.left() + device.width()
        ]
        if self._image is None or self._contrast is None:
            pixels[:] = (theme.CANVAS.blue(), theme.CANVAS.green(), theme.CANVAS.red(), 255)
            return
        step = 1 / (self.transform.scale * ratio)
        top, left = self.transform.y + device.top() * step, self.transform.x + device.left() * step
        # Dashes are anchored to the image, so that they do not crawl while painting or panning.
        phase = device.top() + device.left() + round((self.transform.y + self.transform.x) / step)
        rows = self._samples(device.top(), device.height(), step, self.transform.y)
        cols = self._samples(device.left(), device.width(), step, self.transform.x)
        image, contrast, layer = self._image, self._contrast, self.layer
        if pixels.size < _LARGE_BYTES:
            image.paint(pixels, top, left, step, contrast)
            sampled = layer.sample(rows, cols, budget_s=_LABELS_BUDGET_S)
            layer.blend(pixels, sampled, dash_phase=phase)
        else:
            # Two processors: the image while the labels are looked up, then a half each.
            painting = self._helper.submit(image.paint, pixels, top, left, step, contrast)
            sampled = layer.sample(rows, cols, budget_s=_LABELS_BUDGET_S)
            painting.result()
            half = device.height() // 2
            lower = self._helper.submit(
                layer.blend, pixels[half:], sampled.band(half, device.height()), dash_phase=phase + half
            )
            layer.blend(pixels[:half], sampled.band(0, half), dash_phase=phase)
            lower.result()
        if not sampled.is_complete:
            self._finish_labels.start(0)

    def _samples(self, start: int, count: int, step: float, origin: float) -> IndexArray:
        """The image row (or column) under each buffer row, with one more at both ends."""
        centres = np.arange(start - 1, start + count + 1) + 0.5
        samples: IndexArray = np.floor(origin + centres * step).astype(np.intp)
        return samples

    def _buffer_pixels(self) -> npt.NDArray[np.uint8]:
        view: npt.NDArray[np.uint8] = np.frombuffer(self._buffer.bits(), np.uint8)
        return view.reshape(self._buffer.height(), self._buffer.bytesPerLine() // 4, 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Compose what changed, copy the buffer, draw what lies over it."""
        if self._buffer.devicePixelRatio() != self.devicePixelRatioF():
            self._make_buffer()  # The window is on another screen now.
        if self._preview is not None and self._sharpen.isActive():
            self._paint_preview(*self._preview)
            return
        self._preview = None
        dirty, self._dirty = self._dirty, QRegion()
        if dirty.rectCount() > _MOST_DIRTY:
            dirty = QRegion(dirty.boundingRect())
        for area in dirty:  # type: ignore[attr-defined]
            self._compose(area)
        self._composed_at = self.transform
        painter, shown = QPainter(self), event.region()
        # The whole buffer, of which Qt takes what is shown: at 125 % a part has no whole pixels.
        painter.drawImage(0, 0, self._buffer)
        if self._image is None:
            if self._empty_text:
                painter.setPen(theme.FAINT_TEXT)
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty_text)
            return
        if self.has_grid:
            draw_pixel_grid(painter, shown.boundingRect(), self._plane, self.transform)
        draw_checked(painter, self.checked, self.transform)
        if shown.intersects(scale_bar_area(self.rect())):
            draw_scale_bar(painter, self.rect(), scale_bar(self.transform.scale, self.pixel_size_um))
        overlay = self._tool.overlay if self._tool else None
        if overlay is not None:
            draw_overlay(painter, overlay, self.transform)
        self._draw_pointer(painter)

    def _paint_preview(self, picture: QImage, taken_at: CanvasTransform) -> None:
        """While the wheel turns: the last picture at the new zoom, at once; the sharp one follows."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.CANVAS)
        corner = self.transform.to_widget(taken_at.to_pixel(QPointF(0, 0)))
        factor = self.transform.scale / taken_at.scale
        painter.drawImage(QRectF(corner, QSizeF(self.width() * factor, self.height() * factor)), picture)
        draw_scale_bar(painter, self.rect(), scale_bar(self.transform.scale, self.pixel_size_um))
        self._draw_pointer(painter)

    def _show_sharp(self) -> None:
        self._preview = None
        self.refresh()

    def _radius(self) -> float | None:
        """Of the pointer's circle, in widget pixels."""
        if self._pointer is None or self._tool is None or self._pan_from is not None or self._space_held:
            return None
        diameter = self._tool.diameter_px(self.transform.scale)
        return None if diameter is None else max(1.0, diameter * self.transform.scale / 2)

    def _draw_pointer(self, painter: QPainter) -> None:
        radius = self._radius()
        if radius is not None and self._pointer is not None:
            draw_circle(painter, self._pointer, radius)
        if self._tag and self._pointer is not None:
            draw_tag(painter, self._pointer, self._tag)

    def _show_pointer(self) -> None:
        """Repaint the circle and the tag where they were and where they are."""
        before, area, radius = self._pointer_shown, QRect(), self._radius()
        if self._pointer is not None:
            centre = self._pointer.toPoint()
            if radius is not None:
                reach = math.ceil(radius) + 3
                area = QRect(centre.x() - reach, centre.y() - reach, 2 * reach + 1, 2 * reach + 1)
            if self._tag:
                area = area.united(tag_area(self._pointer, self._tag, self.fontMetrics()).toAlignedRect())
        self._pointer_shown = area
        self.update(before.united(area))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A new buffer; a fitted image stays fitted."""
        del event
        self._make_buffer()
        if self._fitted:
            self.fit()
        else:
            self._show_map()
            self.view_changed.emit()

    def _make_buffer(self) -> None:
        ratio = self.devicePixelRatioF()
        size = QSize(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        self._buffer = QImage(size, QImage.Format.Format_RGB32)
        self._buffer.setDevicePixelRatio(ratio)
        self._preview = None
        self._dirty = QRegion(self.rect())
        self.update()

    # Mouse, pen and keys

    def _touch(
        self, position: QPointF, event: QInputEvent, *, pressure: float = 1.0, alt: bool = False
    ) -> Touch:
        # Shift too: some desktops keep Alt + drag for themselves.
        takes_away = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
        held = bool(event.modifiers() & takes_away)
        return Touch(self.transform.to_pixel(position), pressure, alt or held, self.transform.scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: the tool. Middle, or left with space held: pan."""
        left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
        self._move_pointer(event.position())
        if event.button() == middle or (event.button() == left and self._space_held):
            self._pan_from = event.position()
            self._update_cursor()
        elif event.button() == left:
            self._press(self._touch(event.position(), event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The end of what takes several clicks; for other tools a press like any other."""
        if self._tool is not None and self._tool.is_busy and event.button() == Qt.MouseButton.LeftButton:
            self.finished.emit()
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw or hover."""
        position = event.position()
        if self._dragging and not event.buttons() & Qt.MouseButton.LeftButton:
            # The button went up somewhere else, over a dialog perhaps: the stroke ended there.
            self._dragging = False
            self.released.emit()
        if self._pan_from is not None:
            delta, self._pan_from = position - self._pan_from, position
            self._pointer = position
            self._pan(delta)
            return
        self._move_pointer(position)
        self._moved_to(self._touch(position, event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End of a pan or of a stroke."""
        if self._pan_from is not None and event.button() in (
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.LeftButton,
        ):
            self._pan_from = None
            self._update_cursor()
            self._show_pointer()
        elif self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.released.emit()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen: as the mouse, with pressure; its other end takes away."""
        position, kind = event.position(), event.type()
        turned = event.pointerType() == QPointingDevice.PointerType.Eraser
        touch = self._touch(position, event, pressure=event.pressure(), alt=turned)
        self._move_pointer(position)
        if kind == QEvent.Type.TabletPress:
            self.setFocus()  # A mouse gives it by itself: else the keys go on into a field that has it.
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            if self._space_held:
                self._pan_from = position
                self._update_cursor()
            elif self._is_second_tap(position):
                self.finished.emit()
            else:
                self._press(touch)
        elif kind == QEvent.Type.TabletRelease and event.button() == Qt.MouseButton.LeftButton:
            self._pen_up()  # Its side buttons come and go in the middle of a stroke.
        elif kind == QEvent.Type.TabletMove and self._pan_from is not None:
            delta, self._pan_from = position - self._pan_from, position
            self._pan(delta)
        elif kind == QEvent.Type.TabletMove:
            self._moved_to(touch)
        event.accept()

    def _pen_up(self) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self._update_cursor()
        elif self._dragging:
            self._dragging = False
            self.released.emit()

    def _is_second_tap(self, position: QPointF) -> bool:
        """True for the second of two quick taps with the pen while a tool waits for its next corner."""
        hints, (last, at) = QGuiApplication.styleHints(), self._last_tap
        self._last_tap = time.monotonic(), position
        quick = self._last_tap[0] - last < hints.mouseDoubleClickInterval() / 1000
        near = (position - at).manhattanLength() <= _TAP_PX
        return quick and near and self._tool is not None and self._tool.is_busy

    def _press(self, touch: Touch) -> None:
        self._sharpen.stop()
        if self._image is not None and not self._dragging:
            self._dragging = True
            self.pressed.emit(touch)

    def _moved_to(self, touch: Touch) -> None:
        if self._dragging:
            self.moved.emit(touch)
        self.hovered.emit(touch if self._plane.contains_point(touch.at.y, touch.at.x) else None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel changes the brush, Ctrl + wheel zooms at the pointer; it zooms too where no brush is."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if held or self._tool is None or not self._tool.has_size:
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
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(is_held=True)
        else:
            if not event.isAutoRepeat():
                self.key_turned.emit(event.keyCombination(), True)
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space up."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(is_held=False)
        else:
            if not event.isAutoRepeat():
                self.key_turned.emit(event.keyCombination(), False)
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A space held while the window loses focus is never released here."""
        self._hold_space(is_held=False)
        self.key_turned.emit(None, False)
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """No pointer, no circle."""
        del event
        self._pointer = None
        self._show_pointer()
        self.hovered.emit(None)

    def _hold_space(self, *, is_held: bool) -> None:
        self._space_held = is_held
        self._update_cursor()
        self._show_pointer()

    def _move_pointer(self, position: QPointF) -> None:
        self._pointer = position
        self.used_at = time.monotonic()
        self._show_pointer()

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(self._tool.cursor if self._tool else Qt.CursorShape.ArrowCursor)
