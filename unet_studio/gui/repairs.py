"""Repairs of whole instances: fill, smooth, grow, shrink, tidy — the selected one, or all as one edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QObject

from unet_studio.core.edits import Revision
from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tile_rect
from unet_studio.core.label_tiles import LabelTiles, MaskArray
from unet_studio.gui.rewriting import AT_ONCE_PX, Rewriting, Rewritten, Snapshot
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import ToolSettings
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation import reshaping

FILL_HOLES = mark("edits", "Fill holes")
SMOOTH = mark("edits", "Smooth")
GROW = mark("edits", "Grow")
SHRINK = mark("edits", "Shrink")
LARGEST_PIECE = mark("edits", "Keep largest piece")
CUT_SEAMS = mark("edits", "Cut seams")
DELETE_SMALL = mark("edits", "Delete small instances")
DELETE_AT_BORDER = mark("edits", "Delete instances at the image border")

_NOTHING = mark("repairs", "Nothing to change: it is so already.")
_SEAM_CONTEXT_PX = 1


class Repairs(QObject):
    """One instance is repaired at once; all of them in a worker, and what was drawn meanwhile stays."""

    def __init__(self, session: Session, settings: ToolSettings, rewriting: Rewriting) -> None:
        super().__init__(session)
        self._session, self._settings, self._rewriting = session, settings, rewriting
        self.on_all = False

    def fill_holes(self) -> None:
        """Fill every enclosed background pixel."""
        self._reshape(FILL_HOLES, reshaping.fill_holes, 0)

    def smooth(self) -> None:
        """Round the outline."""
        radius = max(1, self._settings.reshape_px)
        self._reshape(SMOOTH, lambda mask: reshaping.smooth(mask, radius), radius)

    def grow(self) -> None:
        """Grow into background, by the pixels that are set."""
        by = self._settings.reshape_px
        self._reshape(GROW, lambda mask: reshaping.grow(mask, by), by)

    def shrink(self) -> None:
        """Shrink by the pixels that are set."""
        by = self._settings.reshape_px
        self._reshape(SHRINK, lambda mask: reshaping.shrink(mask, by), by)

    def keep_largest_piece(self) -> None:
        """Of an instance in several pieces only the largest stays."""
        self._reshape(LARGEST_PIECE, reshaping.largest_piece, 0)

    def cut_seams(self) -> None:
        """One pixel of background between instances that touch, everywhere."""
        stuff = self._stuff()
        self._rewriting.in_worker(
            lambda snapshot: _seams(snapshot, stuff), name=CUT_SEAMS, nothing=tr("repairs", _NOTHING)
        )

    def delete_small(self) -> None:
        """Delete every instance of fewer pixels than are set."""
        document, least = self._session.editable, self._settings.min_area_px
        if document is not None:
            small = {row.id for row in document.instances if document.instances.area_px(row.id) < least}
            self._delete(sorted(small - self._stuff()), DELETE_SMALL)

    def delete_at_border(self) -> None:
        """Delete every instance that touches the edge of the image: it is cut off there."""
        document = self._session.editable
        if document is None:
            return
        bounds = document.bounds
        edges = (
            Rect(0, 0, 1, bounds.right), Rect(bounds.bottom - 1, 0, bounds.bottom, bounds.right),
            Rect(0, 0, bounds.bottom, 1), Rect(0, bounds.right - 1, bounds.bottom, bounds.right),
        )  # fmt: skip
        touching = {int(i) for edge in edges for i in np.unique(document.read(edge))} - {0}
        self._delete(sorted(touching - self._stuff()), DELETE_AT_BORDER)

    def _stuff(self) -> set[int]:
        """The instances that are no countable objects."""
        rows = self._session.document.instances if self._session.document is not None else ()
        return {row.id for row in rows if self._session.is_stuff(row.class_index)}

    def _delete(self, ids: list[int], name: str) -> None:
        if ids:
            self._session.delete(ids, name=name)
            text = tr("repairs", "Deleted: {count}. Undo brings them back.")
            self._session.said.emit(text.format(count=len(ids)))
        else:
            self._session.said.emit(tr("repairs", "There is no such instance on this image."))

    def _reshape(self, name: str, reshape: Callable[[MaskArray], MaskArray], margin_px: int) -> None:
        document, selected = self._session.editable, self._session.selected_instance
        if document is None:
            return
        nothing = tr("repairs", _NOTHING)
        if self.on_all:
            stuff = self._stuff()
            self._rewriting.in_worker(
                lambda snapshot: _reshaped_all(snapshot, reshape, margin_px, stuff),
                name=name,
                nothing=nothing,
            )
        elif selected in document.instances:
            rect = document.instance_rect(selected)

            def one(labels: LabelTiles, bounds: Rect) -> Rewritten:
                return Rewritten([_reshaped(labels, bounds, selected, rect, reshape, margin_px)])

            if rect.area <= AT_ONCE_PX:
                made = one(document.labels, document.bounds)
                self._rewriting.apply(document, made, name=name, nothing=nothing)
            else:
                self._rewriting.in_worker(
                    lambda snapshot: one(snapshot.labels, snapshot.bounds), name=name, nothing=nothing
                )
        else:
            self._session.said.emit(tr("repairs", "Select an instance first, or choose All."))


def _reshaped(
    labels: LabelTiles,
    bounds: Rect,
    instance_id: int,
    rect: Rect,
    reshape: Callable[[MaskArray], MaskArray],
    margin_px: int,
) -> Revision:
    """One instance in its new shape: it grows into background only, and leaves background behind."""
    # Beyond the image's edge the shape goes on: one cut off there is not rounded at the cut.
    wide = rect.grown(margin_px)
    inside = wide.intersect(bounds)
    before = labels.read(inside)
    part = inside.shift(-wide.top, -wide.left)
    margins = ((part.top, wide.height - part.bottom), (part.left, wide.width - part.right))
    mask = before == instance_id
    new = reshape(np.pad(mask, margins, mode="edge") if any(map(any, margins)) else mask)[part.slices]
    after = np.where(mask & ~new, np.int32(0), before)
    after = np.where(new & (before == 0), np.int32(instance_id), after)
    return Revision(inside, before, after.astype(np.int32))


def _reshaped_all(
    snapshot: Snapshot, reshape: Callable[[MaskArray], MaskArray], margin_px: int, stuff: set[int]
) -> Rewritten:
    """Every instance after the other, each with the ones before it in their new shape."""
    document = snapshot.document()
    changed: set[TileIndex] = set()
    original = snapshot.labels.snapshot()
    for instance_id in sorted(row.id for row in snapshot.instances if row.id not in stuff):
        rect = document.instance_rect(instance_id)
        if rect.is_empty:
            continue
        revision = _reshaped(document.labels, document.bounds, instance_id, rect, reshape, margin_px)
        change = document.rewrite([revision], name="")
        if change is not None and change.edit is not None:
            changed.update(delta.index for delta in change.edit.tiles)
    return Rewritten(list(_tile_revisions(original, document.labels, sorted(changed))))


def _tile_revisions(before: LabelTiles, after: LabelTiles, tiles: list[TileIndex]) -> Iterator[Revision]:
    for index in tiles:
        yield Revision(tile_rect(index), before.tile(index), after.tile(index))


def _seams(snapshot: Snapshot, stuff: set[int]) -> Rewritten:
    areas = {row.id: snapshot.instances.area_px(row.id) for row in snapshot.instances if row.id not in stuff}
    revisions = []
    for index in sorted(snapshot.labels.indices()):
        rect = tile_rect(index)
        before = snapshot.labels.read(rect.grown(_SEAM_CONTEXT_PX))
        after = reshaping.cut_seams(before, areas)
        inner = (slice(_SEAM_CONTEXT_PX, _SEAM_CONTEXT_PX + TILE_PX),) * 2
        if (before[inner] != after[inner]).any():
            revisions.append(Revision(rect, before[inner], after[inner]))
    return Rewritten(revisions)
