"""LIF, LOF and XLIF of Leica microscopes, read with liffile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.frame_pixels import FramePixels
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import DAMAGED, ArrayLike, ArraySource, damaged_file, plausible_um
from unet_studio.io.optional_reader import reader_module

_IN_MEMORY_BYTES = 2**25
# Wavelengths are looked through like channels.
_ROLES = {"λ": "C", "Λ": "C", "H": "T", "M": "Z", "N": "Z"}


def lif_scenes(path: Path) -> list[str]:
    """The names of the images in the file. Raises ImageFileError."""
    file, images = _opened(path)
    file.close()
    return [image.name for image in images]


def open_lif(path: Path, scene: int = 0) -> ArraySource:
    """An image of the file. Raises ImageFileError for a damaged file, or without the reader."""
    file, images = _opened(path)
    try:
        image = images[min(scene, len(images) - 1)]
        stored = "".join(image.dims)
        shape = tuple(image.shape)
        guessed, is_guessed = guess_roles("".join(_ROLES.get(axis, axis) for axis in stored), shape)
        order = AxisOrder(stored, guessed, shape)
        array = _array(image, shape)
        x = image.coords.get("X")
        pixel_size_um = float(x[1] - x[0]) * 1e6 if x is not None and len(x) > 1 else 0.0
    except DAMAGED as error:
        file.close()
        raise damaged_file(path, "LIF", error) from error
    return ArraySource(
        path.name,
        (array,),
        order,
        pixel_size_um=plausible_um(pixel_size_um),
        is_rgb="S" in stored and order.axes.c == 3,
        is_guessed=is_guessed,
        failures=DAMAGED,
        held=HeldFile(file.close),
    )


def _array(image: Any, shape: tuple[int, ...]) -> ArrayLike:
    dtype = np.dtype(image.dtype)
    if image.nbytes <= _IN_MEMORY_BYTES:
        whole: ArrayLike = np.asarray(image.asarray())
        return whole
    inner = 3 if image.dims[-1] == "S" else 2
    names = image.dims[:-inner]
    outer = shape[:-inner]

    def read_frame(number: int) -> Any:
        places = np.unravel_index(number, outer) if outer else ()
        return image.frame(**{name: int(place) for name, place in zip(names, places, strict=True)})

    return FramePixels(outer, shape[-inner:], dtype, read_frame)


def _opened(path: Path) -> tuple[Any, list[Any]]:
    """The open file and its images, at least one."""
    liffile = reader_module("liffile", path=path, extra="formats")
    try:
        file = liffile.LifFile(path)
        images = list(file.images)
    except DAMAGED as error:
        raise damaged_file(path, "LIF", error) from error
    if not images:
        file.close()
        raise ImageFileError("{name} holds no image.", name=path.name)
    return file, images
