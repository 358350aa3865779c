"""Learns anew how a model joins fragments (segmentation/joining.py), and chooses its post-processing.

    python learn_joining.py DATA MODEL [--without KIND]

What a training does at its end, for weights that are not to change: the rule is learnt from the training
images, all else is chosen on those of val_images.txt. Rewrites MODEL/config.json, and the scores in
metrics.json. KIND as in stage_data.py: what the model never saw.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace
from report import Patient, Truth, read_truths

from unet_studio.engine.train_ending import scores_row
from unet_studio.io.model_folder import METRICS_NAME, ModelConfig, write_model_folder
from unet_studio.segmentation.normalization import adapt_channels, normalize
from unet_studio.unet.device import Device, choose_device, move
from unet_studio.unet.inference import class_probabilities, usual_tile_px
from unet_studio.unet.network import UNet
from unet_studio.unet.tuning import joining_learnt_from, tune_postprocessing
from unet_studio.unet.weights import load_network, save_weights


def probabilities(network: UNet, model: ModelConfig, truth: Truth, device: Device) -> npt.NDArray[np.float32]:
    """Of every class but background, float32 (H, W, K − 1)."""
    adapted, _ = adapt_channels(truth.plane, network.config.in_channels)
    image = normalize(adapted, model.normalization)
    return class_probabilities(network, image, device, Patient(), tile_px=usual_tile_px(network))


def main() -> None:
    """See the module."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    without = sys.argv[4] if sys.argv[3:4] == ["--without"] else None
    network, model = load_network(folder)
    device = choose_device()
    move(network, device)
    network.eval()
    teaching, others = (
        [truth for truth in read_truths(data, validating=validating) if truth.kind != without]
        for validating in (False, True)
    )
    learnt = joining_learnt_from(
        [truth.labels for truth in teaching],
        lambda index: probabilities(network, model, teaching[index], device),
        model.postprocessing.threshold,
    )
    settings, scores = tune_postprocessing(
        [truth.labels for truth in others],
        [probabilities(network, model, truth, device) for truth in others],
        model.postprocessing,
        learnt,
    )
    print(settings, f"AP50 {scores.ap50_mean:.3f}, AP75 {scores.ap75_mean:.3f}", sep="\n")
    weights = folder / "weights.partial"
    save_weights(weights, network.state_dict())
    metrics = json.loads((folder / METRICS_NAME).read_text())
    metrics["validation"] = scores_row(scores)
    write_model_folder(folder, replace(model, postprocessing=settings), weights, metrics)


if __name__ == "__main__":
    main()
