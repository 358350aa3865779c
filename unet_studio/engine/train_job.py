"""A training job from files to model folder: read, check, split, fit, tune, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

import unet_studio
from unet_studio.core.errors import SettingsError, TrainingDataError
from unet_studio.core.sentences import Sentence
from unet_studio.engine.run_record import RunRecord
from unet_studio.engine.server import ServerContext
from unet_studio.engine.tensorboard_log import TensorBoardLog
from unet_studio.engine.train_ending import Ended, curve_row, finish
from unet_studio.engine.training_data import (
    Truth,
    check_truths,
    highest_class,
    hold_out_regions,
    part_binary,
    read_truths,
    split_samples,
)
from unet_studio.io.atomic import writable_folder
from unet_studio.io.model_folder import ModelConfig, write_model_folder
from unet_studio.jobs.messages import SampleFiles, Train, Trained, TrainingBegun, TrainingPoint
from unet_studio.segmentation.patches import Sample, class_weights
from unet_studio.segmentation.scaling import Objects, common_pixel_size, scale_by_objects
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import ObjectClass, TrainConfig
from unet_studio.unet.device import Device, choose_device, with_precision
from unet_studio.unet.inference import is_out_of_memory
from unet_studio.unet.network import UNet
from unet_studio.unet.tracking import CurvePoint, FitResult, curve_of
from unet_studio.unet.training import fit
from unet_studio.unet.validation import Validator
from unet_studio.unet.weights import load_encoder_weights, load_network, save_weights, with_classes


def run_training(request: Train, context: ServerContext) -> Trained:
    """Train as the request says and write the model folder."""
    out = writable_folder(Path(request.out))
    if request.run:
        writable_folder(Path(request.run))
    # Of several processes the first one writes.
    is_first = os.environ.get("RANK", "0") == "0"
    record = RunRecord(Path(request.run) if request.run else None, writes=is_first)
    device = with_precision(choose_device(request.device), request.config.precision)
    train_files, val_files = split_samples(
        request.samples, request.val_samples, request.config.val_fraction, request.config.seed
    )
    truths, val_truths, reading_notes = _read(request, train_files, val_files, context)
    start = _starting_point(request, highest_class([*truths, *val_truths]))
    images = len(truths) + len(val_truths)
    if not val_truths and request.config.val_fraction > 0:
        truths, val_truths = hold_out_regions(truths)
    start = _with_scale(start, truths, request.config.image_scale)
    truths, val_truths = ([t.scaled(start.model.scale) for t in some] for some in (truths, val_truths))
    config = msgspec.structs.replace(request.config, network=start.network.config)
    names = start.model.classes or _numbered_classes(config.network.classes - 1)
    _check_sizes(config)
    notes = start.notes + reading_notes + check_truths(truths, val_truths, names, config.network.in_channels)
    if len(truths) + len(val_truths) > images:
        notes.append(Sentence("These are few images: a quarter of each that can be cut validates."))
    files = [*train_files, *val_files]
    resume = record.checkpoint(files) if request.resume else None
    if resume is None:
        record.begin(request, files, device)
    context.tell(
        TrainingBegun(
            job=request.job,
            device=f"{device.name}, {device.precision_name}",
            reasons=list(device.reasons),
            training=len(truths),
            validation=len(val_truths),
            notes=notes,
        )
    )
    for point in curve_of(resume["tracker"]) if resume is not None else ():
        context.tell(_message(request.job, point))  # Whoever looks on sees the whole curve.
    samples = [truth.sample(start.model) for truth in truths]
    val_samples = [truth.sample(start.model) for truth in val_truths]
    validator = Validator(
        val_samples,
        balance=class_weights(samples, config.border_weights, classes=config.network.classes),
        border_weights=config.border_weights,
        postprocessing=start.model.postprocessing,
        stuff=start.model.stuff,
    )
    log = None
    if config.tensorboard and record.tensorboard_folder is not None:
        log = TensorBoardLog(record.tensorboard_folder)
    beginning = None
    if request.init is not None:
        beginning = {name: tensor.clone() for name, tensor in start.network.state_dict().items()}
    try:
        result = fit(
            start.network, samples, validator, config, device, context,
            on_point=_listener(request, context, record, log, start.network, val_samples, validator),
            on_checkpoint=record.keep, resume=resume, start_counts=request.init is not None,
        )  # fmt: skip
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise _too_large(device, config) from error
        raise
    finally:
        if log is not None:
            log.close()
    if not is_first:
        return Trained(job=request.job, model=str(out), metrics={})
    ended = Ended(start.model, start.network, beginning, result, config)
    model, metrics, ending_notes = finish(ended, truths, val_truths, validator, device, context)
    recipe = _recipe(request, config, train_files, val_files, result, device)
    weights = out / "weights.partial"
    save_weights(weights, start.network.state_dict())
    # Where the images do not say it, that of the start is as good a guess as any.
    pixel_size_um = common_pixel_size([truth.pixel_size_um for truth in truths]) or model.pixel_size_um
    model = msgspec.structs.replace(model, name=request.name, recipe=recipe, pixel_size_um=pixel_size_um)
    write_model_folder(out, model, weights, metrics)
    record.end()
    return Trained(job=request.job, model=str(out), metrics=metrics, notes=ending_notes)


def _read(
    request: Train,
    train_files: Sequence[SampleFiles],
    val_files: Sequence[SampleFiles],
    context: ServerContext,
) -> tuple[list[Truth], list[Truth], list[Sentence]]:
    """What teaches, what validates, and what to say about the masks."""
    # Together: what a mask's values mean is told by all of them.
    masks, usual = request.config.masks, request.usual_input
    truths = read_truths([*train_files, *val_files], masks, context, usual_input=usual)
    notes = []
    if usual and masks == "instances":  # Masks of other programs, not of the window.
        truths, parted = part_binary(truths)
        if parted:
            text = "Masks of one value in several pieces: {count}. Each piece is taken for an instance."
            notes.append(Sentence(text, {"count": str(parted)}))
    return truths[: len(train_files)], truths[len(train_files) :], notes


@dataclass(frozen=True, slots=True)
class _Start:
    network: UNet
    model: ModelConfig
    notes: list[Sentence]


def _starting_point(request: Train, highest: int) -> _Start:
    """The network to begin with, with outputs for the request's classes."""
    config = request.config
    if request.init is not None:
        network, model = load_network(Path(request.init))
        if config.classes and [c.name for c in config.classes] != [c.name for c in model.classes]:
            network = with_classes(network, model.classes, config.classes)
        if config.classes:
            model = msgspec.structs.replace(model, network=network.config, classes=config.classes)
        notes = []
        if config.network not in (UNetConfig(), model.network):
            text = "The network is that of the model {name}: the one in the settings does not count."
            notes.append(Sentence(text, {"name": model.name}))
        return _Start(network, model, notes)
    classes = len(config.classes) + 1 if config.classes else max(config.network.classes, highest + 1)
    torch.manual_seed(config.seed)
    network = UNet(msgspec.structs.replace(config.network, classes=classes))
    notes = []
    if request.encoder_weights is not None:
        notes = load_encoder_weights(network, Path(request.encoder_weights))
    names = config.classes or (() if classes == 2 else _numbered_classes(classes - 1))
    return _Start(network, ModelConfig(name=request.name, network=network.config, classes=names), notes)


