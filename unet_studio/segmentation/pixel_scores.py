"""How well a predicted class of every pixel fits the true one: the confusion matrix and what follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import MaskArray

ConfusionMatrix = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PixelScores:
    """`iou` and `dice` of every class, background first; NaN for a class that is neither there nor predicted.

    The means leave those out, and the background.
    """

    iou: tuple[float, ...]
    dice: tuple[float, ...]
    mean_iou: float
    mean_dice: float
    accuracy: float


def confusion_matrix(
    true: npt.NDArray[np.integer],
    pred: npt.NDArray[np.integer],
    *,
    classes: int,
    counted: MaskArray | None = None,
) -> ConfusionMatrix:
    """Pixels of true class i (rows) that were predicted as class j (columns), int64 (classes, classes).

    `true`, `pred`: class of every pixel, of equal shape, in 0..classes-1. `counted`: the pixels to look
    at; None: all.
    """
    if counted is not None:
        true, pred = true[counted], pred[counted]
    pairs = true.ravel().astype(np.int64) * classes + pred.ravel()
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def pixel_scores(confusion: ConfusionMatrix) -> PixelScores:
    """The figures of a confusion matrix (Long et al. 2015, section 5)."""
    hit = np.diag(confusion).astype(float)
    total = confusion.sum(0) + confusion.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou, dice = hit / (total - hit), 2 * hit / total
    pixels = confusion.sum()
    return PixelScores(
        iou=tuple(iou.tolist()),
        dice=tuple(dice.tolist()),
        mean_iou=_mean_of_known(iou[1:]),
        mean_dice=_mean_of_known(dice[1:]),
        accuracy=float(hit.sum() / pixels) if pixels else 1.0,
    )


def _mean_of_known(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 1.0
