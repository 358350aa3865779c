"""A training job from files to model folder: read, check, split, fit, tune, write."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

import unet_studio
from unet_studio.core.errors import TrainingDataError
from unet_studio.core.label_tiles import LabelArray
from unet_studio.engine.server import ServerContext
from unet_studio.io.atomic import writable_folder
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import read_label_image
from unet_studio.io.model_folder import ModelConfig, write_model_folder
from unet_studio.io.open_image import open_image
from unet_studio.jobs.messages import SampleFiles, Train, Trained, TrainingPoint
from unet_studio.settings.prediction import Normalization
from unet_studio.unet.device import Device, choose_device
from unet_studio.unet.network import UNet
from unet_studio.unet.sampling import Sample, make_sample
from unet_studio.unet.training import CurvePoint, FitResult, fit
from unet_studio.unet.validation import Validator, score_instances, tune_postprocessing
from unet_studio.unet.weights import load_network, save_weights

_TUNE_FROM_IMAGES = 5
_SMALLEST_CUT_PX = 128


def run_training(request: Train, context: ServerContext) -> Trained:
    """Train as the request says and write the model folder."""
    out = writable_folder(Path(request.out))
    network, start = _starting_point(request)
    config = msgspec.structs.replace(request.config, network=start.network)
    device = choose_device(request.device)
    train_files, val_files = split_samples(
        request.samples, request.val_samples, config.val_fraction, config.seed
    )
    samples, truths = _read_samples(train_files, start, context)
    val_samples, val_truths = _read_samples(val_files, start, context)
    if not val_samples and config.val_fraction > 0:
        samples, val_samples, val_truths = hold_out_region(samples[0], truths[0])
    if not any((s.labels > 0).any() for s in samples):
        raise TrainingDataError(
            "None of the {count} training masks holds an instance: mark at least one, then train again.",
            count=len(samples),
        )
    context.progress(0, 1000, "0")
    result = fit(
        network,
        samples,
        val_samples,
        config,
        device,
        context,
        on_point=lambda point: context.point(_message(request.job, point)),
    )
    network.load_state_dict(result.state)
    model, metrics = _finish(request, start, network, val_samples, val_truths, result, device, context)
    recipe = _recipe(request, config, train_files, val_files, result, device)
    weights = out / "weights.partial"
    save_weights(weights, network.state_dict())
    model = msgspec.structs.replace(model, name=request.name, recipe=recipe)
    write_model_folder(out, model, weights, metrics)
    return Trained(job=request.job, model=str(out), metrics=metrics)


def split_samples(
    samples: Sequence[SampleFiles],
    val_samples: Sequence[SampleFiles] | None,
    val_fraction: float,
    seed: int,
) -> tuple[list[SampleFiles], list[SampleFiles]]:
    """Training and validation files: as given, or a seeded split by image.

    With a fraction above 0 and two or more images at least one validates and at least one trains.
    """
    if val_samples is not None:
        return list(samples), list(val_samples)
    count = len(samples)
    held_out = 0
    if val_fraction > 0 and count > 1:
        held_out = min(count - 1, max(1, round(count * val_fraction)))
    order = np.random.default_rng(seed).permutation(count)
    val_places = set(order[:held_out].tolist())
    return (
        [s for i, s in enumerate(samples) if i not in val_places],
        [s for i, s in enumerate(samples) if i in val_places],
    )


def hold_out_region(sample: Sample, truth: LabelArray) -> tuple[list[Sample], list[Sample], list[LabelArray]]:
    """With a single image its last quarter (along the longer side) validates, the rest trains.

    Returns training samples, validation samples and their truths. A small image is not cut: then nothing
    validates.
    """
    height, width = sample.labels.shape
    if max(height, width) < _SMALLEST_CUT_PX:
        return [sample], [], []
    top, left = (0, width * 3 // 4) if width >= height else (height * 3 // 4, 0)
    region = (slice(top, None), slice(left, None))
    checked = np.ones((height, width), bool) if sample.checked is None else sample.checked.copy()
    held_out = Sample(sample.image[region], sample.labels[region], checked[region].copy())
    if not checked[region].any():
        return [sample], [], []
    checked[region] = False
    if not checked.any():
        return [sample], [], []
    return [Sample(sample.image, sample.labels, checked)], [held_out], [truth[region]]


def _starting_point(request: Train) -> tuple[UNet, ModelConfig]:
    if request.init is not None:
        return load_network(Path(request.init))
    torch.manual_seed(request.config.seed)
    network = UNet(request.config.network)
    return network, ModelConfig(
        name=request.name, network=request.config.network, normalization=Normalization()
    )


def _read_samples(
    files: Sequence[SampleFiles], model: ModelConfig, context: ServerContext
) -> tuple[list[Sample], list[LabelArray]]:
    """Samples, and the labels as the person drew them: results are scored against these, uncut."""
    samples: list[Sample] = []
    truths: list[LabelArray] = []
    for one in files:
        context.check_cancelled()
        plane = whole_plane(open_image(Path(one.image)))
        shape = plane.shape[:2]
        labels = read_label_image(Path(one.mask), shape=(shape[0], shape[1]))
        checked = None
        if one.checked is not None:
            checked = read_label_image(Path(one.checked), shape=(shape[0], shape[1])) > 0
        samples.append(
            make_sample(
                plane,
                labels,
                channels=model.network.in_channels,
                normalization=model.normalization,
                checked=checked,
            )
        )
        truths.append(labels)
    return samples, truths


def _finish(
    request: Train,
    start: ModelConfig,
    network: UNet,
    val_samples: Sequence[Sample],
    truths: Sequence[LabelArray],
    result: FitResult,
    device: Device,
    context: ServerContext,
) -> tuple[ModelConfig, dict[str, Any]]:
    """Post-processing and measured scores of the best weights on the validation images."""
    metrics: dict[str, Any] = {"curve": [_curve_row(p) for p in result.curve], "steps": result.steps}
    model = start
    if val_samples:
        validator = Validator(
            val_samples, balance=np.ones(2, np.float32), settings=request.config.border_weights
        )
        probabilities = validator.probabilities(network, device, context)
        if request.init is None and len(truths) >= _TUNE_FROM_IMAGES:
            post, scores = tune_postprocessing(truths, probabilities, model.postprocessing)
            model = msgspec.structs.replace(model, postprocessing=post)
        else:
            scores = score_instances(truths, probabilities, model.postprocessing)
        metrics["validation"] = {k: round(v, 4) for k, v in asdict(scores).items()}
    return model, metrics


def _recipe(
    request: Train,
    config: msgspec.Struct,
    train_files: Sequence[SampleFiles],
    val_files: Sequence[SampleFiles],
    result: FitResult,
    device: Device,
) -> dict[str, Any]:
    """How the model was made, for people to read and repeat."""
    return {
        "made_with": f"U-Net Studio {unet_studio.__version__}, torch {torch.__version__}",
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": f"{device.torch_device} ({device.name}), {str(device.precision).removeprefix('torch.')}",
        "settings": msgspec.to_builtins(config),
        "init": Path(request.init).name if request.init else None,
        "steps": result.steps,
        "stopped_early": result.stopped,
        "training_images": sorted(Path(s.image).name for s in train_files),
        "validation_images": sorted(Path(s.image).name for s in val_files),
    }


def _message(job: int, point: CurvePoint) -> TrainingPoint:
    return TrainingPoint(
        job=job,
        step=point.step,
        epoch=point.epoch,
        seconds=point.seconds,
        train_loss=point.train_loss,
        val_loss=point.validation.loss if point.validation else None,
        val_dice=point.validation.dice if point.validation else None,
        is_best=point.is_best,
    )


def _curve_row(point: CurvePoint) -> dict[str, Any]:
    return {
        "step": point.step,
        "seconds": round(point.seconds, 1),
        "train_loss": None if math.isnan(point.train_loss) else round(point.train_loss, 5),
        "val_loss": round(point.validation.loss, 5) if point.validation else None,
        "val_dice": round(point.validation.dice, 5) if point.validation else None,
    }
