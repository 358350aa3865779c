"""How well predicted instances fit the true ones.

Instances are matched one to one at an IoU threshold; AP = TP / (TP + FP + FN), as in the 2018 Data
Science Bowl and StarDist. Label images are int (H, W), 0 = background.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

LabelImage = npt.NDArray[np.integer]
AP_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """True positives, false positives, false negatives at one IoU threshold."""

    tp: int
    fp: int
    fn: int

    def __add__(self, other: MatchCounts) -> MatchCounts:
        return MatchCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 1 if nothing was predicted and nothing was there."""
        return _ratio(self.tp, self.tp + self.fp, empty=float(self.fn == 0))

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 1 if nothing was there and nothing was predicted."""
        return _ratio(self.tp, self.tp + self.fn, empty=float(self.fp == 0))

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn, empty=1.0)

    @property
    def ap(self) -> float:
        """TP / (TP + FP + FN)."""
        return _ratio(self.tp, self.tp + self.fp + self.fn, empty=1.0)


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What kinds of errors there are; see `count_mistakes`."""

    merges: int
    splits: int
    misses: int
    inventions: int

    def __add__(self, other: Mistakes) -> Mistakes:
        return Mistakes(
            self.merges + other.merges,
            self.splits + other.splits,
            self.misses + other.misses,
            self.inventions + other.inventions,
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of a set of images; see `score_images`. `instances`: how many there truly are.

    `ap`: by IoU threshold 0.5, 0.55 … 0.95.
    """

    images: int
    dice: float
    iou: float
    precision50: float
    recall50: float
    f1_50: float
    ap50: float
    ap50_mean: float
    ap75: float
    ap50_95: float
    pixel_accuracy: float
    ap: tuple[float, ...]
    instances: int
    merges: int
    splits: int
    misses: int
    inventions: int
    ap75_mean: float


def split_binary(labels: LabelImage) -> LabelImage:
    """A binary mask (at most one value besides 0) split into its 8-connected components."""
    if np.unique(labels[labels != 0]).size > 1 or (labels < 0).any():
        return labels
    components, _ = ndimage.label(labels > 0, structure=np.ones((3, 3)))
    return components.astype(np.int32)


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The pairs of a true and a predicted instance that share pixels: their places among the ids in
    ascending order, and how many pixels; and the areas of all instances."""

    true: npt.NDArray[np.intp]
    pred: npt.NDArray[np.intp]
    shared: npt.NDArray[np.int64]
    true_areas: npt.NDArray[np.int64]
    pred_areas: npt.NDArray[np.int64]

    @property
    def iou(self) -> sparse.csr_array:
        """Intersection over union of every pair, (true, predicted)."""
        union = self.true_areas[self.true] + self.pred_areas[self.pred] - self.shared
        shape = (self.true_areas.size, self.pred_areas.size)
        return sparse.csr_array((self.shared / union, (self.true, self.pred)), shape=shape)


def overlaps(true: LabelImage, pred: LabelImage) -> Overlaps:
    """Count the shared pixels of two label images. Raises ValueError if their sizes differ."""
    if true.shape != pred.shape:
        raise ValueError(f"label images of different size: {true.shape} and {pred.shape}")
    true_ids, true_place = np.unique(true, return_inverse=True)
    pred_ids, pred_place = np.unique(pred, return_inverse=True)
    pairs, shared = np.unique(
        true_place.ravel().astype(np.int64) * pred_ids.size + pred_place.ravel(), return_counts=True
    )
    rows, columns = pairs // pred_ids.size, pairs % pred_ids.size
    both = (true_ids[rows] != 0) & (pred_ids[columns] != 0)
    # Background is the smallest value where there is any: places move up by one without it.
    return Overlaps(
        rows[both] - np.count_nonzero(true_ids <= 0),
        columns[both] - np.count_nonzero(pred_ids <= 0),
        shared[both],
        np.bincount(true_place.ravel())[true_ids != 0],
        np.bincount(pred_place.ravel())[pred_ids != 0],
    )


def iou_matrix(true: LabelImage, pred: LabelImage) -> sparse.csr_array:
    """IoU of every true (rows) with every predicted instance (columns), ids in ascending order."""
    return overlaps(true, pred).iou


def count_mistakes(overlap: Overlaps) -> Mistakes:
    """Errors by kind. An instance belongs to the one that holds more than half of its pixels.

    A predicted instance to which n > 1 true ones belong is n − 1 merges; a true one to which n > 1
    predicted ones belong is n − 1 splits. A true instance that belongs to none and has none belonging to
    it is a miss, such a predicted one an invention.
    """
    true_in_pred = overlap.shared * 2 > overlap.true_areas[overlap.true]
    pred_in_true = overlap.shared * 2 > overlap.pred_areas[overlap.pred]
    either = true_in_pred | pred_in_true
    held = np.bincount(overlap.pred[true_in_pred], minlength=overlap.pred_areas.size)
    parts = np.bincount(overlap.true[pred_in_true], minlength=overlap.true_areas.size)
    return Mistakes(
        merges=int(np.maximum(held - 1, 0).sum()),
        splits=int(np.maximum(parts - 1, 0).sum()),
        misses=overlap.true_areas.size - np.unique(overlap.true[either]).size,
        inventions=overlap.pred_areas.size - np.unique(overlap.pred[either]).size,
    )


def match_counts(iou: sparse.csr_array, threshold: float) -> MatchCounts:
    """One-to-one matches with IoU ≥ `threshold` above 0: as many as possible."""
    true_count, pred_count = iou.shape
    fits = iou >= threshold
    if threshold > 0.5:
        # Above one half every instance has at most one partner: nothing has to be assigned.
        tp = int(fits.nnz)
    else:
        tp = int(np.count_nonzero(maximum_bipartite_matching(fits) >= 0)) if fits.nnz else 0
    return MatchCounts(tp, pred_count - tp, true_count - tp)


def standard_error(ap: float, instances: int) -> float:
    """What chance makes of an AP that was measured on so few instances: the standard error of a proportion,
    with one hit and one miss added, so that all of few is not taken for certain."""
    ap = (ap * instances + 1) / (instances + 2)
    return math.sqrt(ap * (1 - ap) / (instances + 2))


def dice_and_iou(true: LabelImage, pred: LabelImage) -> tuple[float, float]:
    """Dice and IoU of the foregrounds; 1 where both are empty."""
    a, b = true > 0, pred > 0
    both, total = int(np.count_nonzero(a & b)), int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return _ratio(2 * both, total, empty=1.0), _ratio(both, total - both, empty=1.0)


def score_images(
    pairs: Iterable[tuple[LabelImage, LabelImage]], *, binary_as_components: bool = True
) -> Scores:
    """Figures over (true, predicted) pairs.

    `binary_as_components`: an image with one value besides 0 is a binary mask, its components instances.

    `dice` and `iou` are means per image; counts are pooled over all images (StarDist's dataset
    figure), `ap50_mean` and `ap75_mean` are the means of the images' own AP (the Data Science Bowl's figure,
    and Cellpose's).
    """
    pooled = dict.fromkeys(AP_THRESHOLDS, MatchCounts(0, 0, 0))
    mistakes = Mistakes(0, 0, 0, 0)
    dices, ious, instances, right, pixels = [], [], 0, 0, 0
    own_aps: dict[float, list[float]] = {0.5: [], 0.75: []}
    for true, pred in pairs:
        if binary_as_components:
            true, pred = split_binary(true), split_binary(pred)
        overlap = overlaps(true, pred)
        mistakes += count_mistakes(overlap)
        iou = overlap.iou
        instances += overlap.true_areas.size
        right += int(np.count_nonzero((true > 0) == (pred > 0)))
        pixels += true.size
        for threshold in AP_THRESHOLDS:
            counts = match_counts(iou, threshold)
            pooled[threshold] += counts
            if threshold in own_aps:
                own_aps[threshold].append(counts.ap)
        dice, foreground_iou = dice_and_iou(true, pred)
        dices.append(dice)
        ious.append(foreground_iou)
    half = pooled[0.5]
    return Scores(
        images=len(dices),
        dice=_mean(dices),
        iou=_mean(ious),
        precision50=half.precision,
        recall50=half.recall,
        f1_50=half.f1,
        ap50=half.ap,
        ap50_mean=_mean(own_aps[0.5]),
        ap75=pooled[0.75].ap,
        ap50_95=_mean([counts.ap for counts in pooled.values()]),
        pixel_accuracy=_ratio(right, pixels, empty=1.0),
        ap=tuple(counts.ap for counts in pooled.values()),
        instances=instances,
        merges=mistakes.merges,
        splits=mistakes.splits,
        misses=mistakes.misses,
        inventions=mistakes.inventions,
        ap75_mean=_mean(own_aps[0.75]),
    )


def _ratio(part: float, whole: float, *, empty: float) -> float:
    return part / whole if whole else empty


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
