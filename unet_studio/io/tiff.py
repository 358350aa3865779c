"""TIFF, read with tifffile."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.atomic import write_atomically
from unet_studio.io.image_source import Axes, PlaneArray

# What tifffile and its codecs raise for damaged files.
_DAMAGED = (
    tifffile.TiffFileError,
    imagecodecs.DelayedImportError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
    AttributeError,
    AssertionError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
    OSError,
)


_LARGE_BYTES = 2**25
_GLANCE_PX = 1024
_PALETTE = tifffile.PHOTOMETRIC.PALETTE


@dataclass(frozen=True, slots=True)
class TiffSource:
    """The first series of a TIFF file, as an array in the axis order T Z C Y X S of the file."""

    axes: Axes
    pixels: PlaneArray
    """(T, Z, C, Y, X)"""
    pixel_size_um: float | None = None

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None
    ) -> PlaneArray:
        """See ImageSource."""
        plane = self.pixels[t, z][:, rect.slices[0], rect.slices[1]]
        if channels is not None:
            plane = plane[list(channels)]
        return np.ascontiguousarray(np.moveaxis(plane, 0, -1))


@dataclass(frozen=True, slots=True)
class Glance:
    """Every `factor`-th pixel of a plane of (height, width), in both directions: `pixels` (h, w, C)."""

    pixels: PlaneArray
    factor: int
    height: int
    width: int


def open_tiff(path: Path, *, as_stored: bool = False) -> TiffSource:
    """The first series of the file, all its planes. Raises ImageFileError for a damaged file.

    `as_stored`: the numbers in the file, not the colours or the inversion they stand for.
    """
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            pixels = _read(path, series)
            order = series.axes.upper()
            page = file.pages[0]
            photometric = getattr(page, "photometric", None)
            # ImageJ leaves its display colours there: only a palette image's values are colours.
            is_palette = photometric == _PALETTE and not as_stored
            palette = getattr(page, "colormap", None) if is_palette else None
            pixel_size_um = _pixel_size_um(file, page)
    except _DAMAGED as error:
        raise ImageFileError(
            "{name} cannot be read as TIFF: it is damaged or incomplete ({reason}).",
            name=path.name,
            reason=_first_line(error),
        ) from error
    if pixels.size == 0 or pixels.dtype.kind not in "biuf":
        raise ImageFileError(
            "{name} holds no image this program can show ({dtype}, {shape}).",
            name=path.name,
            dtype=pixels.dtype,
            shape=pixels.shape,
        )
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    if palette is not None and pixels.dtype.kind == "u" and pixels.max() < palette.shape[1]:
        pixels, order = np.moveaxis((palette[:, pixels] >> 8).astype(np.uint8), 0, -1), order + "S"
    is_inverted = photometric == tifffile.PHOTOMETRIC.MINISWHITE and not as_stored
    if is_inverted and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    cube = _to_tzcyx(pixels, order)
    axes = Axes(cube.shape[0], cube.shape[2], cube.shape[1], cube.shape[3], cube.shape[4])
    return TiffSource(axes, cube, pixel_size_um)


def _read(path: Path, series: tifffile.TiffPageSeries) -> npt.NDArray[Any]:
    """All pixels of a series. Large plain ones are read by two threads, which fills memory twice as fast."""
    if not _is_large_and_plain(series):
        return np.asarray(series.asarray())
    out: npt.NDArray[Any] = np.empty(series.shape, series.parent.byteorder + series.dtype.char)
    flat = memoryview(out.reshape(-1).view(np.uint8).data)
    middle = flat.nbytes // 2

    def fill(part: memoryview, offset: int) -> None:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            done = 0
            while done < part.nbytes:
                count = file.readinto(part[done:])
                if not count:
                    raise EOFError(f"{part.nbytes - done} bytes are missing")
                done += count

    with ThreadPoolExecutor(1) as helper:
        rest = helper.submit(fill, flat[middle:], series.dataoffset + middle)
        fill(flat[:middle], series.dataoffset)
        rest.result()
    return out.astype(series.dtype.newbyteorder("="), copy=False)


def glance_at_tiff(path: Path) -> Glance | None:
    """A first look at a large plain grey or RGB plane, long before all of it is read.

    None for any other file, and for one that cannot be read: reading it says why.
    """
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            photometric = getattr(file.pages[0], "photometric", None)
            is_usual = photometric in (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB)
            if not _is_large_and_plain(series) or series.axes not in ("YX", "YXS") or not is_usual:
                return None
            height, width = series.shape[:2]
            dtype = np.dtype(series.parent.byteorder + series.dtype.char)
            row = np.empty((width, *series.shape[2:]), dtype)
            factor = max(1, max(height, width) // _GLANCE_PX)
            rows, columns = height // factor, width // factor
            out = np.empty((rows, columns, *series.shape[2:]), dtype.newbyteorder("="))
            with path.open("rb", buffering=0) as raw:
                for place in range(rows):
                    raw.seek(series.dataoffset + place * factor * row.nbytes)
                    if raw.readinto(memoryview(row.reshape(-1).view(np.uint8).data)) != row.nbytes:
                        return None
                    out[place] = row[: columns * factor : factor]
    except _DAMAGED:
        return None
    return Glance(out if out.ndim == 3 else out[:, :, None], factor, height, width)


def _is_large_and_plain(series: tifffile.TiffPageSeries) -> bool:
    """True if the pixels lie in one piece in the file, as they are in memory, and are many."""
    if series.dataoffset is None or series.size * series.dtype.itemsize < _LARGE_BYTES:
        return False
    return bool(series.keyframe.fillorder == 1 and series.keyframe.bitspersample % 8 == 0)


def write_plane_tiff(path: Path, plane: PlaneArray) -> None:
    """A plane (H, W, C) as zlib-compressed TIFF that `open_tiff` reads back as it was."""
    channels = plane.shape[2]
    if channels == 3:
        data, photometric, axes = plane, "rgb", "YXS"
    else:
        data, photometric, axes = np.moveaxis(plane, -1, 0), "minisblack", "CYX"
    write_atomically(
        path,
        lambda partial: tifffile.imwrite(
            partial, data, photometric=photometric, compression="zlib", metadata={"axes": axes}
        ),
    )


_UM_PER_UNIT = {"µm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "inch": 25400.0}


def _pixel_size_um(file: tifffile.TiffFile, page: object) -> float | None:
    """From OME-XML, from ImageJ's description, or from the resolution tags in centimetres.

    Resolution in inches is nearly always a printer's (72, 96, 300 dpi), not the microscope's.
    """
    if file.is_ome and file.ome_metadata:
        found = re.search(r'PhysicalSizeX="([^"]+)"', file.ome_metadata)
        unit = re.search(r'PhysicalSizeXUnit="([^"]+)"', file.ome_metadata)
        factor = _UM_PER_UNIT.get(unit.group(1) if unit else "µm")
        return _positive(float(found.group(1)) * factor) if found and factor else None
    tags = getattr(page, "tags", {})
    resolution, unit_tag = tags.get("XResolution"), tags.get("ResolutionUnit")
    if resolution is None or not resolution.value[0]:
        return None
    per_unit = resolution.value[0] / resolution.value[1] if resolution.value[1] else 0.0
    if file.is_imagej and file.imagej_metadata:
        unit_name = str(file.imagej_metadata.get("unit", "")).replace("\\u00B5", "µ")
        factor = _UM_PER_UNIT.get(unit_name)
        return _positive(factor / per_unit) if factor and per_unit else None
    if unit_tag is not None and int(unit_tag.value) == tifffile.RESUNIT.CENTIMETER and per_unit:
        return _positive(1e4 / per_unit)
    return None


def _positive(size_um: float) -> float | None:
    return size_um if 1e-5 < size_um < 1e5 else None


def _to_tzcyx(pixels: PlaneArray, order: str) -> PlaneArray:
    """Bring the file's axes into T Z C Y X. S = colour samples; Q and I = pages of unknown meaning → Z."""
    if "S" in order and pixels.shape[order.index("S")] == 4:
        pixels = np.take(pixels, range(3), axis=order.index("S"))
    if "S" in order and "C" in order:
        # Colour samples of every channel: one channel axis.
        place = order.index("S")
        pixels, order = np.moveaxis(pixels, place, -1), order.replace("S", "") + "S"
        pixels = np.moveaxis(pixels, order.index("C"), -2)
        order = order.replace("C", "")[:-1] + "C"
        pixels = pixels.reshape(*pixels.shape[:-2], -1)
    else:
        order = order.replace("S", "C")
    known = [axis if axis in "TZCYX" else "Z" for axis in order]
    for axis in "TZC":
        while known.count(axis) > 1:
            first = known.index(axis)
            second = known.index(axis, first + 1)
            pixels = np.moveaxis(pixels, second, first + 1)
            del known[second]
            shape = pixels.shape
            pixels = pixels.reshape(*shape[:first], shape[first] * shape[first + 1], *shape[first + 2 :])
    for axis in "TZC":
        if axis not in known:
            pixels = pixels[None]
            known.insert(0, axis)
    return np.transpose(pixels, [known.index(axis) for axis in "TZCYX"])


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
