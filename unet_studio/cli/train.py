"""`unet-studio train`: train a model on images and masks of the same stems.

Started by `torchrun`, every process runs this command and they share the work.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import cast

import msgspec

from unet_studio.cli.progress import ProgressLine
from unet_studio.core.errors import SettingsError, TrainingDataError
from unet_studio.io.image_folder import pair_by_stem
from unet_studio.io.model_folder import find_model
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import SampleFiles, Train, Trained
from unet_studio.settings.files import plain_reason, read_toml
from unet_studio.settings.locations import shipped_models_folder, user_folder
from unet_studio.settings.network import PRESETS
from unet_studio.settings.training import FINE_TUNING, TrainConfig
from unet_studio.store.run_folder import REQUEST_NAME

_NEW_RUN_OPTIONS = (
    "images", "masks", "out", "config", "run", "network", "encoder_weights", "epochs", "steps", "minutes",
    "val_fraction", "val_images", "val_masks", "seed",
)  # fmt: skip
_LENGTHS = frozenset({"epochs", "steps", "minutes"})


def train(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    request = _resumed(options) if options.resume is not None else _new(options)
    # Of several processes the first one talks.
    talks = os.environ.get("RANK", "0") == "0"
    engine = EngineConnection()
    try:
        if talks:
            with ProgressLine("train") as progress:
                outcome, _ = engine.run(request, on_event=progress)
        else:
            outcome, _ = engine.run(request)
    finally:
        engine.close()
    trained = cast(Trained, outcome)
    if not talks:
        return 0
    for note in trained.notes:
        print(note)
    scores = trained.metrics.get("validation", {})
    shown = {k: v for k, v in scores.items() if not isinstance(v, list | tuple)}
    print(f"{trained.model}: " + (", ".join(f"{k} {v}" for k, v in shown.items()) or "no validation images"))
    if options.json:
        print(json.dumps({"model": trained.model, "run": request.run, "metrics": trained.metrics}))
    return 0


def _new(options: argparse.Namespace) -> Train:
    missing = [n for n in ("images", "masks", "out") if getattr(options, n) is None]
    if missing:
        raise SettingsError(
            "A training needs --images, --masks and --out ({missing} is missing), or --resume RUN_DIR.",
            missing=", ".join("--" + name for name in missing),
        )
    config = _config(options)
    if (options.val_images is None) != (options.val_masks is None):
        raise SettingsError("--val-images and --val-masks go together: give both or neither.")
    if options.val_images is not None and options.val_fraction is not None:
        raise SettingsError("--val-fraction and --val-images exclude each other: give one of them.")
    init = None
    if options.init != "none":
        init = str(find_model(options.init, user_folder() / "models", shipped_models_folder()))
    if init is not None and (options.encoder_weights is not None or options.network is not None):
        raise SettingsError("--init brings its own network: leave out --network and --encoder-weights.")
    val = None
    if options.val_images is not None:
        val = _files(options.val_images, options.val_masks)
    out = options.out.absolute()
    return Train(
        job=0,
        samples=_files(options.images, options.masks),
        val_samples=val,
        config=config,
        init=init,
        encoder_weights=str(options.encoder_weights.absolute()) if options.encoder_weights else None,
        out=str(out),
        name=out.name,
        run=str((options.run or out / "run").absolute()),
        device=options.device or "auto",
        usual_input=True,
    )


def _resumed(options: argparse.Namespace) -> Train:
    """The request of an earlier run, to go on where it was."""
    given = [name for name in _NEW_RUN_OPTIONS if getattr(options, name) is not None]
    if given or options.init != "none":
        raise SettingsError(
            "--resume goes on with everything as it was: leave out {given}.",
            given=", ".join("--" + name.replace("_", "-") for name in given) or "--init",
        )
    path = options.resume / REQUEST_NAME
    try:
        request = msgspec.json.decode(path.read_bytes(), type=Train)
    except OSError as error:
        raise TrainingDataError(
            "{folder} is not the folder of a run: it has no readable {name}.",
            folder=options.resume,
            name=REQUEST_NAME,
        ) from error
    except msgspec.DecodeError as error:
        raise TrainingDataError(
            "{path} is not a run's request: {reason}.", path=path, reason=error
        ) from error
    return msgspec.structs.replace(
        request,
        job=0,
        resume=True,
        run=str(options.resume.absolute()),
        device=options.device or request.device,
    )


def _files(images: Path, masks: Path) -> list[SampleFiles]:
    return [
        SampleFiles(str(pair.image.absolute()), str(pair.mask.absolute()))
        for pair in pair_by_stem(images, masks)
    ]


def _config(options: argparse.Namespace) -> TrainConfig:
    config = FINE_TUNING if options.init != "none" else TrainConfig()
    if options.config:
        config = read_toml(options.config, config, alternatives=_LENGTHS)
    if options.network is not None:
        config = msgspec.structs.replace(config, network=PRESETS[options.network])
    given = {
        "epochs": options.epochs,
        "steps": options.steps,
        "minutes": options.minutes,
        "val_fraction": options.val_fraction,
        "seed": options.seed,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if _LENGTHS & given.keys():
        # A length on the command line replaces the one in the file, whatever its unit.
        config = msgspec.structs.replace(config, steps=None, minutes=None)
    try:
        return msgspec.convert(msgspec.to_builtins(config) | given, TrainConfig)
    except msgspec.ValidationError as error:
        raise SettingsError("A setting is out of range: {reason}.", reason=plain_reason(error)) from error
