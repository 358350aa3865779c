"""`unet-studio train`: train a model on images and masks of the same stems."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import cast

import msgspec

from unet_studio.cli.progress import ProgressLine
from unet_studio.core.errors import SettingsError
from unet_studio.io.image_folder import pair_by_stem
from unet_studio.io.model_folder import find_model
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import SampleFiles, Train, Trained
from unet_studio.settings.files import plain_reason, read_toml
from unet_studio.settings.locations import shipped_models_folder, user_folder
from unet_studio.settings.training import TrainConfig


def train(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    config = _config(options)
    if (options.val_images is None) != (options.val_masks is None):
        raise SettingsError("--val-images and --val-masks go together: give both or neither.")
    if options.val_images is not None and options.val_fraction is not None:
        raise SettingsError("--val-fraction and --val-images exclude each other: give one of them.")
    init = None
    if options.init != "none":
        init = str(find_model(options.init, user_folder() / "models", shipped_models_folder()))
    val = None
    if options.val_images is not None:
        val = _files(options.val_images, options.val_masks)
    request = Train(
        job=0,
        samples=_files(options.images, options.masks),
        val_samples=val,
        config=config,
        init=init,
        out=str(options.out.absolute()),
        name=options.out.name,
        device=options.device,
    )
    engine = EngineConnection()
    try:
        with ProgressLine("train") as progress:
            outcome, _ = engine.run(request, on_event=progress)
    finally:
        engine.close()
    trained = cast(Trained, outcome)
    scores = trained.metrics.get("validation", {})
    print(f"{trained.model}: " + (", ".join(f"{k} {v}" for k, v in scores.items()) or "no validation images"))
    if options.json:
        print(json.dumps({"model": trained.model, "metrics": trained.metrics}))
    return 0


def _files(images: Path, masks: Path) -> list[SampleFiles]:
    return [
        SampleFiles(str(pair.image.absolute()), str(pair.mask.absolute()))
        for pair in pair_by_stem(images, masks)
    ]


def _config(options: argparse.Namespace) -> TrainConfig:
    config = read_toml(options.config, TrainConfig) if options.config else TrainConfig()
    given = {
        "epochs": options.epochs,
        "steps": options.steps,
        "minutes": options.minutes,
        "val_fraction": options.val_fraction,
        "seed": options.seed,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if {"epochs", "steps", "minutes"} & given.keys():
        # A length on the command line replaces the one in the file, whatever its unit.
        config = msgspec.structs.replace(config, steps=None, minutes=None)
    try:
        return msgspec.convert(msgspec.to_builtins(config) | given, TrainConfig)
    except msgspec.ValidationError as error:
        raise SettingsError("A setting is out of range: {reason}.", reason=plain_reason(error)) from error