def _with_scale(start: _Start, truths: Sequence[Truth], scale: float | None) -> _Start:
    """What is trained sees images at `scale`; None: so that their objects are as wide as those it knows."""
    model = start.model
    found = Objects.of(*(truth.countable(model.stuff) for truth in truths))
    if scale is None:
        scale = scale_by_objects(found.width_px, model.object_px, model.scale)
    notes = list(start.notes)
    if scale != 1.0 and found.count:
        text = "The images are seen at {scale} times their size: their cells are about {px} px wide."
        notes.append(Sentence(text, {"scale": f"{scale:.2g}", "px": f"{found.width_px:.0f}"}))
    width = round(found.width_px * scale, 1) or model.object_px
    return _Start(start.network, msgspec.structs.replace(model, scale=scale, object_px=width), notes)


def _numbered_classes(count: int) -> tuple[ObjectClass, ...]:
    return tuple(ObjectClass(f"class {number}") for number in range(1, count + 1))


def _listener(
    request: Train,
    context: ServerContext,
    record: RunRecord,
    log: TensorBoardLog | None,
    network: UNet,
    val_samples: Sequence[Sample],
    validator: Validator,
) -> Callable[[CurvePoint], None]:
    def on_point(point: CurvePoint) -> None:
        record.point(curve_row(point))
        if log is not None:
            log.point(point, network, val_samples, validator.last)
        context.tell(_message(request.job, point))

    return on_point


def _too_large(device: Device, config: TrainConfig) -> TrainingDataError:
    return TrainingDataError(
        "The memory of {device} is too small for {count} patches of {side} px at once: use fewer a step "
        "(batch_size), smaller ones (patch_px), or checkpointing.",
        device=device.name,
        count=config.batch_size,
        side=config.patch_px,
    )


def _check_sizes(config: TrainConfig) -> None:
    """Raise SettingsError where normalisation would have one number to take a mean of."""
    network = config.network
    coarsest = -(-network.fitting_size(config.patch_px) // network.size_multiple)
    if network.normalization != "none" and coarsest < 2 and config.batch_size < 2:
        raise SettingsError(
            "One patch of {side} px is one pixel at the bottom of a network of depth {depth}: use larger "
            "patches (patch_px), or more a step (batch_size).",
            side=config.patch_px,
            depth=network.depth,
        )


def _recipe(
    request: Train,
    config: TrainConfig,
    train_files: Sequence[SampleFiles],
    val_files: Sequence[SampleFiles],
    result: FitResult,
    device: Device,
) -> dict[str, Any]:
    """How the model was made, for people to read and repeat."""
    return {
        "made_with": f"U-Net Studio {unet_studio.__version__}, torch {torch.__version__}",
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": f"{device.torch_device} ({device.name}), {device.precision_name}",
        "settings": msgspec.to_builtins(config),
        "init": Path(request.init).name if request.init else None,
        "encoder_weights": Path(request.encoder_weights).name if request.encoder_weights else None,
        "steps": result.steps,
        "best_step": result.best_step,
        "stopped_early": result.ending != "complete",
        "training_images": sorted(Path(s.image).name for s in train_files),
        "validation_images": sorted(Path(s.image).name for s in val_files),
    }


def _message(job: int, point: CurvePoint) -> TrainingPoint:
    score = point.validation
    return TrainingPoint(
        job=job,
        step=point.step,
        epoch=point.epoch,
        seconds=point.seconds,
        train_loss=point.train_loss,
        val_loss=score.loss if score else None,
        val_dice=score.dice if score else None,
        val_iou=score.mean_iou if score else None,
        val_ap50=score.ap50 if score else None,
        learning_rate=point.learning_rate,
        is_best=point.is_best,
    )
