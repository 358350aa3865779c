"""Labels and proposals blended over the image, at the screen's own resolution.

Both are sampled once per screen pixel, so an outline is one screen pixel at every zoom and the work
depends on the repainted rectangle only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import Rect
from unet_studio.core.label_pyramid import LabelPyramid
from unet_studio.core.label_tiles import IndexArray, LabelArray, LabelTiles, MaskArray
from unet_studio.core.proposals import Proposals
from unet_studio.gui.theme import PROPOSAL, label_palette

Pixels = npt.NDArray[np.uint8]

_SELECTED_EXTRA = 0.2
_DASH_PX = 4
_WHITE = (255, 255, 255, 255)
_DARK = (0, 26, 30, 255)
_PROPOSAL_FILL = 0.25
_FEW_PROPOSALS = 20
_MOST_IDS = 2**22
"""Instances with higher numbers (of imported masks) are shown in the colour of the active class."""


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How labels look. `opacity` 0..1 of the filling. `by_class`: colours of the classes."""

    has_fill: bool = True
    has_outline: bool = True
    opacity: float = 0.3
    by_class: bool = False


@dataclass(slots=True)
class Sampled:
    """Ids for every pixel of a picture and one more on every side: int32 (h + 2, w + 2), or none.

    `is_complete`: False if the time was over before all were there.
    """

    labels: LabelArray | None = None
    proposals: LabelArray | None = None
    is_complete: bool = True

    def band(self, top: int, bottom: int) -> Sampled:
        """Of the picture's rows top..bottom-1."""
        part = slice(top, bottom + 2)
        return Sampled(
            None if self.labels is None else self.labels[part],
            None if self.proposals is None else self.proposals[part],
        )


