"""The border weights of Ronneberger et al. 2015, equation 2, and those of Falk et al. 2019.

    w(x) = w_c(x) · far(x) + w0 · exp(−(d1(x) + d2(x))² / (2σ²))
    far(x) = λ + (1 − λ) · exp(−d1(x)² / (2 σ1²))

d1 and d2 are the distances from background pixel x to the nearest and the second-nearest instance;
w_c balances the class frequencies; far is 1 in the paper (λ = 1). On instance pixels the border term is 0
and far is 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.settings.training import BorderWeights

WeightMap = npt.NDArray[np.float32]

_FAR = np.float32(1e9)
# Beyond d1 + d2 = 6σ the term is below w0 · 1.6e-8: nothing farther needs to be looked at. A hair
# less than 6, so that no sum of two roots falls on the limit and rounding decides about it.
_CUTOFF_SIGMAS = 5.99137
_THREADS = 2


def cut_seams(labels: LabelArray, countable: npt.NDArray[np.bool_] | None = None) -> LabelArray:
    """A copy with one-pixel background between touching instances (paper, section 3).

    Of two touching instances the one with the smaller id gives way: its pixels that touch the other
    (8-neighbourhood) become background. So the seam is one pixel wide and nothing touches any more.
    `countable` (highest id + 1,): False for what may touch others (membranes, vessels); None: nothing may.
    """
    cut = np.zeros(labels.shape, bool)
    for here, there in _half_neighbours():
        a, b = labels[here], labels[there]
        touch = (a > 0) & (b > 0) & (a != b)
        if countable is not None:
            touch &= countable[a] & countable[b]
        cut[here] |= touch & (b > a)
        cut[there] |= touch & (a > b)
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


def far_term(labels: LabelArray, *, far_weight: float, far_sigma_px: float) -> WeightMap:
    """λ + (1 − λ) · exp(−d1² / (2 σ1²)) on background, 1 on instances; float32 (H, W).

    Without any instance everything is far: λ.
    """
    if far_weight == 1:
        return np.ones(labels.shape, np.float32)
    background = (labels == 0).view(np.uint8)
    if background.all():
        return np.full(labels.shape, far_weight, np.float32)
    distance = cv2.distanceTransform(background, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.exp(np.square(distance) * np.float32(-0.5 / far_sigma_px**2))
    return np.asarray(np.float32(far_weight) + np.float32(1 - far_weight) * near, np.float32)


def class_balance(counts: npt.NDArray[np.integer]) -> WeightMap:
    """w_c per class, float32 (classes,): inverse frequency, scaled so that the mean weight is 1.

    `counts` (classes,): pixels of every class. A class that does not occur gets weight 1.
    """
    present = counts > 0
    out = np.ones(counts.size)
    if present.any():
        out[present] = counts.sum() / (present.sum() * counts[present])
    return out.astype(np.float32)


def weight_map(
    labels: LabelArray,
    checked: MaskArray | None,
    *,
    class_of: npt.NDArray[np.int64],
    balance: WeightMap,
    settings: BorderWeights,
    countable: npt.NDArray[np.bool_] | None = None,
) -> WeightMap:
    """w(x), float32 (H, W); 0 outside the checked area.

    `class_of` (highest id + 1,): class of every id, 0 for id 0. `countable` (the same): False for what is
    no instance to be kept apart; None: all are.
    """
    weight = balance[class_of[labels]]
    instances = labels if countable is None else np.where(countable[labels], labels, 0)
    if settings.far_weight != 1:
        weight = weight * far_term(labels, far_weight=settings.far_weight, far_sigma_px=settings.far_sigma_px)
    border = border_term(instances, w0=settings.w0, sigma_px=settings.sigma_px)
    weight = weight + (border if countable is None else np.where(labels == 0, border, 0))
    if checked is not None:
        weight[~checked] = 0
    return weight


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
