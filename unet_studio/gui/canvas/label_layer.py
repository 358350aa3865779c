"""Labels and proposals blended over the image, at the screen's own resolution.

Both are sampled once per screen pixel, so an outline is one screen pixel at every zoom and the work
depends on the repainted rectangle only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import IndexArray, LabelArray, LabelTiles, MaskArray
from unet_studio.core.proposals import Proposals
from unet_studio.gui.theme import LABEL_COLOURS, PROPOSAL, label_palette

Pixels = npt.NDArray[np.uint8]

_FILL_ALPHA = 80  # of 256
_SELECTED_FILL_ALPHA = 110
_DASH_PX = 4
_WHITE = (255, 255, 255)
_DARK = (30, 26, 0)


@dataclass(slots=True)
class LabelLayer:
    """What is drawn over the image, and how."""

    labels: LabelTiles | None = None
    proposals: Proposals | None = None
    open_proposals: MaskArray = field(default_factory=lambda: np.zeros(1, bool))
    """bool by proposal id: still waiting."""
    selected_instance: int = 0
    selected_proposal: int = 0
    visible: bool = True

    def blend(self, pixels: Pixels, rows: IndexArray, cols: IndexArray) -> None:
        """Blend over `pixels`, uint8 (h, w, 4) in B, G, R, A order, in place.

        `rows` and `cols` are the image pixel under each screen row and column, with one more on every
        side: sizes h + 2 and w + 2.
        """
        if not self.visible:
            return
        if self.labels is not None:
            self._blend_labels(pixels, self.labels.sample(rows, cols))
        if self.proposals is not None and self.open_proposals.any():
            ids = self.proposals.tiles.sample(rows, cols)
            self._blend_proposals(pixels, np.where(self.open_proposals[ids], ids, 0), rows, cols)

    def _blend_labels(self, pixels: Pixels, ids: LabelArray) -> None:
        inner = ids[1:-1, 1:-1]
        labelled = inner > 0
        if not labelled.any():
            return
        colours = label_palette()[inner[labelled] % LABEL_COLOURS].astype(np.uint16)
        selected = inner[labelled] == (self.selected_instance or -1)
        alpha = np.where(selected, _SELECTED_FILL_ALPHA, _FILL_ALPHA).astype(np.uint16)[:, None]
        below = pixels[labelled][:, :3].astype(np.uint16)
        mixed = (below * (256 - alpha) + colours * alpha) >> 8
        edge = _outline(ids)[labelled]
        mixed[edge] = colours[edge]
        mixed[edge & selected] = _WHITE
        pixels[labelled, :3] = mixed.astype(np.uint8)
        if selected.any():
            # A second line just outside: the selected one stands out on any background.
            around = _outline_outside(ids == self.selected_instance)
            pixels[around, :3] = _WHITE

    def _blend_proposals(self, pixels: Pixels, ids: LabelArray, rows: IndexArray, cols: IndexArray) -> None:
        inner = ids[1:-1, 1:-1]
        if not inner.any():
            return
        colour = (PROPOSAL.blue(), PROPOSAL.green(), PROPOSAL.red())
        edge = _outline(ids) | _outline_outside(ids > 0)
        # Dashes in screen pixels; anchored to the image so that they do not crawl while painting.
        phase = np.arange(inner.shape[0])[:, None] + np.arange(inner.shape[1])[None, :]
        phase = phase + int(rows[0]) + int(cols[0])
        dash = (phase // _DASH_PX) % 2 == 0
        pixels[edge & dash, :3] = colour
        pixels[edge & ~dash, :3] = _DARK
        if self.selected_proposal:
            chosen = ids == self.selected_proposal
            fill = chosen[1:-1, 1:-1]
            below = pixels[fill][:, :3].astype(np.uint16)
            pixels[fill, :3] = ((below * 3 + np.array(colour, np.uint16)) >> 2).astype(np.uint8)
            pixels[(_outline(np.where(chosen, ids, 0)) | _outline_outside(chosen)), :3] = colour


def _outline(ids: LabelArray) -> MaskArray:
    """bool (h, w): labelled pixels with another label above, below, left or right; ids are (h+2, w+2)."""
    inner = ids[1:-1, 1:-1]
    edge = (inner != ids[:-2, 1:-1]) | (inner != ids[2:, 1:-1])
    edge |= (inner != ids[1:-1, :-2]) | (inner != ids[1:-1, 2:])
    out: MaskArray = edge & (inner > 0)
    return out


def _outline_outside(mask: MaskArray) -> MaskArray:
    """bool (h, w): unset pixels with a set neighbour; mask is (h+2, w+2)."""
    near = mask[:-2, 1:-1] | mask[2:, 1:-1] | mask[1:-1, :-2] | mask[1:-1, 2:]
    out: MaskArray = near & ~mask[1:-1, 1:-1]
    return out
