"""From foreground probability to instances."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray
from unet_studio.settings.prediction import Postprocessing


def instances_from_probability(probability: npt.NDArray[np.float32], settings: Postprocessing) -> LabelArray:
    """int32 (H, W) label image, ids 1..n, from a foreground probability float32 (H, W) in [0, 1].

    Threshold, 8-connected components, small ones dropped, each grown by `grow_px` without meeting
    another (training cut a seam; growing gives it back).
    """
    foreground = (probability >= settings.threshold).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(foreground, connectivity=8, ltype=cv2.CV_32S)
    keep = stats[:, cv2.CC_STAT_AREA] >= settings.min_area_px
    keep[0] = False
    new_id = np.zeros(len(keep), np.int32)
    new_id[keep] = np.arange(1, np.count_nonzero(keep) + 1, dtype=np.int32)
    out: LabelArray = new_id[labels]
    for _ in range(settings.grow_px):
        out = grow_by_one(out)
    return out


def grow_by_one(labels: LabelArray) -> LabelArray:
    """Every instance grown by one pixel (4-neighbourhood) into background; ties go to the smaller id."""
    grown = labels.copy()
    background = labels == 0
    for axis in (0, 1):
        for step in (1, -1):
            here: list[slice] = [slice(None), slice(None)]
            there: list[slice] = [slice(None), slice(None)]
            here[axis], there[axis] = (slice(1, None), slice(None, -1))[::step]
            source, target = labels[tuple(there)], grown[tuple(here)]
            take = background[tuple(here)] & (source > 0) & ((target == 0) | (source < target))
            target[take] = source[take]
    return grown
