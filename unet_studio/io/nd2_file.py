"""ND2 of Nikon microscopes, read with nd2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.frame_pixels import FramePixels
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import DAMAGED, ArraySource, Channel, Colour, damaged_file, plausible_um
from unet_studio.io.optional_reader import reader_module

_POSITION = "P"


def nd2_scenes(path: Path) -> list[str]:
    """The stage positions. Raises ImageFileError."""
    file = _opened(path)
    try:
        return [str(number + 1) for number in range(file.sizes.get(_POSITION, 1))]
    except DAMAGED as error:
        raise damaged_file(path, "ND2", error) from error
    finally:
        file.close()


def open_nd2(path: Path, scene: int = 0) -> ArraySource:
    """A stage position of the file. Raises ImageFileError for a damaged file, or without the reader."""
    file = _opened(path)
    try:
        sizes = dict(file.sizes)
        # A frame holds all channels of a place and moment; the loops around it come first.
        inner = {axis: sizes[axis] for axis in "CYXS" if axis in sizes}
        outer = {axis: size for axis, size in sizes.items() if axis not in inner}
        loops = list(outer)
        positions = sizes.get(_POSITION, 1)
        shown = {axis: size for axis, size in outer.items() if axis != _POSITION}

        def read_frame(number: int) -> Any:
            places = (
                dict(zip(shown, np.unravel_index(number, tuple(shown.values())), strict=True))
                if shown
                else {}
            )
            if _POSITION in outer:
                places[_POSITION] = np.intp(min(scene, positions - 1))
            sequence = 0
            for axis in loops:
                sequence = sequence * outer[axis] + int(places[axis])
            return np.asarray(file.read_frame(sequence)).reshape(tuple(inner.values()))

        pixels = FramePixels(tuple(shown.values()), tuple(inner.values()), np.dtype(file.dtype), read_frame)
        stored = "".join([*shown, *inner])
        guessed, is_guessed = guess_roles(stored, pixels.shape)
        order = AxisOrder(stored, guessed, pixels.shape)
        size = float(file.voxel_size().x)
        channels = tuple(Channel(c.channel.name, _colour(c.channel.color)) for c in file.metadata.channels)
        is_rgb = bool(file.is_rgb)
    except DAMAGED as error:
        file.close()
        raise damaged_file(path, "ND2", error) from error
    return ArraySource(
        path.name,
        (pixels,),
        order,
        pixel_size_um=plausible_um(size) if size != 1.0 else None,  # 1: not calibrated.
        channels=channels,
        is_rgb=is_rgb,
        is_guessed=is_guessed,
        failures=DAMAGED,
        held=HeldFile(file.close),
    )


def _colour(colour: Any) -> Colour | None:
    rgb = int(colour.r), int(colour.g), int(colour.b)
    return None if rgb == (255, 255, 255) else rgb


def _opened(path: Path) -> Any:
    nd2 = reader_module("nd2", path=path, extra="formats")
    try:
        return nd2.ND2File(path)
    except DAMAGED as error:
        raise damaged_file(path, "ND2", error) from error
