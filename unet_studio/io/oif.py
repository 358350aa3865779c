"""OIF and OIB of Olympus microscopes, read with oiffile: a TIFF file for every channel, depth and time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.frame_pixels import FramePixels
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import DAMAGED, ArraySource, Channel, damaged_file, plausible_um
from unet_studio.io.optional_reader import reader_module

_UM_PER_UNIT = {"um": 1.0, "µm": 1.0, "nm": 1e-3, "mm": 1e3}


def open_oif(path: Path) -> ArraySource:
    """The image of the file. Raises ImageFileError for a damaged file, or without the reader."""
    oiffile = reader_module("oiffile", path=path, extra="formats")
    try:
        file = oiffile.OifFile(path)
    except DAMAGED as error:
        raise damaged_file(path, "OIF", error) from error
    try:
        series = file.series[0]
        counts = tuple(series.shape)
        names = {
            int(np.ravel_multi_index(place, counts)): name
            for place, name in zip(series.indices, series, strict=True)
        }
        frame = np.asarray(file.asarray(names[0]))
        pixels = FramePixels(counts, frame.shape, frame.dtype, lambda number: file.asarray(names[number]))
        stored = series.axes + "YXS"[: frame.ndim]
        guessed, is_guessed = guess_roles(stored, pixels.shape)
        order = AxisOrder(stored, guessed, pixels.shape)
        settings = file.mainfile
        size = _pixel_size_um(settings.get("Reference Image Parameter", {}))
        channels = tuple(_channel(settings, number + 1) for number in range(order.axes.c))
    except DAMAGED as error:
        file.close()
        raise damaged_file(path, "OIF", error) from error
    return ArraySource(
        path.name,
        (pixels,),
        order,
        pixel_size_um=size,
        channels=channels,
        is_rgb=frame.ndim == 3,
        is_guessed=is_guessed,
        failures=DAMAGED,
        held=HeldFile(file.close),
    )


def _pixel_size_um(about: Mapping[str, Any]) -> float | None:
    factor = _UM_PER_UNIT.get(str(about.get("WidthUnit", "")))
    size = about.get("WidthConvertValue")
    return plausible_um(float(size) * factor) if factor and isinstance(size, int | float) else None


def _channel(settings: Mapping[str, Any], number: int) -> Channel:
    about = settings.get(f"Channel {number} Parameters", {})
    name = about.get("DyeName") or about.get("CH Name")
    return Channel(str(name) if name else None)
