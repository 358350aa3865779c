"""Ruler: the length of a drawn line. Changes nothing."""

from __future__ import annotations

import math

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import Overlay, Tool, Touch
from unet_studio.gui.translation import mark, tr

_HINT = mark("tools", "Ruler: drag a line to measure it.")


class RulerTool(Tool):
    """The last line stays until the next one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._start: PixelPoint | None = None

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        del document
        self._start, self.overlay = touch.at, None
        return None

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        if self._start is not None:
            length = math.dist(self._start, touch.at)
            text = tr("tools", "{length} px").format(length=f"{length:.1f}")
            size_um = self._session.current.pixel_size_um if self._session.current else None
            if size_um:
                text += f" = {length * size_um:.2f} µm"
            self.overlay = Overlay((self._start, touch.at), note=text)
        return None

    def abort(self) -> Change | None:
        """See Tool."""
        self._start, self.overlay = None, None
        return None
