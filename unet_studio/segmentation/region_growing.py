"""The region around a click that an image, or a foreground probability, supports."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import MaskArray

GreyArray = npt.NDArray[np.uint8]

_LEVELS = 40
_LARGEST_SHARE = 0.5
_BARRIER = 1


def flood(grey: GreyArray, at: tuple[int, int], tolerance: int, barrier: MaskArray) -> MaskArray:
    """Pixels joined to `at` (y, x) whose grey value is within `tolerance` of its: bool (H, W).

    `grey` is uint8 (H, W) or (H, W, 3) (every channel counts). Does not enter `barrier`, nor pass it
    diagonally.
    """
    if barrier[at]:
        return np.zeros(barrier.shape, bool)
    seen = np.pad(barrier.view(np.uint8), 1, constant_values=_BARRIER) * np.uint8(_BARRIER)
    spread = (tolerance,) * 3
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(np.ascontiguousarray(grey), seen, (at[1], at[0]), 0, spread, spread, flags)
    region: MaskArray = seen[1:-1, 1:-1] == 255
    return region


def grow_from(values: GreyArray, at: tuple[int, int], barrier: MaskArray) -> MaskArray:
    """The object around `at` (y, x): bool (H, W); empty where nothing stands out.

    `values` uint8 (H, W): a foreground probability × 255, or grey values. Of the components around the click
    at every threshold, brighter and darker than it, the one with the steepest rim is taken; one that fills
    half the window or reaches its rim is no object.
    """
    blurred = cv2.GaussianBlur(values, (0, 0), 1.2)
    gradient = cv2.magnitude(
        cv2.Scharr(blurred, cv2.CV_32F, 1, 0) / 32, cv2.Scharr(blurred, cv2.CV_32F, 0, 1) / 32
    )
    best, best_score = np.zeros(values.shape, bool), 0.0
    for source in (blurred, 255 - blurred):
        here = int(source[at])
        for threshold in np.unique(
            np.linspace(max(1, here * 0.15), max(1, here * 0.97), _LEVELS).astype(int)
        ):
            region = _component((source >= threshold) & ~barrier, at)
            if region is None:
                continue
            eroded = cv2.erode(region.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
            rim = region & ~eroded
            # Where a neighbour stands in the way the rim says nothing about the object.
            rim &= cv2.dilate(barrier.view(np.uint8), np.ones((3, 3), np.uint8)) == 0
            if not rim.any():
                continue
            score = float(gradient[rim].mean())
            if score > best_score * 1.02:
                best, best_score = region, score
    if best.any():
        filled = np.pad(best, 1).view(np.uint8)
        cv2.floodFill(filled, None, (0, 0), 2, flags=4)
        best = (filled[1:-1, 1:-1] != 2) & ~barrier
    return best


def _component(mask: MaskArray, at: tuple[int, int]) -> MaskArray | None:
    """The component of the mask at a place, if it can be an object: inside the window, not half of it."""
    if not mask[at]:
        return None
    _, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    region: MaskArray = labels == labels[at]
    on_rim = region[0].any() or region[-1].any() or region[:, 0].any() or region[:, -1].any()
    if on_rim or region.sum() > _LARGEST_SHARE * mask.size:
        return None
    return region
