"""Small pictures of planes that are too large to be held, and keeping them from one day to the next."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from unet_studio.core.errors import FolderError, ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.atomic import write_atomically
from unet_studio.io.image_source import ImageSource, PlaneArray

_SMALL_PX = 2**22
_MOST_PX = 2**24
_NEAR = 4
_MOST_READ_PX = 2**32
_SAMPLES = 6
_SAMPLE_PX = 128
_BAND_BYTES = 2**26
_MOST_KEPT = 60


def sample_pixels(source: ImageSource, *, t: int = 0, z: int = 0) -> PlaneArray:
    """Squares of the plane at full resolution from all over it, beside each other (h, w, C): what is dark and
    what is bright in it. Raises ImageFileError."""
    axes = source.axes
    side_y, side_x = min(_SAMPLE_PX, axes.y), min(_SAMPLE_PX, axes.x)
    tops, lefts = _spread(axes.y, side_y), _spread(axes.x, side_x)
    rows = [
        np.concatenate(
            [source.read(Rect(top, left, top + side_y, left + side_x), t=t, z=z) for left in lefts], axis=1
        )
        for top in tops
    ]
    return np.concatenate(rows, axis=0)


def thinned(plane: PlaneArray) -> PlaneArray:
    """Some pixels from all over a plane (H, W, C) that is held: a view."""
    step = max(1, int((plane.shape[0] * plane.shape[1]) ** 0.5 / (_SAMPLES * _SAMPLE_PX)))
    return plane[::step, ::step]


def _spread(size: int, side: int) -> list[int]:
    """Where squares of a side begin: a few, evenly, none at the very edge of a large plane."""
    count = min(_SAMPLES, max(1, size // side))
    return [min(size - side, int((n + 0.5) * size / count - side / 2)) for n in range(count)]


@dataclass(frozen=True, slots=True)
class Overview:
    """`pixels` (h, w, C): the mean of `factor`² pixels of the plane each. `read_px`: how many were read."""

    pixels: PlaneArray
    factor: int
    read_px: int


def make_overview(source: ImageSource, *, t: int = 0, z: int = 0, planes_read: int = 1) -> Overview:
    """From the coarsest level that is fine enough, band by band. Raises ImageFileError, at once where that
    would be more than a person waits for; `planes_read`: from how many planes of the file every pixel comes.
    """
    factor = overview_factor(source)
    height, width = source.levels[0]
    level = level_for(source, factor)
    level_height, level_width = source.levels[level]
    if level_height * level_width * planes_read > _MOST_READ_PX:
        raise ImageFileError(
            "A plane of {width} × {height} px without smaller copies of itself in the file takes too long to "
            "show: save it as a pyramid (OME-TIFF, OME-Zarr).",
            width=width,
            height=height,
        )
    shape = -(-height // factor), -(-width // factor)
    pixels = np.empty((*shape, source.axes.c), _exact(source.dtype))
    if (level_height, level_width) == shape:
        pixels[:] = source.read(Rect.of_size(*shape), t=t, z=z, level=level)
        return Overview(pixels, factor, shape[0] * shape[1] * planes_read)
    row_bytes = level_width * source.axes.c * source.dtype.itemsize * level_height / shape[0]
    for top, bottom in _bands(shape[0], max(1, int(_BAND_BYTES / row_bytes))):
        pixels[top:bottom] = read_reduced(
            source, Rect(top, 0, bottom, shape[1]), factor=factor, level=level, t=t, z=z
        )
    return Overview(pixels, factor, level_height * level_width * planes_read)


def overview_factor(source: ImageSource) -> int:
    """The power of two that makes the plane small enough: larger where the file has a level near it."""
    factor = _factor_for(source, _SMALL_PX)
    is_near = factor <= _NEAR * level_factor(source, level_for(source, factor))
    return factor if is_near else _factor_for(source, _MOST_PX)


def _factor_for(source: ImageSource, most_px: int) -> int:
    height, width = source.levels[0]
    factor = 1
    while (height // factor) * (width // factor) > most_px:
        factor *= 2
    return factor


def level_factor(source: ImageSource, level: int) -> float:
    """How many pixels of the plane lie along the side of one of a level."""
    return source.levels[0][0] / max(1, source.levels[level][0])


def level_for(source: ImageSource, factor: int) -> int:
    """The coarsest level whose pixels are not larger than `factor` of the plane's."""
    fitting = [n for n in range(len(source.levels)) if level_factor(source, n) <= factor * 1.02]
    return max(fitting, key=lambda n: level_factor(source, n), default=0)


def read_reduced(
    source: ImageSource, rect: Rect, *, factor: int, level: int, t: int = 0, z: int = 0
) -> PlaneArray:
    """Pixels of `rect`, counted in units of `factor` pixels of the plane, from a level that is finer."""
    height, width = source.levels[level]
    scale_y, scale_x = (height * factor / source.levels[0][0], width * factor / source.levels[0][1])
    wanted = Rect(
        min(height - 1, round(rect.top * scale_y)),
        min(width - 1, round(rect.left * scale_x)),
        min(height, max(round(rect.bottom * scale_y), round(rect.top * scale_y) + 1)),
        min(width, max(round(rect.right * scale_x), round(rect.left * scale_x) + 1)),
    )
    pixels = source.read(wanted, t=t, z=z, level=level)
    if pixels.shape[:2] == rect.shape:
        return pixels
    pixels = pixels.astype(_exact(pixels.dtype), copy=False)
    planes = [
        cv2.resize(
            np.ascontiguousarray(pixels[:, :, place]), (rect.width, rect.height), interpolation=cv2.INTER_AREA
        )
        for place in range(pixels.shape[2])
    ]
    return np.stack(planes, axis=2)


def _exact(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The dtype OpenCV can take means of."""
    return dtype if dtype in (np.uint8, np.uint16, np.int16, np.float32) else np.dtype(np.float64)


def _bands(rows: int, at_once: int) -> Iterator[tuple[int, int]]:
    for top in range(0, rows, at_once):
        yield top, min(rows, top + at_once)


class OverviewCache:
    """Overviews that took time to make, in a folder; the oldest are thrown away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> PlaneArray | None:
        """The kept pixels, or None."""
        path = self._path(key)
        try:
            pixels: PlaneArray = np.load(path, allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return pixels if pixels.ndim == 3 else None

    def keep(self, key: str, pixels: PlaneArray) -> None:
        """Keep them, if the disk lets us: it only saves time."""

        def write(partial: Path) -> None:
            with partial.open("wb") as file:
                np.save(file, pixels, allow_pickle=False)

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(key), write)
            kept = sorted(self._folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
            for old in kept[:-_MOST_KEPT]:
                old.unlink(missing_ok=True)
        except (OSError, FolderError):
            return

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npy"
