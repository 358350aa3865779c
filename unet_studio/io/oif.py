"""OIF and OIB of Olympus microscopes, read with oiffile."""

from __future__ import annotations

import struct
from pathlib import Path

from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.image_source import ArraySource, damaged_file
from unet_studio.io.optional_reader import reader_module

_DAMAGED = (
    RuntimeError, ValueError, KeyError, TypeError, IndexError, OSError, MemoryError, AttributeError, EOFError,
    struct.error, UnicodeDecodeError,
)  # fmt: skip


def open_oif(path: Path) -> ArraySource:
    """The image of the file. Raises ImageFileError for a damaged file, or without the reader."""
    oiffile = reader_module("oiffile", path=path, extra="formats")
    try:
        with oiffile.OifFile(path) as file:
            series = file.series[0]
            stored, pixels = series.axes, series.asarray()
            shape = tuple(pixels.shape)
            guessed, is_guessed = guess_roles(stored, shape)
            order = AxisOrder(stored, guessed, shape)
    except _DAMAGED as error:
        raise damaged_file(path, "OIF", error) from error
    return ArraySource(path.name, (pixels,), order, is_guessed=is_guessed, failures=_DAMAGED)
