"""OME-Zarr 0.4 and 0.5, a folder or a zip of one, read with zarr.

https://ngff.openmicroscopy.org/0.5/: the attributes of the group name the resolutions of an image
("multiscales"), its axes, the size of a pixel, and how its channels were shown ("omero").
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import (
    DAMAGED,
    ArrayLike,
    ArraySource,
    Channel,
    Colour,
    damaged_file,
    plausible_um,
)

_UM_PER_UNIT = {
    "micrometer": 1.0,
    "nanometer": 1e-3,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "angstrom": 1e-4,
}
ATTRIBUTE_FILES = ("zarr.json", ".zattrs")


def is_ome_zarr(path: Path) -> bool:
    """True for a folder with the attributes of a zarr group."""
    return any((path / name).is_file() for name in ATTRIBUTE_FILES)


def open_ome_zarr(path: Path, scene: int = 0) -> ArraySource:
    """An image of the group. Raises ImageFileError for one that is damaged or something else."""
    try:
        group, attributes = _group(path)
        multiscales = attributes["multiscales"]
        image = multiscales[min(scene, len(multiscales) - 1)]
        datasets = image["datasets"]
        arrays: list[ArrayLike] = [_array(group, one["path"]) for one in datasets]
        arrays = [a for a in arrays if len(a.shape) == len(arrays[0].shape)]
        if arrays[0].dtype.kind not in "biuf" or 0 in arrays[0].shape:
            raise ImageFileError(
                "{name} holds no image this program can show ({dtype}, {shape}).",
                name=path.name,
                dtype=arrays[0].dtype,
                shape=arrays[0].shape,
            )
        stored = _stored_axes(image, len(arrays[0].shape))
        guessed, is_guessed = guess_roles(stored, arrays[0].shape)
        order = AxisOrder(stored, guessed, tuple(arrays[0].shape))
        channels = _channels(attributes.get("omero", {}), order.axes.c)
        pixel_size_um = _pixel_size_um(image, stored)
    except DAMAGED as error:
        raise damaged_file(path, "OME-Zarr", error) from error
    return ArraySource(
        path.name,
        tuple(arrays),
        order,
        pixel_size_um=pixel_size_um,
        channels=channels,
        is_guessed=is_guessed,
        develop=_without_bool if arrays[0].dtype.kind == "b" else None,
        failures=DAMAGED,
        held=HeldFile(group.store.close),
    )


def ome_zarr_scenes(path: Path) -> list[str]:
    """The names of the images in the group. Raises ImageFileError."""
    try:
        images = _group(path)[1]["multiscales"]
        return [str(one.get("name") or number) for number, one in enumerate(images, 1)]
    except DAMAGED as error:
        raise damaged_file(path, "OME-Zarr", error) from error


def _group(path: Path) -> tuple[Any, Mapping[str, Any]]:
    """The zarr group and what OME has written into its attributes."""
    import zarr  # Costs a third of a second.

    store: Any
    if path.is_file():
        store = zarr.storage.ZipStore(path, mode="r")
    else:
        store = zarr.storage.LocalStore(path, read_only=True)
    group = zarr.open_group(store, path=_inside(path), mode="r")
    stored: dict[str, Any] = dict(group.attrs)
    attributes = stored.get("ome", stored)
    if not attributes.get("multiscales"):
        raise ImageFileError("{name} is a zarr group without an image (no multiscales).", name=path.name)
    return group, attributes


def _array(group: Any, path: str) -> ArrayLike:
    array: ArrayLike = group[path]
    return array


def _inside(path: Path) -> str:
    """Where the group lies: zips hold it at their root or in one folder."""
    if not path.is_file():
        return ""
    with zipfile.ZipFile(path) as archive:
        places = [name for name in archive.namelist() if name.split("/")[-1] in ATTRIBUTE_FILES]
    if not places:
        raise ValueError("no zarr group is in it")
    return min(places, key=lambda name: name.count("/")).rpartition("/")[0]


def _stored_axes(image: Mapping[str, Any], count: int) -> str:
    """A letter for every axis; before version 0.3 the last five of TCZYX."""
    axes = image.get("axes")
    if not axes:
        return "TCZYX"[-count:]
    names = [one["name"] if isinstance(one, Mapping) else str(one) for one in axes]
    return "".join(name[:1].upper() for name in names)


def _pixel_size_um(image: Mapping[str, Any], stored: str) -> float | None:
    axes = image.get("axes") or []
    unit = next((a.get("unit") for a in axes if isinstance(a, Mapping) and a.get("name") == "x"), None)
    factor = _UM_PER_UNIT.get(str(unit))
    steps = [
        *image["datasets"][0].get("coordinateTransformations", []),
        *image.get("coordinateTransformations", []),
    ]
    scale = 1.0
    for step in steps:
        if step.get("type") == "scale" and len(step.get("scale", [])) == len(stored):
            scale *= float(step["scale"][stored.index("X")])
    return plausible_um(scale * factor) if factor else None


def _channels(omero: Mapping[str, Any], count: int) -> tuple[Channel, ...]:
    found = omero.get("channels", []) if isinstance(omero, Mapping) else []
    if len(found) != count:
        return ()
    return tuple(Channel(_text(one.get("label")), _colour(one.get("color"))) for one in found)


def _text(label: Any) -> str | None:
    return None if label is None else str(label)


def _colour(text: Any) -> Colour | None:
    try:
        value = int(str(text), 16)
    except ValueError:
        return None
    rgb = value >> 16 & 255, value >> 8 & 255, value & 255
    return None if rgb == (255, 255, 255) else rgb


def _without_bool(plane: Any) -> Any:
    return plane.astype(np.uint8)
