"""Validation: figures on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray
from unet_studio.jobs.context import JobContext, QuietContext
from unet_studio.segmentation.matching import score_images, standard_error
from unet_studio.segmentation.patches import Sample
from unet_studio.segmentation.pixel_scores import confusion_matrix, pixel_scores
from unet_studio.segmentation.proposals import instances_of_classes, only_countable
from unet_studio.segmentation.weight_map import weight_map
from unet_studio.settings.prediction import Postprocessing
from unet_studio.settings.training import BorderWeights
from unet_studio.unet.device import Device
from unet_studio.unet.inference import class_probabilities, usual_tile_px
from unet_studio.unet.network import UNet
from unet_studio.unet.parts_memory import Probabilities
from unet_studio.unet.tuning import other_ways_to_part

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class ValidationScore:
    """`loss`: mean weighted cross entropy per counted pixel and image. `dice`: mean over the classes that
    are there, None if there is nothing but background. All over the counted pixels of all images; the last
    six are about countable instances: `instances` is how many there truly are."""

    loss: float
    dice: float | None
    mean_iou: float
    class_iou: list[float]
    pixel_accuracy: float
    ap50: float
    merges: int
    splits: int
    misses: int
    inventions: int
    instances: int

    @property
    def merit(self) -> float:
        """Dice and AP50 together, by which weights are compared; 0 if there is nothing but background."""
        return 0.0 if self.dice is None else self.dice + self.ap50

    def is_below(self, start: ValidationScore) -> bool:
        """True if Dice is less than the start's, or AP50 by more than chance makes of so few instances."""
        if (self.dice or 0.0) < (start.dice or 0.0):
            return True
        chance = standard_error(start.ap50, start.instances)
        return bool(start.instances) and self.ap50 < start.ap50 - chance


class Validator:
    """Holds the validation samples, their weight maps, and what was last predicted on them."""

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        balance: npt.NDArray[np.float32],
        border_weights: BorderWeights,
        postprocessing: Postprocessing,
        stuff: Sequence[int] = (),
    ) -> None:
        self._samples = samples
        self._postprocessing = postprocessing
        self._stuff = tuple(stuff)
        self._weights = [
            weight_map(
                s.labels, s.checked, class_of=s.class_of, balance=balance, settings=border_weights,
                countable=s.countable,
            )
            for s in samples
        ]  # fmt: skip
        self.last: list[Probabilities] = []

    @property
    def has_samples(self) -> bool:
        """False if there is nothing to validate on."""
        return bool(self._samples)

    def predict(self, network: UNet, device: Device, context: JobContext) -> list[Probabilities]:
        """Probabilities of every sample; leaves the network in evaluation mode."""
        network.eval()
        quiet = QuietContext(context)
        self.last = [
            class_probabilities(network, s.image, device, quiet, tile_px=usual_tile_px(network))
            for s in self._samples
        ]
        return self.last

    def score(self, network: UNet, device: Device, context: JobContext) -> ValidationScore:
        """All figures now."""
        classes = network.config.classes
        losses = []
        confusion = np.zeros((classes, classes), np.int64)
        # The instances are those of the best rule that is tried: weights are not worse because they are surer
        # of themselves.
        tried = [
            self._postprocessing,
            *other_ways_to_part(self._postprocessing, len(self._samples), self._stuff),
        ]
        pairs: list[list[tuple[LabelArray, LabelArray]]] = [[] for _ in tried]
        for sample, weight, p in zip(
            self._samples, self._weights, self.predict(network, device, context), strict=True
        ):
            truth, counted = sample.semantic, weight > 0
            whole = np.concatenate([1 - p.sum(2, keepdims=True), p], axis=2)
            likelihood = np.clip(np.take_along_axis(whole, truth[:, :, None], 2)[:, :, 0], _EPSILON, 1)
            losses.append(float((-np.log(likelihood) * weight)[counted].mean()) if counted.any() else 0.0)
            confusion += confusion_matrix(truth, whole.argmax(2), classes=classes, counted=counted)
            # Instances only half inside the checked area count with that half on both sides.
            true = (
                sample.labels if sample.countable is None else sample.countable[sample.labels] * sample.labels
            )
            true = np.where(counted, true, 0)
            for settings, of_settings in zip(tried, pairs, strict=True):
                found = only_countable(*instances_of_classes(p, settings, self._stuff), self._stuff)
                of_settings.append((true, np.where(counted, found, 0)))
        pixels = pixel_scores(confusion)
        instances = max(
            (score_images(of_settings, binary_as_components=False) for of_settings in pairs),
            key=lambda scores: scores.ap50,
        )
        return ValidationScore(
            loss=float(np.mean(losses)),
            dice=pixels.mean_dice if confusion[1:].any() else None,
            mean_iou=pixels.mean_iou,
            class_iou=list(pixels.iou),
            pixel_accuracy=pixels.accuracy,
            ap50=instances.ap50,
            merges=instances.merges,
            splits=instances.splits,
            misses=instances.misses,
            inventions=instances.inventions,
            instances=instances.instances,
        )
