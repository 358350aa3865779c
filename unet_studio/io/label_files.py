"""Label images and binary masks in and out."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import tifffile

from unet_studio.core.errors import LabelFileError, UserError
from unet_studio.core.geometry import TILE_PX, Rect, tiles_covering
from unet_studio.core.label_tiles import LabelArray, LabelTiles
from unet_studio.io.atomic import writable_folder, write_atomically
from unet_studio.io.image_source import whole_plane
from unet_studio.io.open_image import open_image
from unet_studio.io.tiff import open_tiff
from unet_studio.settings.mask_formats import CLASS_FORMAT

_PNG_MAX_ID = 65535
_WHOLE_PX = 2**24
"""Larger planes are written tile by tile: no array of the plane is ever made."""
_LARGEST_PNG_PX = 2**28
"""A PNG is made from an array of the whole plane."""
_EMPTY_TILE = zlib.compress(bytes(4 * TILE_PX * TILE_PX), 9)


def read_label_image(path: Path, *, shape: tuple[int, int] | None = None) -> LabelArray:
    """int32 (H, W) from a label image or mask file. Colour masks: every colour is one instance.

    Raises LabelFileError if the size is not `shape`, the values are no labels, or there are several planes.
    """
    values, _ = _values(path, shape)
    if values.max(initial=0) > np.iinfo(np.int32).max:
        # Colours, and ids of other programs: keep who is who, not the number.
        ids, place = np.unique(values, return_inverse=True)
        values = place.reshape(values.shape) + (0 if ids[0] == 0 else 1)
    return np.ascontiguousarray(values, np.int32)


def read_class_image(path: Path, *, shape: tuple[int, int] | None = None) -> LabelArray:
    """int32 (H, W), the class of every pixel. One value or colour besides 0 is a class, whatever its number.

    Raises LabelFileError as `read_label_image`, and for several colours: which class each of them stands for
    is not in the file.
    """
    values, is_colour = _values(path, shape)
    if is_colour or values.max(initial=0) > np.iinfo(np.int32).max:
        if np.unique(values[values > 0]).size > 1:
            raise LabelFileError(
                "The mask {name} holds colours, and nothing says which class each of them is: export it with "
                "the numbers of the classes, as 8-bit grey PNG or TIFF.",
                name=path.name,
            )
        values = (values > 0).astype(np.int64)
    return np.ascontiguousarray(values, np.int32)


def _values(path: Path, shape: tuple[int, int] | None) -> tuple[npt.NDArray[np.int64], bool]:
    """The numbers in a mask, (H, W), none below 0, and whether they stand for colours."""
    # As stored: a look-up table or an inverted display must not change instance numbers.
    is_tiff = path.suffix.lower() in (".tif", ".tiff") and path.is_file()
    source = open_tiff(path, as_stored=True) if is_tiff else open_image(path)
    planes = source.axes.t * source.axes.z
    if planes > 1:
        raise LabelFileError(
            "The mask {name} holds {count} planes: save each as a file of its own, beside an image of one.",
            name=path.name,
            count=planes,
        )
    plane = whole_plane(source)
    if shape is not None and plane.shape[:2] != shape:
        raise LabelFileError(
            "The mask {name} is {mask_height}×{mask_width} px but its image is {height}×{width} px: "
            "export the mask again at the image's size.",
            name=path.name,
            mask_height=plane.shape[0],
            mask_width=plane.shape[1],
            height=shape[0],
            width=shape[1],
        )
    if plane.dtype.kind == "f":
        fractions = plane.astype(np.float64)
        if not np.isfinite(fractions).all() or (fractions != np.round(fractions)).any():
            raise LabelFileError(
                "The mask {name} holds fractions, not instance numbers: export it as 16-bit TIFF or PNG.",
                name=path.name,
            )
        plane = plane.astype(np.int64)
    if plane.shape[2] == 1:
        # Some programs mark background or edges with -1.
        return np.maximum(plane[:, :, 0].astype(np.int64), 0), False
    if plane.shape[2] not in (3, 4):
        raise LabelFileError(
            "The mask {name} holds {count} channels: export it as one grey label image.",
            name=path.name,
            count=plane.shape[2],
        )
    if (plane[:, :, 0] == plane[:, :, 1]).all() and (plane[:, :, 0] == plane[:, :, 2]).all():
        return np.maximum(plane[:, :, 0].astype(np.int64), 0), False  # Grey, saved as colour.
    weights = np.array([1 << 16 << 16, 1 << 16, 1], np.int64)
    values: npt.NDArray[np.int64] = plane[:, :, :3].astype(np.int64) @ weights
    return np.maximum(values, 0), True


def write_label_tiff(path: Path, labels: LabelArray) -> None:
    """Label image as zlib-compressed TIFF: uint16, or int32 if an id is above 65535."""
    dtype = np.uint16 if labels.max(initial=0) <= _PNG_MAX_ID else np.int32
    data = labels.astype(dtype)
    write_atomically(path, lambda partial: tifffile.imwrite(partial, data, compression="zlib"))


def write_label_png(path: Path, labels: LabelArray) -> None:
    """Label image as 16-bit PNG; ids above 65535 are numbered anew from 1, in ascending order."""
    if labels.max(initial=0) > _PNG_MAX_ID:
        ids, place = np.unique(labels, return_inverse=True)
        if ids.size - 1 > _PNG_MAX_ID:
            raise LabelFileError(
                "{name} has {count} instances; a 16-bit PNG holds {limit}: export as TIFF.",
                name=path.stem,
                count=ids.size - 1,
                limit=_PNG_MAX_ID,
            )
        labels = (place.reshape(labels.shape) + (0 if ids[0] == 0 else 1)).astype(np.int32)
    _write_png(path, labels.astype(np.uint16))


def write_binary_png(path: Path, labels: LabelArray) -> None:
    """Binary mask: 255 on every instance, 0 elsewhere."""
    _write_png(path, np.where(labels > 0, np.uint8(255), np.uint8(0)))


MASK_WRITERS: dict[str, tuple[str, Callable[[Path, LabelArray], None]]] = {
    "label-tiff": (".tif", write_label_tiff),
    "label-png": (".png", write_label_png),
    "binary-png": (".png", write_binary_png),
}
"""Format (see `settings.mask_formats`) → (file ending, writer)."""


def write_masks(folder: Path, stem: str, labels: LabelArray, formats: tuple[str, ...]) -> list[Path]:
    """Write the label image in every format; returns the files.

    One format: STEM.tif or STEM.png. Several: each in a folder of its own, named after the format, so
    that file stems still pair with the images'.
    """
    written = []
    for name in formats:
        path = mask_path(folder, stem, name, formats)
        writable_folder(path.parent)
        MASK_WRITERS[name][1](path, labels)
        written.append(path)
    return written


def write_class_png(folder: Path, stem: str, labels: LabelArray, class_of: Sequence[int]) -> Path:
    """The class of every pixel as 8-bit PNG in a folder of its own; `class_of`: of each id from 1."""
    path = folder / CLASS_FORMAT / f"{stem}.png"
    writable_folder(path.parent)
    _write_png(path, np.array([0, *class_of], np.uint8)[labels])
    return path


def write_plane_masks(
    folder: Path, stem: str, tiles: LabelTiles, bounds: Rect, formats: tuple[str, ...]
) -> list[Path]:
    """`write_masks` of a plane of any size; a large one is written tile by tile.

    Raises LabelFileError, with nothing written, for a large plane in a format that cannot be tiled.
    """
    if bounds.area <= _WHOLE_PX:
        return write_masks(folder, stem, tiles.read(bounds), formats)
    check_plane_formats(stem, bounds, formats)
    by_tiles = "label-tiff" in formats
    others = tuple(name for name in formats if name != "label-tiff")
    written = []
    if by_tiles:
        written.append(mask_path(folder, stem, "label-tiff", formats))
        writable_folder(written[0].parent)
        write_tiled_label_tiff(written[0], tiles, bounds)
    labels = tiles.read(bounds) if others else None
    for name in others:
        assert labels is not None
        path = mask_path(folder, stem, name, formats)
        writable_folder(path.parent)
        MASK_WRITERS[name][1](path, labels)
        written.append(path)
    return written


def check_plane_formats(stem: str, bounds: Rect, formats: tuple[str, ...]) -> None:
    """Raise LabelFileError for a plane that is too large for one of the formats."""
    if bounds.area > _LARGEST_PNG_PX and set(formats) != {"label-tiff"}:
        raise LabelFileError(
            "{name} is {height}×{width} px, too large for a PNG mask: export it as TIFF label image.",
            name=stem,
            height=bounds.height,
            width=bounds.width,
        )


def write_tiled_label_tiff(path: Path, tiles: LabelTiles, bounds: Rect) -> None:
    """Label image of any size as BigTIFF of int32 in zlib-compressed 256-px tiles.

    That is how `LabelTiles` holds them too: they are passed on as they are.
    """
    encoded = (data or _EMPTY_TILE for _, data in tiles.packed(tiles_covering(bounds)))
    write_atomically(
        path,
        lambda partial: tifffile.imwrite(
            partial,
            encoded,
            shape=bounds.shape,
            dtype=np.int32,
            tile=(TILE_PX, TILE_PX),
            compression="zlib",
            bigtiff=True,
            photometric="minisblack",
            metadata=None,
        ),
    )


def check_mask_names(
    images: Iterable[tuple[Path, str]], folder: Path, formats: tuple[str, ...], *, spares_others: bool = False
) -> None:
    """Raise UserError if two images would give the same mask file, or a mask would replace an image (with
    `spares_others` any file beside the images). Of every image its file and the stem of its masks."""
    images = list(images)
    originals = {image.resolve() for image, _ in images}
    folders = {original.parent for original in originals}
    seen: dict[str, Path] = {}
    for image, stem in images:
        if stem in seen:
            raise UserError(
                "{first} and {second} would both be written as {stem}: rename one of the images.",
                first=seen[stem],
                second=image,
                stem=stem,
            )
        seen[stem] = image
        for name in formats:
            target = mask_path(folder, stem, name, formats).resolve()
            if target in originals:
                raise UserError(
                    "The masks would replace the images in {folder}: choose another folder.", folder=folder
                )
            if spares_others and target.parent in folders and target.exists():
                raise UserError(
                    "{name} is among the images in {folder} already, and its mask would replace it: choose "
                    "another folder.",
                    name=target.name,
                    folder=folder,
                )


def mask_path(folder: Path, stem: str, name: str, formats: tuple[str, ...]) -> Path:
    """The file of a mask in the format `name`, one of `formats`; several go into one folder each."""
    target = folder if len(formats) == 1 else folder / name
    return target / f"{stem}{MASK_WRITERS[name][0]}"


def _write_png(path: Path, pixels: npt.NDArray[np.generic]) -> None:
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise LabelFileError("{name} could not be encoded as PNG.", name=path.name)
    write_atomically(path, lambda partial: partial.write_bytes(data.tobytes()))
