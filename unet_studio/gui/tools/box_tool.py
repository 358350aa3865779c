"""A box around a cell: GrabCut finds the cell in it."""

from __future__ import annotations

import numpy as np

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.label_tiles import MaskArray
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.session import Session
from unet_studio.gui.tools.region_tool import RegionTool
from unet_studio.gui.tools.tool import Overlay, ToolSettings, Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.edge_following import grab_cut

BOX = mark("edits", "Cell in a box")
_HINT = mark("tools", "Box: drag a box around a cell; the cell in it is found.")
_SMALLEST_PX = 4
_LARGEST_PX = 4096


class BoxTool(RegionTool):
    """The cut is computed in a worker and drawn when it is there."""

    def __init__(self, session: Session, settings: ToolSettings, pool: Pool) -> None:
        super().__init__(session, settings)
        self._pool = pool
        self._first: Touch | None = None
        self._last: PixelPoint | None = None
        self._document: Document | None = None

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._first, self._last = document, touch, touch.at
        return None

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        if self._first is not None:
            self._last = touch.at
            a, b = self._first.at, touch.at
            corners = (a, PixelPoint(a.y, b.x), b, PixelPoint(b.y, a.x))
            self.overlay = Overlay(corners, is_closed=True)
        return None

    def release(self) -> Change | None:
        """See Tool."""
        first, last, document = self._first, self._last, self._document
        self.abort()
        if first is None or last is None or document is None:
            return None
        ys, xs = sorted((first.at.y, last.y)), sorted((first.at.x, last.x))
        box = Rect(int(ys[0]), int(xs[0]), int(np.ceil(ys[1])), int(np.ceil(xs[1]))).intersect(
            document.bounds
        )
        if min(box.shape) < _SMALLEST_PX:
            return None
        if max(box.shape) > _LARGEST_PX:
            text = tr("tools", "The box is {size} px wide: draw one around a single cell, at most {most} px.")
            self._session.said.emit(text.format(size=max(box.shape), most=_LARGEST_PX))
            return None
        self._cut(document, box, alt=first.alt)
        return None

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._first, self._last, self.overlay = None, None, None, None
        return None

    def _cut(self, document: Document, box: Rect, *, alt: bool) -> None:
        session = self._session
        dy, dx = max(2, box.height // 4), max(2, box.width // 4)
        wide = Rect(box.top - dy, box.left - dx, box.bottom + dy, box.right + dx)
        inside = wide.intersect(document.bounds)
        light = session.light(inside)
        if light is None:
            return
        # Beyond the plane's edge: its own last pixels again.
        part = inside.shift(-wide.top, -wide.left)
        margins = ((part.top, wide.height - part.bottom), (part.left, wide.width - part.right))
        pixels = np.pad(light, (*margins, (0, 0)), mode="edge")
        labels = np.pad(document.read(inside), margins)
        barrier = (labels > 0) & (labels != session.selected_instance)

        def found(mask: MaskArray) -> None:
            session.when_free(lambda: draw(mask))

        def draw(mask: MaskArray) -> None:
            if session.editable is not document:
                return  # Another image is shown by now.
            if not mask.any():
                session.said.emit(
                    tr("tools", "No cell stands out in this box: draw it closer, or use the brush.")
                )
                return
            session.publish(self.give(document, MaskRegion(wide, mask), name=BOX, alt=alt))

        self._pool.submit(lambda: grab_cut(pixels, barrier), found, session.failed.emit)
