"""Merge: click two instances one after the other, or drag across several."""

from __future__ import annotations

import math

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import Overlay, Tool, Touch
from unet_studio.gui.translation import mark, tr

_HINT = mark(
    "tools", "Merge: click two instances, or drag across all that are one. The first keeps its number."
)


class MergeTool(Tool):
    """The first instance touched gets the others; a seam between them is closed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._document: Document | None = None
        self._points: list[PixelPoint] = []
        self._ids: list[int] = []
        self._first = 0
        """What the first of two clicks chose."""

    @property
    def is_busy(self) -> bool:
        """See Tool."""
        return self._first != 0

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._points, self._ids = document, [touch.at], []
        self._gather(document, touch.at, touch.at)
        return None

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        if self._document is not None:
            self._gather(self._document, self._points[-1], touch.at)
            self._points.append(touch.at)
            note = tr("tools", "merge {count}").format(count=len(self._ids)) if len(self._ids) > 1 else ""
            self.overlay = Overlay(tuple(self._points), note=note)
        return None

    def release(self) -> Change | None:
        """See Tool."""
        document, ids, session, points = self._document, self._ids, self._session, self._points
        first = self._first if document is not None and self._first in document.instances else 0
        self.abort()
        if document is None:
            return None
        if not ids:
            session.said.emit(
                tr(
                    "tools",
                    "Nothing was merged: there is no instance. Proposals can be merged when accepted.",
                )
            )
            return None
        if len(ids) == 1 and first and first != ids[0]:
            ids = [first, ids[0]]  # The second of two clicks.
        session.select(instance=ids[0])
        if len(ids) > 1:
            session.merge(ids[0], ids[1:])
        else:
            self._first = ids[0]
            self.overlay = Overlay(marks=(points[0],), note=tr("tools", "and …"))
        return None

    def step_back(self) -> None:
        """See Tool."""
        self.abort()

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._points, self._ids, self.overlay = None, [], [], None
        self._first = 0
        return None

    def _gather(self, document: Document, start: PixelPoint, end: PixelPoint) -> None:
        """The instances on the way, in its order."""
        steps = max(1, math.ceil(math.dist(start, end)))
        for step in range(steps + 1):
            share = step / steps
            y, x = start.y + (end.y - start.y) * share, start.x + (end.x - start.x) * share
            found = document.instance_at(y, x)
            if found and found not in self._ids:
                self._ids.append(found)
