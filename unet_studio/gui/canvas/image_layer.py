"""The image as the canvas shows it: 8-bit after automatic contrast, in halving sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from unet_studio.gui.canvas.transform import CanvasTransform
from unet_studio.segmentation.normalization import PlaneArray, percentile_range

_LOW_PERCENTILE = 0.3
_HIGH_PERCENTILE = 99.8
_SMALLEST_SIDE = 256
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class DisplayImage:
    """QImages of a plane, each half the size of the one before; the first is full size."""

    levels: tuple[QImage, ...]

    @staticmethod
    def from_plane(plane: PlaneArray) -> DisplayImage:
        """Automatic contrast (percentiles over all shown channels) of (H, W, C). Any thread may call."""
        shown = _shown_channels(plane)
        low, high = percentile_range(shown, low_percentile=_LOW_PERCENTILE, high_percentile=_HIGH_PERCENTILE)
        level = to_8bit(shown, low, high)
        levels = [_to_qimage(level)]
        while min(level.shape[:2]) >= 2 * _SMALLEST_SIDE:
            level = _halved(level)
            levels.append(_to_qimage(level))
        return DisplayImage(tuple(levels))

    def paint(self, painter: QPainter, area: QRect, transform: CanvasTransform) -> None:
        """Paint the part of the image that falls on the widget rectangle `area`."""
        place = 0
        while place + 1 < len(self.levels) and transform.scale * 2 ** (place + 1) <= 1.0:
            place += 1
        image, factor = self.levels[place], 2.0**place
        at = transform.to_pixel(QRectF(area).topLeft())
        source = QRectF(
            at.x / factor,
            at.y / factor,
            area.width() / transform.scale / factor,
            area.height() / transform.scale / factor,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, transform.scale * factor < 2.0)
        # Outside the image the source is cut and the target with it: work with the common part only.
        inside = source.intersected(QRectF(0, 0, image.width(), image.height()))
        if inside.isEmpty():
            return
        scale = transform.scale * factor
        target = QRectF(
            area.left() + (inside.left() - source.left()) * scale,
            area.top() + (inside.top() - source.top()) * scale,
            inside.width() * scale,
            inside.height() * scale,
        )
        painter.drawImage(target, image, inside)


def to_8bit(plane: PlaneArray, low: float, high: float) -> npt.NDArray[np.uint8]:
    """uint8 of the plane's shape: `low` becomes 0, `high` 255. NaN becomes 0."""
    out = np.empty(plane.shape, np.uint8)
    scale = np.float32(255.0 / (high - low))
    for top in range(0, plane.shape[0], _ROWS_AT_ONCE):
        rows = plane[top : top + _ROWS_AT_ONCE].astype(np.float32)
        rows -= np.float32(low)
        rows *= scale
        np.nan_to_num(rows, copy=False)
        out[top : top + _ROWS_AT_ONCE] = np.clip(rows, 0, 255)
    return out


def _shown_channels(plane: PlaneArray) -> PlaneArray:
    """One grey channel, or three as red, green, blue; two become red and green."""
    channels = plane.shape[2]
    if channels == 2:
        return np.concatenate([plane, np.zeros_like(plane[:, :, :1])], axis=2)
    return plane[:, :, : min(channels, 3)]


def _halved(level: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Means of 2×2 pixels; an odd last row or column is left out."""
    height, width = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
    even = level[:height, :width].astype(np.uint16)
    total = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return (total >> 2).astype(np.uint8)


def _to_qimage(level: npt.NDArray[np.uint8]) -> QImage:
    pixels = np.ascontiguousarray(level)
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    # A copy in Qt's own memory, in the format the painter likes best.
    return QImage(pixels.data, width, height, width * channels, kind).convertToFormat(
        QImage.Format.Format_RGB32
    )
