"""Validation: loss and Dice on held-out images, and the post-processing that suits them best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import msgspec
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray
from unet_studio.jobs.context import JobContext
from unet_studio.segmentation.matching import Scores, iou_matrix, match_counts, score_images
from unet_studio.segmentation.proposals import instances_from_probability
from unet_studio.settings.prediction import Postprocessing
from unet_studio.settings.training import BorderWeights
from unet_studio.unet.device import Device
from unet_studio.unet.inference import foreground_probability, usual_tile_px
from unet_studio.unet.network import UNet
from unet_studio.unet.sampling import Sample, weight_map

_EPSILON = 1e-6
_THRESHOLDS = (0.4, 0.5, 0.6, 0.7)
_SEED_THRESHOLDS = (0.7, 0.8, 0.85, 0.9)
_GROWTHS_PX = (0, 1)
_TUNING_IOUS = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class ValidationScore:
    """Mean weighted cross entropy per counted pixel, and mean foreground Dice per image."""

    loss: float
    dice: float


class QuietContext:
    """Passes cancelling on, keeps the progress of single images to itself."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Nothing: a validation image is too small a step to show."""

    def check_cancelled(self) -> None:
        """See JobContext."""
        self._context.check_cancelled()

    def stop_requested(self) -> bool:
        """See JobContext."""
        return self._context.stop_requested()


class Validator:
    """Holds the validation samples and their weight maps."""

    def __init__(
        self, samples: Sequence[Sample], *, balance: npt.NDArray[np.float32], settings: BorderWeights
    ) -> None:
        self._samples = samples
        self._weights = [weight_map(s.labels, s.checked, balance=balance, settings=settings) for s in samples]

    @property
    def has_samples(self) -> bool:
        """False if there is nothing to validate on."""
        return bool(self._samples)

    def probabilities(
        self, network: UNet, device: Device, context: JobContext
    ) -> list[npt.NDArray[np.float32]]:
        """Foreground probability float32 (H, W) of every sample; leaves the network in evaluation mode."""
        network.eval()
        quiet = QuietContext(context)
        return [
            foreground_probability(network, s.image, device, quiet, tile_px=usual_tile_px(network))
            for s in self._samples
        ]

    def score(self, network: UNet, device: Device, context: JobContext) -> ValidationScore:
        """Loss and Dice now."""
        losses, dices = [], []
        for sample, weight, p in zip(
            self._samples, self._weights, self.probabilities(network, device, context), strict=True
        ):
            truth, counted = sample.labels > 0, weight > 0
            likelihood = np.clip(np.where(truth, p, 1 - p), _EPSILON, 1)
            losses.append(float((-np.log(likelihood) * weight)[counted].mean()) if counted.any() else 0.0)
            found = (p >= 0.5) & counted
            truth = truth & counted
            total = np.count_nonzero(found) + np.count_nonzero(truth)
            dices.append(2 * np.count_nonzero(found & truth) / total if total else 1.0)
        return ValidationScore(float(np.mean(losses)), float(np.mean(dices)))


def tune_postprocessing(
    truths: Sequence[LabelArray],
    probabilities: Sequence[npt.NDArray[np.float32]],
    start: Postprocessing,
) -> tuple[Postprocessing, Scores]:
    """Thresholds and growth with the best mean of AP50 and AP75 over images with uncut true labels.

    Returns the settings and their scores.
    """
    best, best_ap = start, -1.0
    for threshold, seed, grow_px in product(_THRESHOLDS, _SEED_THRESHOLDS, _GROWTHS_PX):
        settings = msgspec.structs.replace(start, threshold=threshold, seed_threshold=seed, grow_px=grow_px)
        ap = _mean_ap(truths, probabilities, settings)
        if ap > best_ap:
            best, best_ap = settings, ap
    return best, score_instances(truths, probabilities, best)


def score_instances(
    truths: Sequence[LabelArray],
    probabilities: Sequence[npt.NDArray[np.float32]],
    settings: Postprocessing,
) -> Scores:
    """All figures of the instances that `settings` makes of the probabilities."""
    return score_images(
        (truth, instances_from_probability(p, settings))
        for truth, p in zip(truths, probabilities, strict=True)
    )


def _mean_ap(
    truths: Sequence[LabelArray], probabilities: Sequence[npt.NDArray[np.float32]], settings: Postprocessing
) -> float:
    matrices = [
        iou_matrix(truth, instances_from_probability(p, settings))
        for truth, p in zip(truths, probabilities, strict=True)
    ]
    pooled = [_pooled_ap(matrices, threshold) for threshold in _TUNING_IOUS]
    return float(np.mean(pooled))


def _pooled_ap(matrices: Sequence[npt.NDArray[np.float64]], threshold: float) -> float:
    """AP at one threshold, pooled over images."""
    counts = [match_counts(matrix, threshold) for matrix in matrices]
    total = counts[0]
    for more in counts[1:]:
        total += more
    return total.ap
