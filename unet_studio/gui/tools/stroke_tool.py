"""Brush and eraser: strokes that paint or clear."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Change, Document, Over
from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.tools.tool import BrushSettings
from unet_studio.gui.translation import mark, tr

_BRUSH_HINT = mark(
    "tools", "Brush: drag to paint the selected instance, N for a new one. Wheel or [ ] changes the size."
)
_ERASER_HINT = mark("tools", "Eraser: drag to erase. Wheel or [ ] changes the size.")


class StrokeTool:
    """A round tip dragged over the plane; what it covers is one edit."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, settings: BrushSettings, *, name: str, hint: str) -> None:
        self._settings = settings
        self._name = name
        self._hint = hint
        self._document: Document | None = None
        self._last: PixelPoint | None = None

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", self._hint)

    @property
    def cursor_diameter_px(self) -> float | None:
        """See Tool."""
        return self._settings.diameter_px

    def press(self, at: PixelPoint, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._last = document, at
        document.begin_stroke(self._name)
        return self._cover(document, at, at)

    def move(self, at: PixelPoint) -> Change | None:
        """See Tool."""
        if self._document is None or self._last is None or not self._document.stroke_is_open:
            return None
        start, self._last = self._last, at
        return self._cover(self._document, start, at)

    def release(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        return document.finish_stroke() if document and document.stroke_is_open else None

    def abort(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        return document.abort_stroke() if document and document.stroke_is_open else None

    def _cover(self, document: Document, start: PixelPoint, end: PixelPoint) -> Change | None:
        return self._apply(document, Capsule(start, end, self._settings.diameter_px))

    def _apply(self, document: Document, capsule: Capsule) -> Change | None:
        raise NotImplementedError


class BrushTool(StrokeTool):
    """Paints one instance: the one `instance_for_stroke` names when the button goes down."""

    def __init__(self, settings: BrushSettings, instance_for_stroke: Callable[[], int]) -> None:
        super().__init__(settings, name=mark("edits", "Brush stroke"), hint=_BRUSH_HINT)
        self._instance_for_stroke = instance_for_stroke
        self._instance_id = 0

    def press(self, at: PixelPoint, document: Document) -> Change | None:
        """See Tool."""
        self._instance_id = self._instance_for_stroke()
        return super().press(at, document)

    def _apply(self, document: Document, capsule: Capsule) -> Change | None:
        over = Over.BACKGROUND if self._settings.protect_others else Over.EVERYTHING
        return document.paint(capsule, self._instance_id, over=over)


class EraserTool(StrokeTool):
    """Turns what it covers into background."""

    def __init__(self, settings: BrushSettings) -> None:
        super().__init__(settings, name=mark("edits", "Erase"), hint=_ERASER_HINT)

    def _apply(self, document: Document, capsule: Capsule) -> Change | None:
        return document.erase(capsule)
