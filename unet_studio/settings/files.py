"""Settings from a TOML file, with a plain sentence for every mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from unet_studio.core.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read_toml(path: Path, base: T, *, alternatives: Collection[str] = ()) -> T:
    """The settings in a TOML file; what the file leaves out is as in `base`.

    `alternatives`: settings of which one is enough; where the file names any, the others are as the schema's
    defaults.

    Raises SettingsError for an unreadable file, an unknown key or a value outside its range.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        below = msgspec.to_builtins(base)
        if given.keys() & alternatives:
            below = {name: value for name, value in below.items() if name not in alternatives}
        return msgspec.convert(_merged(below, given), type(base))
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


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below`, with what `above` names instead, table by table."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merged(old, value)
        out[key] = value
    return out


def plain_reason(error: msgspec.ValidationError) -> str:
    """The name of the setting first, then what is wrong with it."""
    what, _, where = str(error).partition(" - at `$.")
    what = what[0].lower() + what[1:]
    return f"{where.rstrip('`')}: {what}" if where else what
