"""TIFF of every kind, read with tifffile: plain, ImageJ, OME, LSM, and the pyramids of slide scanners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from unet_studio.core.errors import ImageFileError
from unet_studio.io.atomic import write_atomically
from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import DAMAGED, ArrayLike, ArraySource, PlaneArray, damaged_file
from unet_studio.io.plain_pixels import PlainPixels
from unet_studio.io.tiff_metadata import channels_of, companion_files, macro_pictures, pixel_size_um_of

_DAMAGED = (*DAMAGED, tifffile.TiffFileError, imagecodecs.DelayedImportError)
_IN_MEMORY_BYTES = 2**25
_GLANCE_PX = 1024
_PHOTOMETRIC = tifffile.PHOTOMETRIC
_GREY = (_PHOTOMETRIC.MINISBLACK, _PHOTOMETRIC.MINISWHITE)
_ALPHA = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
# Pictures a slide scanner adds beside the slide.
_BESIDE = frozenset({"thumbnail", "label", "macro", "map", "overview"})
# Of level shapes: a level is the one above it, smaller, and nothing else.
_MOST_ASPECT_CHANGE = 0.05


@dataclass(frozen=True, slots=True)
class Glance:
    """Every `factor`-th pixel of a plane of (height, width), in both directions: `pixels` (h, w, C)."""

    pixels: PlaneArray
    factor: int
    height: int
    width: int


def tiff_scenes(path: Path) -> list[str]:
    """The names of the images in the file, at least one. Raises ImageFileError for a damaged file."""
    try:
        with _opened(path) as file:
            return [series.name or str(number) for number, series in enumerate(_scenes(file), 1)]
    except _DAMAGED as error:
        raise damaged_file(path, "TIFF", error) from error


def open_tiff(path: Path, scene: int = 0, *, as_stored: bool = False) -> ArraySource:
    """An image of the file. Raises ImageFileError for a damaged file.

    `as_stored`: the numbers in the file, not the colours or the inversion they stand for.
    """
    file = _opened(path)
    try:
        scenes = _scenes(file)
        series = scenes[min(scene, len(scenes) - 1)]
        page = series.keyframe
        if series.size == 0 or series.dtype is None or series.dtype.kind not in "biuf":
            raise ImageFileError(
                "{name} holds no image this program can show ({dtype}, {shape}).",
                name=path.name,
                dtype=series.dtype,
                shape=series.shape,
            )
        stored = series.axes.upper()
        guessed, is_guessed = guess_roles(stored, series.shape)
        order = AxisOrder(stored, guessed, series.shape)
        arrays = _arrays(series)
        is_read = all(isinstance(array, PlainPixels | np.ndarray) for array in arrays)
        colours = None if as_stored else _development(file, page, series, order.axes.c)
        samples = series.shape[stored.index("S")] if "S" in stored else 1
        source = ArraySource(
            path.name,
            arrays,
            order,
            pixel_size_um=pixel_size_um_of(file, series),
            channels=channels_of(file, series, order.axes.c),
            is_rgb=(samples >= 3 and page.photometric not in _GREY) or _has_palette(file, page, order.axes.c),
            is_guessed=is_guessed,
            develop=_in_turn(_without_bool if series.dtype.kind == "b" else None, colours),
            failures=_DAMAGED,
            held=None if is_read else HeldFile(file.close),
        )
    except _DAMAGED as error:
        file.close()
        raise damaged_file(path, "TIFF", error) from error
    if is_read:
        file.close()
    return source


def glance_at_tiff(path: Path) -> Glance | None:
    """A first look at a large plain grey or RGB plane, long before all of it is read.

    None for any other file, and for one that cannot be read: reading it says why.
    """
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            is_usual = series.keyframe.photometric in (_PHOTOMETRIC.MINISBLACK, _PHOTOMETRIC.RGB)
            if not is_usual or series.axes not in ("YX", "YXS") or series.nbytes < _IN_MEMORY_BYTES:
                return None
            pixels = _plain(series)
            if pixels is None:
                return None
            height, width = series.shape[:2]
            factor = max(1, max(height, width) // _GLANCE_PX)
            rows = slice(0, height // factor * factor, factor)
            columns = slice(0, width // factor * factor, factor)
            seen = pixels[(rows, columns, *[slice(None)] * (len(series.shape) - 2))]
    except _DAMAGED:
        return None
    return Glance(seen if seen.ndim == 3 else seen[:, :, None], factor, height, width)


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


def _opened(path: Path) -> tifffile.TiffFile:
    """The file; where the meaning of several files lies in a companion, the first of them with that."""
    try:
        companion = companion_files(path)
        if companion is not None:
            return tifffile.TiffFile(companion.first, omexml=companion.xml)
        return tifffile.TiffFile(path)
    except _DAMAGED as error:
        raise damaged_file(path, "TIFF", error) from error


def _scenes(file: tifffile.TiffFile) -> list[tifffile.TiffPageSeries]:
    """The images of a file, without a slide's label and thumbnail."""
    beside = macro_pictures(file)
    scenes = [
        series
        for number, series in enumerate(file.series)
        if series.name.strip().lower() not in _BESIDE
        and number not in beside
        and not (series.kind == "lsm" and series.keyframe.is_reduced)
    ]
    return scenes or list(file.series[:1])


