"""Smart edge: an outline that follows the image's edges between clicks (intelligent scissors)."""

from __future__ import annotations

import math

import cv2
import numpy as np

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.regions import Polygon
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.session import Session
from unet_studio.gui.tools.region_tool import RegionTool
from unet_studio.gui.tools.tool import Overlay, ToolSettings, Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.edge_following import LiveWire

SMART_EDGE = mark("edits", "Smart edge")
_HINT = mark(
    "tools",
    "Smart edge: click along an edge, the line finds it. The first point, Enter or a double click closes it.",
)
_REACH_PX = 200
_CLOSE_WIDGET_PX = 8


class EdgeTool(RegionTool):
    """The way from the last anchor is computed in a worker; until it is there the line is straight."""

    def __init__(self, session: Session, settings: ToolSettings, pool: Pool) -> None:
        super().__init__(session, settings)
        self._pool = pool
        self._document: Document | None = None
        self._ways: list[list[PixelPoint]] = []
        """One for each anchor: the points that lead to it."""
        self._wire: tuple[LiveWire, Rect] | None = None
        self._alt = False

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    @property
    def is_busy(self) -> bool:
        """See Tool."""
        return bool(self._ways)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        at = PixelPoint(
            min(max(touch.at.y, 0.5), document.bounds.bottom - 0.5),
            min(max(touch.at.x, 0.5), document.bounds.right - 0.5),
        )
        if not self._ways:
            self._alt = touch.alt
            self._ways.append([at])
        elif math.dist(self._ways[0][0], at) * touch.scale < _CLOSE_WIDGET_PX and len(self._ways) > 1:
            return self.finish()
        else:
            self._ways.append(self._way_to(at))
        self._document = document
        self._lay_wire(document, self._ways[-1][-1])
        self.hover(touch)
        return None

    def hover(self, touch: Touch) -> None:
        """See Tool."""
        if self._ways:
            drawn = [at for way in self._ways for at in way]
            self.overlay = Overlay(
                (*drawn, *self._way_to(touch.at)), marks=tuple(way[-1] for way in self._ways)
            )

    def finish(self) -> Change | None:
        """See Tool."""
        document = self._document
        if not self._ways or document is None:
            return None
        back = self._way_to(self._ways[0][0])
        polygon = Polygon.around([*(at for way in self._ways for at in way), *back])
        alt, target = self._alt, self._session.target_at(document, self._ways[0][0])
        self.abort()
        return self.give(document, polygon, name=SMART_EDGE, alt=alt, target=target)

    def step_back(self) -> None:
        """See Tool."""
        if self._ways:
            self._ways.pop()
            self.overlay = None
            if self._ways and self._document is not None:
                self._lay_wire(self._document, self._ways[-1][-1])
                drawn = tuple(at for way in self._ways for at in way)
                self.overlay = Overlay(drawn, marks=tuple(way[-1] for way in self._ways))

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._ways, self._wire, self.overlay = None, [], None, None
        return None

    def _lay_wire(self, document: Document, anchor: PixelPoint) -> None:
        self._wire = None
        y, x = int(anchor.y), int(anchor.x)
        rect = Rect(y, x, y, x).grown(_REACH_PX).intersect(document.bounds)
        light = self._session.light(rect)
        if light is None or min(rect.shape) < 3:
            return
        seed = (y - rect.top, x - rect.left)

        def laid(wire: LiveWire) -> None:
            if self._ways and self._ways[-1][-1] == anchor:
                self._wire = wire, rect

        self._pool.submit(
            lambda: LiveWire(cv2.cvtColor(light, cv2.COLOR_BGR2GRAY), seed), laid, self._session.failed.emit
        )

    def _way_to(self, at: PixelPoint) -> list[PixelPoint]:
        if self._wire is None:
            return [at]
        wire, rect = self._wire
        way = wire.way_to(int(at.y) - rect.top, int(at.x) - rect.left) + np.array([rect.top, rect.left])
        return [*(PixelPoint(float(y), float(x)) for y, x in way), at]
