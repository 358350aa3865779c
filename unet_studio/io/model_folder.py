"""A model folder: config.json + weights.safetensors + metrics.json.

`ModelConfig` is all that is needed to rebuild the network and to use it; the weights are read by the
engine. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from unet_studio.core.errors import ModelError
from unet_studio.io.atomic import writable_folder, write_atomically
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Normalization, Postprocessing
from unet_studio.settings.training import ObjectClass

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "weights.safetensors"
METRICS_NAME = "metrics.json"
FORMAT_VERSION = 2


class ModelConfig(Struct, frozen=True, kw_only=True):
    """What a model is and how it is applied. `classes`: without background, in the network's order; empty
    where nobody named them. What it learnt from was seen at `scale` times its size; there the usual object
    was `object_px` wide (see segmentation/scaling.py) and a pixel `pixel_size_um`, where all images had about
    the same. None: not known. `recipe`: how it was made, for people to read."""

    format_version: int = FORMAT_VERSION
    name: str
    network: UNetConfig
    classes: tuple[ObjectClass, ...] = ()
    normalization: Normalization = Normalization()
    postprocessing: Postprocessing = Postprocessing()
    scale: float = 1.0
    object_px: float | None = None
    pixel_size_um: float | None = None
    weights_sha256: str = ""
    recipe: dict[str, Any] = {}

    @property
    def stuff(self) -> tuple[int, ...]:
        """The network's classes that are not countable."""
        return tuple(index for index, one in enumerate(self.classes, 1) if one.is_stuff)


def read_model_config(folder: Path) -> ModelConfig:
    """The config of a model folder. Raises ModelError if it is missing, foreign or invalid."""
    path = folder / CONFIG_NAME
    try:
        config = msgspec.json.decode(path.read_bytes(), type=ModelConfig)
    except FileNotFoundError:
        raise ModelError(
            "{folder} is not a model folder: it has no {file}.", folder=folder, file=CONFIG_NAME
        ) from None
    except OSError as error:
        raise ModelError("Cannot read {path}: {reason}.", path=path, reason=error.strerror) from error
    except msgspec.DecodeError as error:
        raise ModelError(
            "{path} is not the config of a U-Net Studio model: {reason}.", path=path, reason=error
        ) from error
    if config.format_version > FORMAT_VERSION:
        raise ModelError(
            "The model {name} was made by a newer version of this program (format {version}): update "
            "U-Net Studio.",
            name=config.name,
            version=config.format_version,
        )
    if not (folder / WEIGHTS_NAME).is_file():
        raise ModelError(
            "The model folder {folder} has no {file}: copy the whole folder again.",
            folder=folder,
            file=WEIGHTS_NAME,
        )
    return config


def check_weights_hash(folder: Path, config: ModelConfig) -> None:
    """Raise ModelError if the weights file is not the one the config was written with."""
    if config.weights_sha256 and file_sha256(folder / WEIGHTS_NAME) != config.weights_sha256:
        raise ModelError(
            "The weights of the model {name} in {folder} are damaged or were exchanged: their checksum is "
            "not the one in {file}. Copy the whole model folder again.",
            name=config.name,
            folder=folder,
            file=CONFIG_NAME,
        )


def write_model_folder(
    folder: Path, config: ModelConfig, weights: Path, metrics: dict[str, Any]
) -> ModelConfig:
    """Make or replace a model folder from a finished weights file, which is moved; config goes last.

    Returns the config as written, with the weights' checksum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = file_sha256(weights)
    config = msgspec.structs.replace(config, format_version=FORMAT_VERSION, weights_sha256=digest)
    write_atomically(folder / WEIGHTS_NAME, lambda path: shutil.move(weights, path))
    write_atomically(folder / METRICS_NAME, lambda path: _write_json(path, metrics))
    write_atomically(folder / CONFIG_NAME, lambda path: _write_json(path, config))
    return config


def copy_model(folder: Path, target: Path) -> ModelConfig:
    """Copy a model to `target`, under that name; config goes last. What its training kept stays behind.

    Returns the copy's config. Raises ModelError for a damaged model, FolderError where it cannot be written.
    """
    config = msgspec.structs.replace(read_model_config(folder), name=target.name)
    check_weights_hash(folder, config)
    writable_folder(target)
    for name in (WEIGHTS_NAME, METRICS_NAME):
        if (folder / name).is_file():
            write_atomically(target / name, partial(shutil.copyfile, folder / name))
    write_atomically(target / CONFIG_NAME, lambda path: _write_json(path, config))
    return config


def list_models(*roots: Path) -> list[Path]:
    """Every model folder directly inside the given folders, newest first within each."""
    found: list[Path] = []
    for root in roots:
        if root.is_dir():
            made = {folder: _made_at(folder) for folder in root.iterdir()}
            found += sorted((p for p in made if made[p]), key=lambda p: made[p], reverse=True)
    return found


def _made_at(folder: Path) -> float:
    """When a model folder was written; 0 for what is none, or may not be looked into."""
    try:
        return (folder / CONFIG_NAME).stat().st_mtime
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return 0.0


def find_model(name: str, *roots: Path) -> Path:
    """The folder of a model given by name or by path.

    Raises ModelError naming the models there are.
    """
    for candidate in (Path(name), *(root / name for root in roots)):
        if (candidate / CONFIG_NAME).is_file():
            return candidate.resolve()
    if Path(name).is_dir():
        read_model_config(Path(name))
    raise ModelError(
        "There is no model {name}. Known models: {known}. A path to a model folder works too.",
        name=name,
        known=", ".join(sorted({p.name for p in list_models(*roots)})) or "none",
    )


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file; of a folder that is one image, of the names and contents of its files."""
    if path.is_dir():
        digest = hashlib.sha256()
        for inner in sorted(one for one in path.rglob("*") if one.is_file()):
            name = inner.relative_to(path).as_posix()
            digest.update(f"{name} {file_sha256(inner)}".encode(errors="replace"))
        return digest.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
