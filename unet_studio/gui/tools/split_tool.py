"""Splitting an instance: along a drawn line, or at its waists (watershed) into as many pieces as wanted."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Change, Document
from unet_studio.core.edits import Revision
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.rewriting import AT_ONCE_PX, Rewriting, Rewritten
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import Overlay, Tool, Touch
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.reshaping import Waists, cut_seams, split_along

SPLIT = mark("edits", "Split instance")
_LINE_HINT = mark("tools", "Split: drag a line across an instance; the pieces become instances of their own.")
_WAIST_HINT = mark(
    "tools", "Split at waists: press on an instance, drag right for more pieces, left for fewer."
)
# Whoever steps from pixel to pixel, diagonally too, over a line this wide steps on it.
_LINE_WIDTH_PX = math.sqrt(2) + 1e-6
_WIDGET_PX_PER_PIECE = 30.0
_LARGEST_PX = 2048


class SplitLineTool(Tool):
    """Every instance that the line cuts apart is split; the line itself becomes background."""

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self._points: list[PixelPoint] = []
        self._document: Document | None = None

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _LINE_HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        self._document, self._points = document, [touch.at]
        return None

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        if self._document is not None:
            self._points.append(touch.at)
            self.overlay = Overlay(tuple(self._points))
        return None

    def release(self) -> Change | None:
        """See Tool."""
        document, points = self._document, self._points
        self.abort()
        if document is None or len(points) < 2:
            return None
        nothing = tr(
            "tools",
            "Nothing was split: the line has to cross an instance from side to side. Proposals can be split "
            "when they are accepted.",
        )
        line = [Capsule(a, b, _LINE_WIDTH_PX) for a, b in pairwise(points)]
        crossed = _crossed(document, line)
        if sum(document.instance_rect(i).area for i in crossed) <= AT_ONCE_PX:
            self._rewriting.apply(document, _split(document, line, crossed), name=SPLIT, nothing=nothing)
        else:
            self._rewriting.in_worker(
                lambda snapshot: _split(snapshot.document(), line, crossed), name=SPLIT, nothing=nothing
            )
        return None

    def abort(self) -> Change | None:
        """See Tool."""
        self._document, self._points, self.overlay = None, [], None
        return None


def _crossed(document: Document, line: list[Capsule]) -> set[int]:
    """The instances that a line touches."""
    found: set[int] = set()
    for part in line:
        rect = part.rect.intersect(document.bounds)
        if not rect.is_empty:
            found.update(np.unique(document.read(rect)[part.mask(rect)]).tolist())
    return found - {0}


def _split(document: Document, line: list[Capsule], crossed: set[int]) -> Rewritten:
    """What a line cuts apart; the line itself becomes background."""
    revisions: list[Revision] = []
    parents: dict[int, int] = {}
    for instance_id in sorted(crossed):
        rect = document.instance_rect(instance_id)
        before = document.read(rect)
        mask, on_line = before == instance_id, np.zeros(rect.shape, bool)
        for part in line:
            common = part.rect.intersect(rect)
            if not common.is_empty:
                on_line[common.shift(-rect.top, -rect.left).slices] |= part.mask(common)
        pieces = split_along(mask, on_line)
        if pieces.max() < 2:
            continue
        after = before.copy()
        after[mask & (pieces == 0)] = 0
        for piece in range(2, int(pieces.max()) + 1):
            number = -1 - len(parents)
            parents[number] = instance_id
            after[pieces == piece] = number
        revisions.append(Revision(rect, before, after))
    return Rewritten(revisions, parents)


class SplitWaistTool(Tool):
    """The pieces are shown while dragging; letting go takes them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._document: Document | None = None
        self._first: Touch | None = None
        self._instance_id = 0
        self._rect = Rect(0, 0, 0, 0)
        self._waists = Waists(np.zeros((1, 1), bool))
        self._seeds: list[tuple[int, int]] = []
        self._likely = 0
        self._count = 0
        self._new_ids: list[int] = []

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _WAIST_HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        instance_id = document.instance_at(touch.at.y, touch.at.x)
        rect = document.instance_rect(instance_id) if instance_id else Rect(0, 0, 0, 0)
        if rect.is_empty:
            return None
        if max(rect.shape) > _LARGEST_PX:
            self._session.said.emit(
                tr("tools", "This instance is too large to be split at its waists: draw a line.")
            )
            return None
        mask = document.read(rect) == instance_id
        self._waists = Waists(mask)
        self._seeds = self._waists.seeds
        if len(self._seeds) < 2:
            self._session.said.emit(tr("tools", "This instance has no waist: split it along a line."))
            return None
        self._session.select(instance=instance_id)
        self._document, self._first, self._instance_id, self._rect = document, touch, instance_id, rect
        self._likely = self._count = min(self._waists.likely_count, len(self._seeds))
        self._new_ids = []
        document.begin_stroke(SPLIT)
        return self._split(document)

    def move(self, touch: Touch) -> Change | None:
        """See Tool."""
        document, first = self._document, self._first
        if document is None or first is None or not document.stroke_is_open:
            return None
        wanted = self._likely + round((touch.at.x - first.at.x) * touch.scale / _WIDGET_PX_PER_PIECE)
        wanted = min(max(1, wanted), len(self._seeds))
        if wanted == self._count:
            return None
        self._count = wanted
        undone = document.restart_stroke()
        drawn = self._split(document)
        return undone.and_then(drawn) if undone is not None else drawn

    def release(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        self.overlay = None
        return document.finish_stroke() if document and document.stroke_is_open else None

    def end(self) -> Change | None:
        """See Tool."""
        return self.release()

    def abort(self) -> Change | None:
        """See Tool."""
        document, self._document = self._document, None
        self.overlay = None
        return document.abort_stroke() if document and document.stroke_is_open else None

    def _split(self, document: Document) -> Change | None:
        rect, seeds = self._rect, self._seeds[: self._count]
        marks = tuple(PixelPoint(rect.top + y + 0.5, rect.left + x + 0.5) for y, x in seeds)
        note = tr("tools", "{count} of up to {most} pieces").format(count=self._count, most=len(self._seeds))
        self.overlay = Overlay(marks=marks, note=note)
        pieces, mask = self._waists.pieces(self._count), self._waists.mask
        areas = dict(enumerate(np.bincount(pieces.ravel()).tolist()))
        kept = cut_seams(pieces, {i: n for i, n in areas.items() if i})
        row = document.instances.get(self._instance_id)
        class_index = row.class_index if row is not None else 1
        change: Change | None = None
        while len(self._new_ids) < self._count - 1:
            self._new_ids.append(document.new_instance_id())
        # The largest keeps the number.
        order = sorted(range(1, self._count + 1), key=lambda piece: -areas.get(piece, 0))
        regions = [(0, mask & (kept == 0))]
        regions += [(new, kept == piece) for new, piece in zip(self._new_ids, order[1:], strict=False)]
        for new, pixels in regions:
            painted = document.paint(MaskRegion(rect, pixels), new, class_index=class_index)
            change = painted if change is None else change.and_then(painted)
        return change
