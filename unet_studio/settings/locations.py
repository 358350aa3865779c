"""Where the program's own files are: resources in the package, models and demo of the person."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

DEFAULT_MODEL = "nuclei"


def resources_folder() -> Path:
    """The `resources` folder: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_resources"
    return installed if installed.is_dir() else package.parent / "resources"


def shipped_models_folder() -> Path:
    """Models that come with the program."""
    return resources_folder() / "models"


def user_folder() -> Path:
    """This person's own models, demo project and logs; UNET_STUDIO_HOME overrides it."""
    override = os.environ.get("UNET_STUDIO_HOME")
    return Path(override) if override else Path(platformdirs.user_data_dir("unet-studio", False))


def window_log() -> Path:
    """What the window notes about faults."""
    return user_folder() / "logs" / "window.log"
