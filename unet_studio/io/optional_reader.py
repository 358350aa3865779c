"""Readers that are installed on demand: what to say where one is missing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

from unet_studio.core.errors import ImageFileError


def reader_module(name: str, *, path: Path, extra: str) -> ModuleType:
    """The module `name`. Raises ImageFileError with the line to type where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImageFileError(
            '{name} needs a reader that is not installed: pip install "unet-studio[{extra}]".',
            name=path.name,
            extra=extra,
        ) from error
