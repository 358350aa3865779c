"""The border weights of Ronneberger et al. 2015, equation 2.

    w(x) = w_c(x) + w0 · exp(−(d1(x) + d2(x))² / (2σ²))

d1 and d2 are the distances from background pixel x to the nearest and the second-nearest instance;
w_c balances the class frequencies. On instance pixels the border term is 0.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from unet_studio.core.label_tiles import LabelArray

WeightMap = npt.NDArray[np.float32]

_FAR = np.float32(1e9)
# Beyond d1 + d2 = 6σ the term is below w0 · 1.6e-8: nothing farther needs to be looked at. A hair
# less than 6, so that no sum of two roots falls on the limit and rounding decides about it.
_CUTOFF_SIGMAS = 5.99137
_THREADS = 2


def cut_seams(labels: LabelArray) -> LabelArray:
    """A copy with one-pixel background between touching instances (paper, section 3).

    Of two touching instances the one with the smaller id gives way: its pixels that touch the other
    (8-neighbourhood) become background. So the seam is one pixel wide and nothing touches any more.
    """
    cut = np.zeros(labels.shape, bool)
    for here, there in _half_neighbours():
        a, b = labels[here], labels[there]
        cut[here] |= (a > 0) & (b > a)
        cut[there] |= (b > 0) & (a > b)
    out = labels.copy()
    out[cut] = 0
    return out


def two_nearest_distances(labels: LabelArray, *, reach_px: float) -> tuple[WeightMap, WeightMap]:
    """Distances (float32 (H, W)) to the nearest and second-nearest instance, where they matter.

    Exact wherever d1 + d2 ≤ `reach_px`; elsewhere the values are at least the true ones, 1e9 if no
    instance was near. On instance pixels d1 is 0. The work per instance is one distance transform of
    its own neighbourhood.
    """
    if labels.max(initial=0) > labels.size:
        # find_objects makes a list as long as the largest id.
        labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    boxes = [
        (i + 1, box) for i, box in enumerate(ndimage.find_objects(labels)) if box is not None
    ]  # (id, (rows, cols))
    margin = int(np.ceil(reach_px))
    if len(boxes) < 2 * _THREADS:
        return _two_nearest(labels, boxes, margin)
    chunks = [boxes[i::_THREADS] for i in range(_THREADS)]
    # OpenCV releases the GIL: two threads halve the time.
    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(lambda chunk: _two_nearest(labels, chunk, margin), chunks))
    first, second = results[0]
    for other_first, other_second in results[1:]:
        # The two smallest of four: the larger of the firsts competes with both seconds.
        cv2.min(second, other_second, dst=second)
        cv2.min(second, cv2.max(first, other_first), dst=second)
        cv2.min(first, other_first, dst=first)
    return first, second


def border_term(labels: LabelArray, *, w0: float, sigma_px: float) -> WeightMap:
    """w0 · exp(−(d1 + d2)² / (2σ²)) on background pixels, 0 on instances; float32 (H, W)."""
    out = np.zeros(labels.shape, np.float32)
    if w0 == 0:
        return out
    reach = _CUTOFF_SIGMAS * sigma_px
    first, second = two_nearest_distances(labels, reach_px=reach)
    near = (cv2.add(first, second) <= np.float32(reach)) & (labels == 0)
    # OpenCV's distances vary in their last bit from call to call; their squares are whole numbers.
    total = np.sqrt(np.rint(np.square(first[near]))) + np.sqrt(np.rint(np.square(second[near])))
    out[near] = np.float32(w0) * np.exp(np.square(total) * np.float32(-0.5 / sigma_px**2))
    return out


def class_balance(semantic: npt.NDArray[np.integer], *, classes: int) -> WeightMap:
    """w_c per class, float32 (classes,): inverse frequency, scaled so that the mean weight is 1.

    `semantic`: integers (…) in 0..classes-1. A class that does not occur gets weight 1.
    """
    counts = np.bincount(semantic.ravel(), minlength=classes).astype(np.float64)
    present = counts > 0
    out = np.ones(classes)
    if present.any():
        out[present] = counts.sum() / (present.sum() * counts[present])
    return out.astype(np.float32)


def _two_nearest(
    labels: LabelArray, boxes: list[tuple[int, tuple[slice, ...]]], margin: int
) -> tuple[WeightMap, WeightMap]:
    height, width = labels.shape
    first = np.full(labels.shape, _FAR)
    second = np.full(labels.shape, _FAR)
    for instance_id, (rows, cols) in boxes:
        window = (
            slice(max(0, rows.start - margin), min(height, rows.stop + margin)),
            slice(max(0, cols.start - margin), min(width, cols.stop + margin)),
        )
        outside = (labels[window] != instance_id).view(np.uint8)
        distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        near, next_near = first[window], second[window]
        cv2.min(next_near, cv2.max(near, distance), dst=next_near)
        cv2.min(near, distance, dst=near)
    return first, second


def _half_neighbours() -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Views of each pixel and of its right, lower, lower-right and lower-left neighbour."""
    everything, first, last = slice(None), slice(1, None), slice(None, -1)
    return [
        ((everything, last), (everything, first)),
        ((last, everything), (first, everything)),
        ((last, last), (first, first)),
        ((last, first), (first, last)),
    ]
