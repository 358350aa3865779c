"""Grow from a click: the object that the last foreground probability, or else the image, supports there."""

from __future__ import annotations

import cv2
import numpy as np

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import MaskArray
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.tools.region_tool import RegionTool
from unet_studio.gui.tools.tool import Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.region_growing import GreyArray, grow_from

GROW = mark("edits", "Grow from a click")
_HINT = mark("tools", "Grow: click into a cell; the outline it has in the image (or for the model) is taken.")
_WINDOWS = ((96, 1), (384, 4))
"""Half a side in pixels, and how much it is reduced: first near by, then for large objects."""


class GrowTool(RegionTool):
    """One click, one object."""

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        y, x = int(np.floor(touch.at.y)), int(np.floor(touch.at.x))
        if not document.bounds.contains_point(y, x):
            return None
        under = document.instance_at(y, x)
        for half, reduced in _WINDOWS:
            rect = Rect(y, x, y, x).grown(half).intersect(document.bounds)
            labels = document.read(rect)
            barrier = (labels > 0) & (labels != under)
            for values in self._session.evidence(rect):
                region = _grown(values, (y - rect.top, x - rect.left), barrier, reduced)
                if region.any():
                    return self.give(
                        document, MaskRegion(rect, region), name=GROW, alt=touch.alt, target=under
                    )
        self._session.said.emit(
            tr("tools", "Nothing stands out there: click nearer to a middle, or draw it with the brush.")
        )
        return None


def _grown(values: GreyArray, at: tuple[int, int], barrier: MaskArray, reduced: int) -> MaskArray:
    if reduced == 1:
        return grow_from(values, at, barrier)
    height, width = values.shape
    size = (max(1, width // reduced), max(1, height // reduced))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    blocked = cv2.resize(barrier.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    seed = (min(at[0] * size[1] // height, size[1] - 1), min(at[1] * size[0] // width, size[0] - 1))
    found = grow_from(small, seed, blocked).astype(np.float32)
    region: MaskArray = (cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5) & ~barrier
    return region
