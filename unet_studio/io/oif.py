"""OIF and OIB of Olympus microscopes, read with oiffile."""

from __future__ import annotations

from pathlib import Path

from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.image_source import DAMAGED, ArraySource, damaged_file
from unet_studio.io.optional_reader import reader_module


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
    except DAMAGED as error:
        raise damaged_file(path, "OIF", error) from error
    return ArraySource(path.name, (pixels,), order, is_guessed=is_guessed, failures=DAMAGED)