def _arrays(series: tifffile.TiffPageSeries) -> tuple[ArrayLike, ...]:
    """The pixels of every level."""
    levels = {0: series}
    last = series
    y, x = series.axes.index("Y"), series.axes.index("X")
    for number, level in enumerate(series.levels[1:], 1):
        above = last.shape
        if level.axes != series.axes or level.dtype != series.dtype or 0 in level.shape:
            continue
        shrunk = above[y] / level.shape[y], above[x] / level.shape[x]
        rounding = 2 / min(level.shape[y], level.shape[x])
        if min(shrunk) > 1 and max(shrunk) / min(shrunk) < 1 + _MOST_ASPECT_CHANGE + rounding:
            levels[number] = last = level
    return tuple(_array(series, number, level) for number, level in levels.items())


def _array(series: tifffile.TiffPageSeries, number: int, level: tifffile.TiffPageSeries) -> ArrayLike:
    plain = _plain(level)
    if plain is not None:
        return plain
    if level.nbytes <= _IN_MEMORY_BYTES:
        return np.asarray(level.asarray())
    import zarr  # Costs a third of a second; most images need none of it.

    array: ArrayLike = zarr.open_array(series.aszarr(level=number), mode="r")
    return array


def _plain(series: tifffile.TiffPageSeries) -> PlainPixels | None:
    """The pixels, if they lie in one piece in the file as they are in memory. Raises EOFError if the file is
    too short for them."""
    page = series.keyframe
    if series.dataoffset is None or page.fillorder != 1 or page.bitspersample % 8:
        return None
    file = page.parent  # Of several files that one OME-XML describes, the one with the pixels.
    missing = series.dataoffset + series.nbytes - file.filehandle.size
    if missing > 0:
        raise EOFError(f"{missing} bytes are missing")
    dtype = np.dtype(file.byteorder + series.dtype.char)
    return PlainPixels(Path(file.filehandle.path), series.dataoffset, dtype, series.shape)


Develop = Callable[[PlaneArray], PlaneArray]


def _has_palette(file: tifffile.TiffFile, page: tifffile.TiffPage, channels: int) -> bool:
    """True if the values are places in a palette. ImageJ keeps its display colours there too."""
    is_palette = page.photometric == _PHOTOMETRIC.PALETTE and page.colormap is not None
    return bool(is_palette and channels == 1 and not file.is_imagej and page.dtype.kind == "u")


def _development(
    file: tifffile.TiffFile, page: tifffile.TiffPage, series: tifffile.TiffPageSeries, channels: int
) -> Develop | None:
    """What makes the picture from the stored numbers (h, w, C)."""
    photometric = page.photometric
    if _has_palette(file, page, channels):
        colours = np.asarray(page.colormap)
        # 16 bits each; some programs write 8.
        palette = (colours >> 8 if colours.max(initial=0) > 255 else colours).astype(np.uint8)
        return lambda plane: _through_palette(plane, palette)
    if photometric == _PHOTOMETRIC.MINISWHITE and series.dtype.kind == "u":
        return _inverted
    if photometric == _PHOTOMETRIC.MINISWHITE and series.dtype.kind == "b":
        return lambda plane: (plane == 0).astype(np.uint8)
    if photometric == _PHOTOMETRIC.SEPARATED and page.samplesperpixel >= 4 and series.dtype.kind == "u":
        return _rgb_of_inks
    extra = page.extrasamples
    colours = page.samplesperpixel - len(extra)
    is_alpha = bool(extra) and all(sample in _ALPHA for sample in extra)
    # One beside three colours is alpha even where nothing says so; beside grey it is a channel.
    if "S" in series.axes and ((is_alpha and colours in (1, 3)) or (len(extra) == 1 and colours == 3)):
        return lambda plane: plane[:, :, :colours]  # Alpha says nothing about what was seen.
    return None


def _inverted(plane: PlaneArray) -> PlaneArray:
    # Of unsigned numbers: the largest one minus each.
    return np.asarray(np.invert(plane))


def _in_turn(*steps: Develop | None) -> Develop | None:
    real = [step for step in steps if step is not None]
    if not real:
        return None

    def develop(plane: PlaneArray) -> PlaneArray:
        for step in real:
            plane = step(plane)
        return plane

    return develop


def _without_bool(plane: PlaneArray) -> PlaneArray:
    return plane.astype(np.uint8)


def _through_palette(plane: PlaneArray, palette: PlaneArray) -> PlaneArray:
    places = np.minimum(plane[:, :, 0], palette.shape[1] - 1)
    return np.moveaxis(palette[:, places], 0, -1)


def _rgb_of_inks(plane: PlaneArray) -> PlaneArray:
    """Cyan, magenta, yellow, black as a screen shows them, without a colour profile."""
    most = 2 ** (8 * plane.dtype.itemsize) - 1
    light = 1 - plane[:, :, :4].astype(np.float32) / most
    shown: PlaneArray = np.round(light[:, :, :3] * light[:, :, 3:] * most).astype(plane.dtype)
    return shown
