"""NIfTI and MGZ, read with nibabel: x runs first in the file; slope and intercept are applied."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import AxisOrder
from unet_studio.io.image_source import LARGEST_PLANE_BYTES, ArraySource, damaged_file, plausible_um
from unet_studio.io.optional_reader import reader_module

_UM_PER_UNIT = {"mm": 1e3, "micron": 1.0, "meter": 1e6}
_ORDER = "XYZTC"


class _Volume:
    """What nibabel reads lazily, with a plain integer where it is not scaled and native bytes."""

    def __init__(self, data: Any, dtype: np.dtype[Any]) -> None:
        self._data = data
        self.shape = tuple(int(size) for size in data.shape)
        self.dtype = dtype

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        return np.asarray(self._data[index]).astype(self.dtype, copy=False)


def open_nifti(path: Path) -> ArraySource:
    """The volume in the file. Raises ImageFileError for a damaged file, or without the reader."""
    nibabel = reader_module("nibabel", path=path, extra="medical")
    damaged = (
        ValueError, KeyError, TypeError, IndexError, OSError, MemoryError, EOFError, zlib.error, struct.error,
        gzip.BadGzipFile, OverflowError, AttributeError, nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
    )  # fmt: skip
    try:
        image = nibabel.load(path)
        data = image.dataobj
        stored = _ORDER[: len(data.shape)]
        if not 2 <= len(data.shape) <= len(_ORDER) or 0 in data.shape:
            raise ImageFileError(
                "{name} holds no image: its axes are {shape}.", name=path.name, shape=data.shape
            )
        is_scaled = (getattr(data, "slope", 1.0), getattr(data, "inter", 0.0)) not in (
            (1.0, 0.0),
            (None, None),
        )
        kind = np.dtype(image.get_data_dtype())
        if kind.kind not in "iuf":
            raise ImageFileError(
                "{name} holds no image this program can show ({dtype}, {shape}).",
                name=path.name,
                dtype=kind,
                shape=data.shape,
            )
        volume = _Volume(data, np.dtype(np.float32) if is_scaled else kind.newbyteorder("="))
        if np.prod([float(size) for size in data.shape]) * kind.itemsize > LARGEST_PLANE_BYTES:
            raise ImageFileError("{name} claims to be {shape} large.", name=path.name, shape=data.shape)
        _ = volume[(slice(0, 1),) * len(volume.shape)]  # A file that is cut short says so now.
        unit = image.header.get_xyzt_units()[0] if hasattr(image.header, "get_xyzt_units") else "mm"
        size_um = float(image.header.get_zooms()[0]) * _UM_PER_UNIT.get(unit, 0.0)
    except damaged as error:
        raise damaged_file(path, "NIfTI", error) from error
    return ArraySource(
        path.name,
        (volume,),
        AxisOrder(stored, stored, volume.shape),
        pixel_size_um=plausible_um(size_um),
        failures=damaged,
    )
