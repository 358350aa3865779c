"""Settings from a TOML file, with a plain sentence for every mistake."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from unet_studio.core.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read_toml(path: Path, schema: type[T]) -> T:
    """The settings in a TOML file; what the file leaves out keeps its default.

    Raises SettingsError for an unreadable file, an unknown key or a value outside its range.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), schema)
    except OSError as error:
        raise SettingsError(
            "Cannot read the settings file {path}: {reason}.", path=path, reason=error.strerror
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            "The settings file {path} is not valid TOML: {reason}.", path=path, reason=error
        ) from error
    except msgspec.ValidationError as error:
        raise SettingsError(
            "In the settings file {path}: {reason}.", path=path, reason=plain_reason(error)
        ) from error


def plain_reason(error: msgspec.ValidationError) -> str:
    """The name of the setting first, then what is wrong with it."""
    what, _, where = str(error).partition(" - at `$.")
    what = what[0].lower() + what[1:]
    return f"{where.rstrip('`')}: {what}" if where else what
