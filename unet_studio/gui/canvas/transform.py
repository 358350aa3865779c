"""Between widget pixels and image pixels. The only place where Qt points become pixel points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize

from unet_studio.core.geometry import PixelPoint, Rect

MIN_SCALE = 0.005
MAX_SCALE = 64.0
_FIT_MARGIN = 0.96


@dataclass(frozen=True, slots=True)
class CanvasTransform:
    """`scale`: widget pixels per image pixel. `y`, `x`: the image position at the widget's corner."""

    scale: float = 1.0
    y: float = 0.0
    x: float = 0.0

    def to_pixel(self, widget_pos: QPointF) -> PixelPoint:
        """The image position under a widget position."""
        return PixelPoint(self.y + widget_pos.y() / self.scale, self.x + widget_pos.x() / self.scale)

    def to_widget(self, pixel_pos: PixelPoint) -> QPointF:
        """The widget position of an image position."""
        return QPointF((pixel_pos.x - self.x) * self.scale, (pixel_pos.y - self.y) * self.scale)

    def rect_to_widget(self, rect: Rect, *, margin_px: int = 2) -> QRect:
        """The widget pixels that show `rect`, grown by a margin for outlines."""
        corner = self.to_widget(PixelPoint(rect.top, rect.left))
        left, top = math.floor(corner.x()) - margin_px, math.floor(corner.y()) - margin_px
        end = self.to_widget(PixelPoint(rect.bottom, rect.right))
        right, bottom = math.ceil(end.x()) + margin_px, math.ceil(end.y()) + margin_px
        return QRect(left, top, right - left, bottom - top)

    def zoomed(self, factor: float, anchor: QPointF) -> CanvasTransform:
        """Zoomed by `factor`; the image position under `anchor` stays where it is."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        at = self.to_pixel(anchor)
        return CanvasTransform(scale, at.y - anchor.y() / scale, at.x - anchor.x() / scale)

    def panned(self, widget_delta: QPointF) -> CanvasTransform:
        """Moved so that the image follows a drag."""
        return CanvasTransform(
            self.scale, self.y - widget_delta.y() / self.scale, self.x - widget_delta.x() / self.scale
        )

    @staticmethod
    def fit(plane: Rect, size: QSize) -> CanvasTransform:
        """The whole plane, centred."""
        if plane.is_empty or size.isEmpty():
            return CanvasTransform()
        scale = _FIT_MARGIN * min(size.width() / plane.width, size.height() / plane.height)
        scale = min(MAX_SCALE, max(MIN_SCALE, scale))
        return CanvasTransform(
            scale,
            plane.height / 2 - size.height() / 2 / scale,
            plane.width / 2 - size.width() / 2 / scale,
        )
