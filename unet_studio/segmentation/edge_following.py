"""Outlines that find the image's edges: intelligent scissors and GrabCut (both OpenCV's)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import MaskArray
from unet_studio.segmentation.region_growing import GreyArray

_GRAB_CUT_ROUNDS = 4
_GRAB_CUT_SIDE_PX = 320


class LiveWire:
    """The cheapest way along the edges from one anchor to any place (Mortensen and Barrett 1995).

    Building it costs tens of milliseconds for 500² pixels; asking for a way costs nearly nothing.
    """

    def __init__(self, grey: GreyArray, anchor: tuple[int, int]) -> None:
        """`grey` uint8 (H, W) around the anchor (y, x)."""
        self.anchor = anchor
        self._scissors = cv2.segmentation.IntelligentScissorsMB()
        self._scissors.setEdgeFeatureCannyParameters(24, 72)
        self._scissors.setGradientMagnitudeMaxLimit(200)
        self._scissors.applyImage(cv2.GaussianBlur(grey, (0, 0), 1.0))
        self._scissors.buildMap((anchor[1], anchor[0]))
        self._shape = grey.shape[:2]

    def way_to(self, y: int, x: int) -> npt.NDArray[np.float64]:
        """Points (n, 2) as (y, x), pixel centres, from the anchor to a place (moved into the window)."""
        y, x = min(max(y, 0), self._shape[0] - 1), min(max(x, 0), self._shape[1] - 1)
        contour = self._scissors.getContour((x, y))
        if contour is None or len(contour) == 0:
            return np.array([self.anchor, (y, x)], np.float64) + 0.5
        way: npt.NDArray[np.float64] = contour.reshape(-1, 2)[:, ::-1].astype(np.float64) + 0.5
        return way


def grab_cut(pixels: npt.NDArray[np.uint8], barrier: MaskArray) -> MaskArray:
    """The object in the middle of a box: bool (H, W). Rother, Kolmogorov, Blake 2004.

    `pixels` uint8 (H, W, 3): the box with a margin of a quarter of its side all around, which counts as
    background, as does `barrier`. Large boxes are cut at a smaller size and smoothed up again.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _GRAB_CUT_SIDE_PX / max(height, width))
    small = (
        cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    )
    h, w = small.shape[:2]
    top, left = max(1, round(h / 6)), max(1, round(w / 6))
    if h - 2 * top < 2 or w - 2 * left < 2:
        return np.zeros((height, width), bool)
    state = np.full((h, w), cv2.GC_BGD, np.uint8)
    state[top:-top, left:-left] = cv2.GC_PR_FGD
    blocked = cv2.resize(barrier.view(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST) > 0
    # A neighbour looks like the object: it must not teach what background looks like.
    ground = (state == cv2.GC_BGD) & ~blocked
    if ground.any():
        small = small.copy()
        small[blocked] = np.median(small[ground], axis=0)
    state[blocked] = cv2.GC_BGD
    if not (state == cv2.GC_PR_FGD).any():
        return np.zeros((height, width), bool)
    cv2.setRNGSeed(0)  # The same box gives the same cell.
    cv2.grabCut(
        small, state, None, np.zeros((1, 65)), np.zeros((1, 65)), _GRAB_CUT_ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    found = ((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)).astype(np.float32)
    if scale < 1:
        found = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
    mask: MaskArray = (found > 0.5) & ~barrier
    return mask