@dataclass(slots=True)
class LabelLayer:
    """What is drawn over the image, and how."""

    style: LabelStyle = LabelStyle()
    selected_instance: int = 0
    selected_proposal: int = 0
    is_visible: bool = True
    open_proposals: MaskArray = field(default_factory=lambda: np.zeros(1, bool))
    """bool by proposal id: still waiting."""
    class_colours: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((256, 3), np.uint8))
    """uint8 (256, 3), B, G, R by class index."""
    class_of_id: npt.NDArray[np.uint8] = field(default_factory=lambda: np.ones(1, np.uint8))
    """uint8 by instance id; its last entry is for all ids that it does not know."""
    _labels: LabelPyramid | None = None
    _proposals: LabelPyramid | None = None
    _shown_proposals: Proposals | None = None

    def show_labels(self, tiles: LabelTiles | None, bounds: Rect) -> None:
        """Show these labels from now on."""
        self._labels = LabelPyramid(tiles, bounds) if tiles is not None else None

    def show_proposals(
        self, proposals: Proposals | None, bounds: Rect, waiting: MaskArray
    ) -> list[int] | None:
        """Show these proposals, as far as they wait. Returns those that look otherwise now; None: all may."""
        before, self.open_proposals = self.open_proposals, waiting
        if proposals is not None and proposals is self._shown_proposals and before.size == waiting.size:
            altered = np.flatnonzero(before != waiting)
            return altered.tolist() if altered.size <= _FEW_PROPOSALS else None
        self._shown_proposals = proposals
        self._proposals = LabelPyramid(proposals.tiles, bounds) if proposals is not None else None
        return None

    def proposals_joined(self, rect: Rect, waiting: MaskArray) -> None:
        """More proposals have come, in `rect`."""
        self.open_proposals = waiting
        if self._proposals is not None:
            self._proposals.forget(rect)

    def show_classes(self, class_of: Mapping[int, int], new_ones: int) -> None:
        """The class of every instance; `new_ones`: of those that are not named."""
        known = [i for i in class_of if i < _MOST_IDS]
        table = np.full(max(known, default=0) + 2, new_ones, np.uint8)
        if known:
            table[known] = [min(class_of[i], 255) for i in known]
        self.class_of_id = table

    def forget(self, rect: Rect) -> None:
        """The labels of `rect` have changed."""
        if self._labels is not None:
            self._labels.forget(rect)

    def sample(self, rows: IndexArray, cols: IndexArray, *, budget_s: float) -> Sampled:
        """The ids to blend. `rows` and `cols` are the image pixel under each screen row and column, with one
        more on every side: sizes h + 2 and w + 2. One thread at a time.
        """
        sampled = Sampled()
        if not self.is_visible:
            return sampled
        if self._labels is not None:
            ids, sampled.is_complete = self._labels.sample(rows, cols, budget_s=budget_s)
            sampled.labels = ids
        if self._proposals is not None and self.open_proposals.any():
            ids, is_complete = self._proposals.sample(rows, cols, budget_s=budget_s)
            sampled.is_complete &= is_complete
            if ids.any():
                sampled.proposals = np.where(self.open_proposals[ids], ids, np.int32(0))
        return sampled

    def blend(self, pixels: Pixels, sampled: Sampled, *, dash_phase: int) -> None:
        """Blend over `pixels`, uint8 (h, w, 4) in B, G, R, A order, in place.

        `dash_phase`: number of the first pixel along the dashes. Several threads may blend parts at once.
        """
        if sampled.labels is not None:
            self._blend_labels(pixels, sampled.labels)
        if sampled.proposals is not None:
            self._blend_proposals(pixels, sampled.proposals, dash_phase)

    def _blend_labels(self, pixels: Pixels, ids: LabelArray) -> None:
        inner = ids[1:-1, 1:-1]
        labelled = inner != 0
        if not labelled.any():
            return
        colours = self._colours(inner)
        selected = inner == self.selected_instance if self.selected_instance else None
        if selected is not None and not selected.any():
            selected = None
        if self.style.has_fill:
            _mix(pixels, colours, labelled, self.style.opacity)
            if selected is not None:
                _mix(pixels, colours, selected, _SELECTED_EXTRA)
        if self.style.has_outline:
            cv2.copyTo(colours, _outline(ids).view(np.uint8), pixels)
        if selected is not None:
            # Two lines, one inside and one outside: the selected one stands out on any background.
            mine = ids == self.selected_instance
            pixels[selected & _near_other(mine)] = _WHITE
            pixels[_outline_outside(mine)] = _WHITE

    def _colours(self, ids: LabelArray) -> Pixels:
        """uint8 (h, w, 4): by one look-up."""
        if self.style.by_class:
            slots = self.class_of_id.take(ids, mode="clip")
            palette = self.class_colours
        else:
            slots, palette = ids.astype(np.uint8), label_palette()
        coloured = cv2.applyColorMap(slots, palette.reshape(256, 1, 3))
        colours: Pixels = cv2.cvtColor(coloured, cv2.COLOR_BGR2BGRA)
        return colours

    def _blend_proposals(self, pixels: Pixels, ids: LabelArray, dash_phase: int) -> None:
        colour = (PROPOSAL.blue(), PROPOSAL.green(), PROPOSAL.red(), 255)
        edge = _outline(ids) | _outline_outside(ids != 0)
        height, width = edge.shape
        phase = np.arange(dash_phase, dash_phase + height)[:, None] + np.arange(width)[None, :]
        dash = (phase // _DASH_PX) % 2 == 0
        pixels[edge & dash] = colour
        pixels[edge & ~dash] = _DARK
        if self.selected_proposal:
            mine = ids == self.selected_proposal
            inner = mine[1:-1, 1:-1]
            if inner.any():
                flat = np.broadcast_to(np.array(colour, np.uint8), pixels.shape)
                _mix(pixels, np.ascontiguousarray(flat), inner, _PROPOSAL_FILL)
                pixels[(inner & _near_other(mine)) | _outline_outside(mine)] = colour


def _mix(pixels: Pixels, colours: Pixels, where: MaskArray, opacity: float) -> None:
    mixed = cv2.addWeighted(pixels, 1 - opacity, colours, opacity, 0)
    cv2.copyTo(mixed, np.ascontiguousarray(where).view(np.uint8), pixels)


def _outline(ids: LabelArray) -> MaskArray:
    """bool (h, w): labelled pixels with another label above, below, left or right; ids are (h+2, w+2)."""
    out: MaskArray = _near_other(ids) & (ids[1:-1, 1:-1] != 0)
    return out


def _near_other(values: npt.NDArray[np.generic]) -> MaskArray:
    """bool (h, w): pixels with another value above, below, left or right; values are (h+2, w+2)."""
    across, down = values[1:-1, 1:] != values[1:-1, :-1], values[1:, 1:-1] != values[:-1, 1:-1]
    edge: MaskArray = across[:, :-1] | across[:, 1:]
    edge |= down[:-1]
    edge |= down[1:]
    return edge


def _outline_outside(mask: MaskArray) -> MaskArray:
    """bool (h, w): unset pixels with a set neighbour; mask is (h+2, w+2)."""
    near = mask[:-2, 1:-1] | mask[2:, 1:-1] | mask[1:-1, :-2] | mask[1:-1, 2:]
    out: MaskArray = near & ~mask[1:-1, 1:-1]
    return out
