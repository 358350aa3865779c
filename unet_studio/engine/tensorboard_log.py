"""The curves, weights and pictures of a run as TensorBoard event files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from unet_studio.segmentation.patches import Sample
from unet_studio.unet.network import UNet
from unet_studio.unet.tracking import CurvePoint

_EXAMPLES = 3
_SIDE_PX = 512
_TRUE = np.array([0.0, 0.9, 0.4], np.float32)
_FOUND = np.array([1.0, 0.2, 0.6], np.float32)


class TensorBoardLog:
    """Writes one run's event files; `close` it."""

    def __init__(self, folder: Path) -> None:
        # Only a training pays for the import.
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def point(
        self,
        point: CurvePoint,
        network: UNet,
        samples: Sequence[Sample],
        probabilities: Sequence[npt.NDArray[np.float32]],
    ) -> None:
        """Loss, Dice, learning rate; histograms of weights and gradients; what was found on the first
        validation samples."""
        step, add = point.step, self._writer.add_scalar
        figures: dict[str, float | None] = {
            "loss/training": point.train_loss,
            "gradient_norm": point.gradient_norm,
            "learning_rate": point.learning_rate,
        }
        if point.validation is not None:
            figures["loss/validation"] = point.validation.loss
            figures["Dice"] = point.validation.dice
            figures["AP50"] = point.validation.ap50
            figures["mean_IoU"] = point.validation.mean_iou
        for name, value in figures.items():
            if value is not None and math.isfinite(value):
                add(name, value, step)
        for name, parameter in network.named_parameters():
            self._writer.add_histogram(f"weights/{name}", parameter.detach().float().cpu().numpy(), step)
            if parameter.grad is not None and bool(parameter.grad.isfinite().all()):
                gradient = parameter.grad.detach().float().cpu().numpy()
                self._writer.add_histogram(f"gradients/{name}", gradient, step)
        for number, (sample, p) in enumerate(zip(samples[:_EXAMPLES], probabilities, strict=False)):
            self._writer.add_image(f"example_{number}", overlay(sample, p), step, dataformats="HWC")
        self._writer.flush()

    def close(self) -> None:
        """Finish the files."""
        self._writer.close()


def overlay(sample: Sample, probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sample in grey with the outlines of what is there (green) and what was found (pink), float32
    (h, w, 3) in [0, 1], cut to the upper left corner if it is large."""
    corner = (slice(0, _SIDE_PX), slice(0, _SIDE_PX))
    grey = np.clip(sample.image[corner].mean(2, keepdims=True), 0, 1) * np.float32(0.8)
    out = np.repeat(grey, 3, 2)
    out[_outline(sample.labels[corner])] = _TRUE
    out[_outline((probabilities[corner].sum(2) >= 0.5).astype(np.int32))] = _FOUND
    return np.asarray(out, np.float32)


def _outline(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    edge = np.zeros(labels.shape, bool)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    return edge & (labels > 0)
