"""Outlines whose inside is filled: drawn freehand, or click by click."""

from __future__ import annotations

import math

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint
from unet_studio.core.regions import Polygon
from unet_studio.gui.session import Session
from unet_studio.gui.tools.region_tool import RegionTool
from unet_studio.gui.tools.tool import Overlay, ToolSettings, Touch
from unet_studio.gui.translation import mark, tr

OUTLINE = mark("edits", "Outline")
OUTLINE_ERASE = mark("edits", "Erase outline")
_LASSO_HINT = mark(
    "tools",
    "Lasso: drag around a cell, letting go fills it. Begun in the selected one it adds; Alt takes away.",
)
_POLYGON_HINT = mark(
    "tools",
    "Polygon: click the corners; the first one again, Enter or a double click closes it. Alt: take away.",
)
_CLOSE_WIDGET_PX = 8
_STEP_WIDGET_PX = 2.0
"""Points nearer to the last one than this tell nothing that can be seen."""


class LassoTool(RegionTool):
    """A freehand line; where it ends it is closed."""

    def __init__(self, session: Session, settings: ToolSettings) -> None:
        super().__init__(session, settings)
        self._points: list[PixelPoint] = []
        self._document: Document | None = None
        self._alt = False
        self._target = 0

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _LASSO_HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._points, self._alt = document, [touch.at], touch.alt
        return None

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        far = not self._points or math.dist(self._points[-1], touch.at) * touch.scale >= _STEP_WIDGET_PX
        if self._document is not None and far:
            self._points.append(touch.at)
            self.overlay = Overlay(tuple(self._points), is_closed=True)
        return None

    def release(self) -> Change | None:
        """See Tool."""
        document, polygon = self._document, Polygon.around(self._points)
        if document is not None:
            self._target = self._session.target_at(document, self._points[0])
        self.abort()
        return self.gathered(document, polygon, alt=self._alt) if document is not None else None

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._points, self.overlay = None, [], None
        return None

    def gathered(self, document: Document, polygon: Polygon, *, alt: bool) -> Change | None:
        """What becomes of the inside."""
        return self.give(
            document, polygon, name=OUTLINE_ERASE if alt else OUTLINE, alt=alt, target=self._target
        )


class PolygonTool(RegionTool):
    """A corner with every click."""

    def __init__(self, session: Session, settings: ToolSettings) -> None:
        super().__init__(session, settings)
        self._corners: list[PixelPoint] = []
        self._document: Document | None = None
        self._alt = False

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _POLYGON_HINT)

    @property
    def is_busy(self) -> bool:
        """See Tool."""
        return bool(self._corners)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        if self._corners and math.dist(self._corners[0], touch.at) * touch.scale < _CLOSE_WIDGET_PX:
            if len(self._corners) >= 3:
                return self.finish()
            return None
        self._document = document
        if not self._corners:
            self._alt = touch.alt
        self._corners.append(touch.at)
        self.hover(touch)
        return None

    def hover(self, touch: Touch) -> None:
        """See Tool."""
        if self._corners:
            self.overlay = Overlay((*self._corners, touch.at), marks=tuple(self._corners))

    def finish(self) -> Change | None:
        """See Tool."""
        document, polygon = self._document, Polygon.around(self._corners)
        alt = self._alt
        target = self._session.target_at(document, self._corners[0]) if document and self._corners else 0
        self.abort()
        if document is None:
            return None
        name = OUTLINE_ERASE if alt else OUTLINE
        return self.give(document, polygon, name=name, alt=alt, target=target)

    def step_back(self) -> None:
        """See Tool."""
        if self._corners:
            last = self._corners.pop()
            self.overlay = (
                Overlay((*self._corners, last), marks=tuple(self._corners)) if self._corners else None
            )

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._corners, self.overlay = None, [], None
        return None
