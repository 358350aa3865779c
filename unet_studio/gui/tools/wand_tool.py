"""Magic wand: the pixels joined to a click whose grey value is near its; dragging changes how near."""

from __future__ import annotations

import cv2
import numpy as np

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import MaskArray
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.session import Session
from unet_studio.gui.tools.region_tool import RegionTool
from unet_studio.gui.tools.tool import Overlay, ToolSettings, Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.region_growing import GreyArray, flood
from unet_studio.segmentation.reshaping import fill_holes

WAND = mark("edits", "Magic wand")
_HINT = mark(
    "tools", "Magic wand: click into a cell; drag right for more grey values, left for fewer. Alt takes away."
)
_REACH_PX = 512
_WIDGET_PX_PER_STEP = 3.0
_LARGEST_TOLERANCE = 254


class WandTool(RegionTool):
    """Works on what is seen: the tolerance is in the screen's 256 steps of light."""

    def __init__(self, session: Session, settings: ToolSettings) -> None:
        super().__init__(session, settings)
        self._document: Document | None = None
        self._first: Touch | None = None
        self._tolerance = 0
        self._target = 0
        self._rect = Rect(0, 0, 0, 0)
        self._light: GreyArray = np.zeros((1, 1, 3), np.uint8)
        self._barrier: MaskArray = np.zeros((1, 1), bool)

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        y, x = int(np.floor(touch.at.y)), int(np.floor(touch.at.x))
        if not document.bounds.contains_point(y, x):
            return None
        rect = Rect(y, x, y, x).grown(_REACH_PX).intersect(document.bounds)
        light = self._session.light(rect)
        if light is None:
            return None
        labels = document.read(rect)
        self._target = int(labels[y - rect.top, x - rect.left])
        if touch.alt and not self._target:
            return None
        self._document, self._first, self._rect = document, touch, rect
        self._light = cv2.GaussianBlur(light, (0, 0), 0.8)
        self._barrier = (labels != self._target) & ((labels > 0) | touch.alt)
        document.begin_stroke(WAND)
        self._tolerance = self._settings.tolerance
        return self._flood()

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        document, first = self._document, self._first
        if document is None or first is None or not document.stroke_is_open:
            return None
        steps = (touch.at.x - first.at.x) * touch.scale / _WIDGET_PX_PER_STEP
        tolerance = min(_LARGEST_TOLERANCE, max(0, self._settings.tolerance + round(steps)))
        if tolerance == self._tolerance:
            return None
        self._tolerance = tolerance
        undone = document.restart_stroke()
        drawn = self._flood()
        return undone.and_then(drawn) if undone is not None else drawn

    def release(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        self.overlay = None
        if document is None or not document.stroke_is_open:
            return None
        self._settings.tolerance = self._tolerance
        return document.finish_stroke()

    def end(self) -> Change | None:
        """See Tool."""
        return self.release()

    def abort(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        self.overlay = None
        return document.abort_stroke() if document and document.stroke_is_open else None

    def _is_cut(self, region: MaskArray) -> bool:
        """True if the region goes on beyond the pixels that are looked at."""
        rect = self._rect
        bounds = self._document.bounds if self._document is not None else rect
        sides = (
            (region[0, :], rect.top > bounds.top),
            (region[:, 0], rect.left > bounds.left),
            (region[-1, :], rect.bottom < bounds.bottom),
            (region[:, -1], rect.right < bounds.right),
        )
        return any(goes_on and bool(side.any()) for side, goes_on in sides)

    def _flood(self) -> Change | None:
        assert self._document is not None
        assert self._first is not None
        at, rect = self._first.at, self._rect
        seed = (int(at.y) - rect.top, int(at.x) - rect.left)
        region = fill_holes(flood(self._light, seed, self._tolerance, self._barrier)) & ~self._barrier
        note = tr("tools", "tolerance {value}").format(value=self._tolerance)
        if self._is_cut(region):
            note += tr("tools", ", cut {reach} px from the click").format(reach=_REACH_PX)
        self.overlay = Overlay(marks=(at,), note=note)
        if not self._target:
            self._target = self._session.new_instance_id(self._document)
        return self.draw(self._document, MaskRegion(rect, region), alt=self._first.alt, target=self._target)
