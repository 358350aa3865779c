"""How well predicted instances fit the true ones.

Instances are matched one to one at an IoU threshold; AP = TP / (TP + FP + FN), as in the 2018 Data
Science Bowl and StarDist. Label images are int (H, W), 0 = background.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.optimize import linear_sum_assignment

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
class Scores:
    """The figures of a set of images; see `score_images`."""

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


def split_binary(labels: LabelImage) -> LabelImage:
    """A binary mask (at most one value besides 0) split into its 8-connected components."""
    if np.unique(labels).size > 2 or (labels < 0).any():
        return labels
    components, _ = ndimage.label(labels > 0, structure=np.ones((3, 3)))
    return components.astype(np.int32)


def iou_matrix(true: LabelImage, pred: LabelImage) -> npt.NDArray[np.float64]:
    """IoU of every true (rows) with every predicted instance (columns), ids in ascending order."""
    if true.shape != pred.shape:
        raise ValueError(f"label images of different size: {true.shape} and {pred.shape}")
    true_ids, true_place = np.unique(true, return_inverse=True)
    pred_ids, pred_place = np.unique(pred, return_inverse=True)
    overlap = sparse.coo_array(
        (np.ones(true.size, np.int64), (true_place.ravel(), pred_place.ravel())),
        shape=(true_ids.size, pred_ids.size),
    ).toarray()
    union = overlap.sum(1, keepdims=True) + overlap.sum(0, keepdims=True) - overlap
    return np.asarray((overlap / union)[true_ids != 0][:, pred_ids != 0])


def match_counts(iou: npt.NDArray[np.float64], threshold: float) -> MatchCounts:
    """One-to-one matches with IoU ≥ `threshold`: as many as possible."""
    true_count, pred_count = iou.shape
    if threshold > 0.5:
        # Above one half every instance has at most one partner: no assignment needed.
        tp = int(np.count_nonzero(iou >= threshold))
    else:
        # The small IoU term prefers the better of equally many matches.
        gain = (iou >= threshold).astype(float) + iou / (2 * max(1, min(iou.shape)))
        rows, cols = linear_sum_assignment(-gain)
        tp = int(np.count_nonzero(iou[rows, cols] >= threshold))
    return MatchCounts(tp, pred_count - tp, true_count - tp)


def dice_and_iou(true: LabelImage, pred: LabelImage) -> tuple[float, float]:
    """Dice and IoU of the foregrounds; 1 where both are empty."""
    a, b = true > 0, pred > 0
    both, total = int(np.count_nonzero(a & b)), int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return _ratio(2 * both, total, empty=1.0), _ratio(both, total - both, empty=1.0)


def score_images(pairs: Iterable[tuple[LabelImage, LabelImage]]) -> Scores:
    """Figures over (true, predicted) pairs.

    `dice` and `iou` are means per image; counts are pooled over all images (StarDist's dataset
    figure), `ap50_mean` is the mean of the images' own AP at 0.5 (Cellpose's figure).
    """
    pooled = dict.fromkeys(AP_THRESHOLDS, MatchCounts(0, 0, 0))
    dices, ious, ap50s = [], [], []
    for true, pred in pairs:
        true, pred = split_binary(true), split_binary(pred)
        iou = iou_matrix(true, pred)
        for threshold in AP_THRESHOLDS:
            counts = match_counts(iou, threshold)
            pooled[threshold] += counts
            if threshold == 0.5:
                ap50s.append(counts.ap)
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
        ap50_mean=_mean(ap50s),
        ap75=pooled[0.75].ap,
        ap50_95=_mean([counts.ap for counts in pooled.values()]),
    )


def _ratio(part: float, whole: float, *, empty: float) -> float:
    return part / whole if whole else empty


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
