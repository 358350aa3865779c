"""What lies over image and labels: the pointer's circle, a tool's lines, scale bar, pixel grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap, QPolygonF

from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.gui import theme
from unet_studio.gui.canvas.transform import CanvasTransform
from unet_studio.gui.tools.tool import Overlay, path_rect

_DARK, _LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255)
_GRID = QColor(128, 128, 128, 90)
_GRID_FROM_SCALE = 12.0
_TAG = QColor(20, 21, 24, 215)
_BAR_WIDTH_PX = 140
_BAR_MARGIN_PX = 14
_MARK_PX = 4.0
_LARGEST_KEPT_PX = 256
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of `width_px` widget pixels that is `text` long."""

    width_px: float
    text: str


def scale_bar(scale: float, pixel_size_um: float | None) -> ScaleBar:
    """The longest round length that fits; in pixels where nobody knows their size."""
    unit_px = scale / pixel_size_um if pixel_size_um else scale
    longest = _BAR_WIDTH_PX / unit_px
    power = math.floor(math.log10(longest))
    length = max(step * 10.0**power for step in _NICE if step * 10.0**power <= longest * 1.0001)
    if not pixel_size_um:
        length = max(1.0, length)
        return ScaleBar(length * unit_px, f"{length:g} px")
    text = (
        f"{length / 1000:g} mm"
        if length >= 1000
        else f"{length:g} µm"
        if length >= 1
        else f"{length * 1000:g} nm"
    )
    return ScaleBar(length * unit_px, text)


def draw_checked(painter: QPainter, areas: Sequence[Rect], transform: CanvasTransform) -> None:
    """A line around every checked part of a plane."""
    if not areas:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.GOOD, 2))
    for area in areas:
        painter.drawRect(transform.rect_to_widget(area, margin_px=0))


def draw_scale_bar(painter: QPainter, view: QRect, bar: ScaleBar) -> None:
    """In the lower right corner of the widget."""
    box = scale_bar_area(view)
    painter.fillRect(box, _TAG)
    painter.setPen(QPen(_LIGHT, 2))
    right, bottom = box.right() - 8, box.bottom() - 7
    painter.drawLine(QPointF(right - bar.width_px, bottom), QPointF(right, bottom))
    painter.setPen(_LIGHT)
    painter.drawText(
        box.adjusted(8, 3, -8, -10), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, bar.text
    )


def scale_bar_area(view: QRect) -> QRect:
    """The widget pixels the scale bar may take."""
    width, height = _BAR_WIDTH_PX + 16, 34
    return QRect(
        view.right() - width - _BAR_MARGIN_PX, view.bottom() - height - _BAR_MARGIN_PX, width, height
    )


def draw_pixel_grid(painter: QPainter, area: QRect, plane: Rect, transform: CanvasTransform) -> None:
    """Lines between the pixels, where these are large enough to be counted."""
    if transform.scale < _GRID_FROM_SCALE:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QPen(_GRID, 1))
    first, last = transform.to_pixel(QPointF(area.topLeft())), transform.to_pixel(QPointF(area.bottomRight()))
    rows = range(max(plane.top, math.floor(first.y)), min(plane.bottom, math.ceil(last.y)) + 1)
    cols = range(max(plane.left, math.floor(first.x)), min(plane.right, math.ceil(last.x)) + 1)
    if not rows or not cols:
        return
    corner, end = (
        transform.to_widget(PixelPoint(rows[0], cols[0])),
        transform.to_widget(PixelPoint(rows[-1], cols[-1])),
    )
    for row in rows:
        y = transform.to_widget(PixelPoint(row, 0)).y()
        painter.drawLine(QPointF(corner.x(), y), QPointF(end.x(), y))
    for col in cols:
        x = transform.to_widget(PixelPoint(0, col)).x()
        painter.drawLine(QPointF(x, corner.y()), QPointF(x, end.y()))


def draw_circle(painter: QPainter, centre: QPointF, radius: float) -> None:
    """Seen on any background: dark around light. Drawn once for every radius: smooth circles are slow."""
    if radius > _LARGEST_KEPT_PX:
        _stroke_circle(painter, centre, radius)
        return
    picture = _circle(round(radius * 4), painter.device().devicePixelRatioF())
    half = picture.deviceIndependentSize().width() / 2
    painter.drawPixmap(QPointF(round(centre.x() - half), round(centre.y() - half)), picture)


@lru_cache(maxsize=32)
def _circle(quarters: int, ratio: float) -> QPixmap:
    """A circle with a radius of so many quarters of a pixel."""
    radius = quarters / 4
    side = 2 * (math.ceil(radius) + 3) + 1
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _stroke_circle(painter, QPointF(side / 2, side / 2), radius)
    painter.end()
    return picture


def _stroke_circle(painter: QPainter, centre: QPointF, radius: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_DARK, 3.0), (_LIGHT, 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(centre, radius, radius)


def draw_overlay(painter: QPainter, overlay: Overlay, transform: CanvasTransform) -> None:
    """A tool's lines, marks and note."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = QPolygonF([transform.to_widget(at) for at in overlay.points])
    for colour, width in ((_DARK, 3.0), (_LIGHT, 1.4)):
        painter.setPen(QPen(colour, width))
        if overlay.is_closed:
            painter.drawPolygon(line)
        else:
            painter.drawPolyline(line)
    for at in overlay.marks:
        centre = transform.to_widget(at)
        painter.setPen(QPen(_DARK, 1.5))
        painter.setBrush(_LIGHT)
        painter.drawEllipse(centre, _MARK_PX, _MARK_PX)
    if overlay.note and (overlay.points or overlay.marks):
        draw_tag(painter, transform.to_widget((overlay.points or overlay.marks)[-1]), overlay.note)


def overlay_area(overlay: Overlay, transform: CanvasTransform, metrics: QFontMetrics) -> QRect:
    """The widget pixels an overlay takes."""
    points = overlay.points + overlay.marks
    area = transform.rect_to_widget(path_rect(points), margin_px=8)
    if overlay.note and points:
        anchor = transform.to_widget((overlay.points or overlay.marks)[-1])
        area = area.united(tag_area(anchor, overlay.note, metrics).toAlignedRect())
    return area


def draw_tag(painter: QPainter, anchor: QPointF, text: str) -> None:
    """A few words beside a place."""
    box = tag_area(anchor, text, painter.fontMetrics())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_TAG)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(_LIGHT)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def tag_area(anchor: QPointF, text: str, metrics: QFontMetrics) -> QRectF:
    """The widget pixels of a tag."""
    return QRectF(
        anchor.x() + 14, anchor.y() + 12, metrics.horizontalAdvance(text) + 12, metrics.height() + 6
    )
