"""What this person chose for every project: language, shortcuts, the project that was open last."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from unet_studio.settings.locations import user_folder

_NAME = "preferences.json"


class Preferences(msgspec.Struct, kw_only=True):
    """Kept in the person's own folder. What is not set keeps its default."""

    shortcuts: dict[str, list[str]] = {}
    """By command: the keys instead of the usual ones; an empty list: none."""
    last_project: str = ""
    language: str = ""
    """Empty: the machine's."""


def load_preferences() -> Preferences:
    """The stored ones; the defaults if there are none or the file cannot be read."""
    try:
        return msgspec.json.decode(_file().read_bytes(), type=Preferences)
    except (OSError, msgspec.DecodeError):
        return Preferences()


def save_preferences(preferences: Preferences) -> bool:
    """False if they could not be written: that is no reason not to work."""
    path = _file()
    partial = path.with_name(f"{_NAME}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(preferences), indent=2))
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        return False
    return True


def _file() -> Path:
    return user_folder() / _NAME
