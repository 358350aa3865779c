"""Arrays that numpy has saved (.npy)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.image_source import DAMAGED, ArrayLike, ArraySource, damaged_file
from unet_studio.io.plain_pixels import PlainPixels

_COLOUR_SAMPLES = (3, 4)
_MOST_AXES = 5


def open_npy(path: Path) -> ArraySource:
    """The array in the file, whose axes nobody has named. Raises ImageFileError; never unpickles."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, is_fortran, dtype = read(file)
            offset = file.tell()
        if dtype.kind not in "biuf" or not 2 <= len(shape) <= _MOST_AXES or 0 in shape:
            raise ImageFileError(
                "{name} holds no image this program can show ({dtype}, {shape}).",
                name=path.name,
                dtype=dtype,
                shape=shape,
            )
        missing = (
            offset
            + dtype.itemsize * int(np.prod([int(s) for s in shape], dtype=object))
            - path.stat().st_size
        )
        if missing > 0:
            raise EOFError(f"{missing} bytes are missing")
    except DAMAGED as error:
        raise damaged_file(path, "NumPy array", error) from error
    pixels: ArrayLike = PlainPixels(path, offset, dtype, shape)
    if is_fortran:
        pixels = _ColumnByColumn(PlainPixels(path, offset, dtype, shape[::-1]))
    is_colour = len(shape) > 2 and shape[-1] in _COLOUR_SAMPLES
    stored = ("QQYXS" if is_colour else "QQQYX")[-len(shape) :]
    guessed, _ = guess_roles(stored, shape)
    order = AxisOrder(stored, guessed, shape)
    return ArraySource(
        path.name,
        (pixels,),
        order,
        is_rgb=is_colour,
        is_guessed=len(shape) > 2,
        develop=(lambda plane: plane.astype(np.uint8)) if dtype.kind == "b" else None,
        failures=DAMAGED,
    )


class _ColumnByColumn:
    """An array whose bytes are those of its transpose."""

    def __init__(self, transpose: PlainPixels) -> None:
        self._transpose = transpose
        self.shape = transpose.shape[::-1]
        self.dtype = transpose.dtype

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        return self._transpose[index[::-1]].T
