"""A histogram with two handles: drag them to say what is black and what is white."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_studio.gui import theme

_HEIGHT_PX = 64
_GRIP_PX = 9.0
_SIDE_PX = 6.0


class Histogram(QWidget):
    """Shows the grey values from `first` to `last`; counts on a logarithmic scale."""

    range_changed = Signal(float, float)  # low, high

    def __init__(self) -> None:
        super().__init__()
        self._counts: npt.NDArray[np.float64] = np.zeros(1)
        self._first, self._last = 0.0, 1.0
        self._low, self._high = 0.0, 1.0
        self._colour = QColor(255, 255, 255)
        self._dragged = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def sizeHint(self) -> QSize:
        """Low: the panel holds much else."""
        return QSize(200, _HEIGHT_PX)

    def show_counts(
        self, counts: npt.NDArray[np.int64], span: tuple[float, float], colour: tuple[int, int, int]
    ) -> None:
        """Counts of equal bins over the grey values of `span`; the empty ends are left out."""
        used = np.flatnonzero(counts)
        first, last = (int(used[0]), int(used[-1]) + 1) if used.size else (0, counts.size)
        width = (span[1] - span[0]) / counts.size
        margin = max(1, (last - first) // 16)
        first, last = max(0, first - margin), min(counts.size, last + margin)
        self._counts = np.log1p(counts[first:last].astype(np.float64))
        self._first, self._last = span[0] + first * width, span[0] + last * width
        self._colour = QColor(*colour)
        self.update()

    def show_range(self, low: float, high: float) -> None:
        """The two handles."""
        self._low, self._high = low, high
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Bars, the line from black to white, two handles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.FIELD)
        height, top = self.height() - 10.0, 3.0
        most = max(float(self._counts.max(initial=0)), 1e-9)
        step = (self.width() - 2 * _SIDE_PX) / max(1, self._counts.size)
        points = [QPointF(_SIDE_PX, height)]
        for place, count in enumerate(self._counts.tolist()):
            y = height - (height - top) * count / most
            points += [QPointF(_SIDE_PX + place * step, y), QPointF(_SIDE_PX + (place + 1) * step, y)]
        points.append(QPointF(self.width() - _SIDE_PX, height))
        fill = QColor(self._colour)
        fill.setAlpha(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(points))
        low, high = self._x(self._low), self._x(self._high)
        painter.setPen(QPen(theme.ACCENT, 1.2))
        painter.drawLine(QPointF(low, height), QPointF(high, top))
        for x, colour in ((low, QColor(40, 40, 40)), (high, QColor(255, 255, 255))):
            painter.setPen(QPen(theme.TEXT, 1))
            painter.drawLine(QPointF(x, top), QPointF(x, height))
            painter.setBrush(colour)
            grip = [QPointF(x, height - 2), QPointF(x - 5, height + 7), QPointF(x + 5, height + 7)]
            painter.drawPolygon(QPolygonF(grip))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the nearer handle."""
        x = event.position().x()
        low, high = abs(x - self._x(self._low)), abs(x - self._x(self._high))
        self._dragged = "low" if low < high or (low == high and x < self._x(self._low)) else "high"
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        self._drag(event.position().x())

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:
        """Let it go."""
        self._dragged = ""

    def _drag(self, x: float) -> None:
        if not self._dragged:
            return
        inner = QRectF(self.rect()).adjusted(_SIDE_PX, 0, -_SIDE_PX, 0)
        share = (min(max(x, inner.left()), inner.right()) - inner.left()) / max(1.0, inner.width())
        value = self._first + share * (self._last - self._first)
        least = (self._last - self._first) / 512
        if self._dragged == "low":
            self._low = min(value, self._high - least)
        else:
            self._high = max(value, self._low + least)
        self.update()
        self.range_changed.emit(self._low, self._high)

    def _x(self, value: float) -> float:
        share = (value - self._first) / max(self._last - self._first, 1e-12)
        return _SIDE_PX + min(1.0, max(0.0, share)) * (self.width() - 2 * _SIDE_PX)
