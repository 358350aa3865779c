"""Brush and eraser: strokes that paint or clear."""

from __future__ import annotations

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Change, Document, Over
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.session import Session
from unet_studio.gui.tools.region_tool import NOTHING_SELECTED, OVER
from unet_studio.gui.tools.tool import BrushMode, Tool, ToolSettings, Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.reshaping import fill_holes

_BRUSH_HINT = mark(
    "tools",
    "Brush: drag to paint the selected instance, N: new one. Alt erases, F fills holes, wheel or [ ]: size.",
)
_ERASER_HINT = mark("tools", "Eraser: drag to erase. Wheel or [ ]: size.")
_NOTHING_FREE = mark(
    "tools", "Nothing was drawn: labels lie there already. Under Tool ▸ Paints, choose Over everything."
)
_LARGEST_FILL_PX = 2**20
STROKE = mark("edits", "Brush stroke")
ERASE = mark("edits", "Erase")


class StrokeTool(Tool):
    """A round tip dragged over the plane; what it covers is one edit."""

    has_size = True

    def __init__(self, session: Session, settings: ToolSettings, *, erases: bool) -> None:
        self._session = session
        self._settings = settings
        self._erases = erases
        self._document: Document | None = None
        self._last: Touch | None = None
        self._is_erasing = False
        self._instance_id = 0
        self._inside = 0
        self._was_on_plane = False

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _ERASER_HINT if self._erases else _BRUSH_HINT)

    def diameter_px(self, scale: float) -> float | None:
        """See Tool."""
        return self._settings.diameter_px(scale)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._last, self._was_on_plane = document, touch, False
        self._is_erasing = self._erases or touch.alt
        needs_selected = (
            self._settings.erase_selected_only
            if self._is_erasing
            else self._settings.mode is BrushMode.INSIDE
        )
        if needs_selected and self._session.selected_instance not in document.instances:
            self._document = None
            self._session.said.emit(tr("tools", NOTHING_SELECTED))
            return None
        if not self._is_erasing:
            self._choose_instance(document)
        document.begin_stroke(ERASE if self._is_erasing else STROKE)
        return self._cover(document, touch, touch)

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        if self._document is None or self._last is None or not self._document.stroke_is_open:
            return None
        start, self._last = self._last, touch
        return self._cover(self._document, start, touch)

    def release(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        if document is None or not document.stroke_is_open:
            return None
        was_on_plane, change = self._was_on_plane, document.finish_stroke()
        if change is None and not self._is_erasing:
            if self._session.selected_instance not in document.instances:
                self._session.select()  # The instance that was to begin.
            if was_on_plane:
                self._session.said.emit(tr("tools", _NOTHING_FREE))
        return change

    def end(self) -> Change | None:
        """See Tool."""
        return self.release()

    def abort(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        if document is None or not document.stroke_is_open:
            return None
        change = document.abort_stroke()
        if self._session.selected_instance not in document.instances:
            self._session.select()  # The instance that was to begin.
        return change

    def fill_holes(self) -> Change | None:
        """See Tool: what the instance encloses after this much of the stroke."""
        document = self._document
        if document is None or not document.stroke_is_open or self._is_erasing:
            return None
        # The table counts at the end of the stroke: until then the pixels themselves say where it is.
        rect = document.drawn_rect
        whole = rect.union(document.instance_rect(self._instance_id))
        if whole.area <= _LARGEST_FILL_PX:
            rect = whole
        mask = document.read(rect) == self._instance_id
        return self._paint(document, MaskRegion(rect, fill_holes(mask) & ~mask))

    def _choose_instance(self, document: Document) -> None:
        session, self._inside = self._session, 0
        if self._settings.mode is BrushMode.INSIDE:
            self._inside = session.selected_instance
            self._instance_id = session.new_instance_id(document)
        else:
            self._instance_id = session.instance_for_stroke()

    def _cover(self, document: Document, start: Touch, end: Touch) -> Change | None:
        settings = self._settings
        diameter = settings.diameter_px(end.scale, end.pressure)
        continues = start is not end and settings.diameter_px(start.scale, start.pressure) == diameter
        capsule = Capsule(start.at, end.at, diameter, continues)
        self._was_on_plane |= document.bounds.contains_point(end.at.y, end.at.x)
        if self._is_erasing:
            only = self._session.selected_instance if settings.erase_selected_only else 0
            return document.erase(capsule, only=only)
        return self._paint(document, capsule)

    def _paint(self, document: Document, region: Capsule | MaskRegion) -> Change | None:
        over = Over.INSIDE if self._inside else OVER[self._settings.mode]
        class_index = self._session.active_class
        return document.paint(
            region, self._instance_id, over=over, inside=self._inside, class_index=class_index
        )
