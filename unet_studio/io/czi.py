"""CZI of Zeiss microscopes, read with Zeiss's own pylibCZIrw: scenes, mosaics, z, t, channels, pyramids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import AxisOrder, spans
from unet_studio.io.held_file import HeldFile
from unet_studio.io.image_source import DAMAGED, ArraySource, Channel, Colour, damaged_file
from unet_studio.io.optional_reader import reader_module

_DTYPES: Mapping[str, tuple[type, int]] = {
    "Gray8": (np.uint8, 1), "Gray16": (np.uint16, 1), "Gray32Float": (np.float32, 1),
    "Bgr24": (np.uint8, 3), "Bgr48": (np.uint16, 3), "Bgr96Float": (np.float32, 3),
}  # fmt: skip
_SMALLEST_LEVEL_PX = 512


class _CziPixels:
    """A scene at one zoom as an array (T, Z, C, Y, X, S), of which one plane can be read at a time."""

    def __init__(
        self, reader: Any, corner: tuple[int, int], counts: tuple[int, int, int], size: tuple[int, int],
        shrink: int, kind: tuple[type, int],
    ) -> None:  # fmt: skip
        self._reader = reader
        self._corner = corner
        self._shrink = shrink
        dtype, samples = kind
        self.shape = (*counts, size[0] // shrink, size[1] // shrink, samples)
        self.dtype = np.dtype(dtype)

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        t, z, channels, rows, columns, samples = spans(index, self.shape)
        out = np.zeros((len(channels), len(rows), len(columns), len(samples)), self.dtype)
        roi = (
            self._corner[1] + columns.start * self._shrink, self._corner[0] + rows.start * self._shrink,
            len(columns) * self._shrink, len(rows) * self._shrink,
        )  # fmt: skip
        if out.size:
            for place, channel in enumerate(channels):
                plane = {"T": t[0], "Z": z[0], "C": channel}
                read = self._reader.read(roi=roi, plane=plane, zoom=1 / self._shrink)
                read = read[: len(rows), : len(columns), ::-1]  # Blue comes first.
                out[place, : read.shape[0], : read.shape[1]] = read
        return out


def czi_scenes(path: Path) -> list[str]:
    """The names of the scenes, at least one. Raises ImageFileError."""
    reader = _reader(path)
    try:
        return [str(number + 1) for number in sorted(reader.scenes_bounding_rectangle)] or [""]
    finally:
        reader.close()


def open_czi(path: Path, scene: int = 0) -> ArraySource:
    """A scene of the file. Raises ImageFileError for a damaged file, or without the reader."""
    reader = _reader(path)
    try:
        scenes = reader.scenes_bounding_rectangle
        numbers = sorted(scenes)
        box = scenes[numbers[min(scene, len(numbers) - 1)]] if numbers else reader.total_bounding_rectangle
        extent = reader.total_bounding_box
        kinds = {_DTYPES.get(kind) for kind in reader.pixel_types.values()}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None or box.w <= 0 or box.h <= 0:
            raise ImageFileError(
                "{name} holds pixels of a kind this program cannot show ({kinds}).",
                name=path.name,
                kinds=", ".join(sorted(set(map(str, reader.pixel_types.values())))),
            )
        counts = tuple(extent[axis][1] - extent[axis][0] if axis in extent else 1 for axis in "TZC")
        shrinks = [1]
        while max(box.h, box.w) // shrinks[-1] > 2 * _SMALLEST_LEVEL_PX:
            shrinks.append(shrinks[-1] * 2)
        arrays = tuple(
            _CziPixels(reader, (box.y, box.x), counts, (box.h, box.w), shrink, kind)  # type: ignore[arg-type]
            for shrink in shrinks
        )
        metadata = reader.metadata["ImageDocument"]["Metadata"]
    except DAMAGED as error:
        reader.close()
        raise damaged_file(path, "CZI", error) from error
    return ArraySource(
        path.name,
        arrays,
        AxisOrder("TZCYXS", "TZCYXC", arrays[0].shape),
        pixel_size_um=_pixel_size_um(metadata),
        channels=_channels(metadata, counts[2]) if kind[1] == 1 else (),
        is_rgb=kind[1] == 3 and counts[2] == 1,
        failures=DAMAGED,
        held=HeldFile(reader.close),
    )


def _reader(path: Path) -> Any:
    czi = reader_module("pylibCZIrw.czi", path=path, extra="formats")
    try:
        return czi.CziReader(str(path))
    except DAMAGED as error:
        raise damaged_file(path, "CZI", error) from error


def _listed(node: Any, *names: str) -> list[Mapping[str, Any]]:
    """The elements at a path of an XML tree of dictionaries: none, one or several."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    found = node if isinstance(node, list) else [node]
    return [one for one in found if isinstance(one, Mapping)]


def _pixel_size_um(metadata: Mapping[str, Any]) -> float | None:
    for distance in _listed(metadata, "Scaling", "Items", "Distance"):
        try:
            metres = float(distance.get("Value") or 0)
        except ValueError:
            continue
        if distance.get("@Id") == "X" and 1e-11 < metres < 0.1:
            return metres * 1e6
    return None


def _channels(metadata: Mapping[str, Any], count: int) -> tuple[Channel, ...]:
    names = _listed(metadata, "Information", "Image", "Dimensions", "Channels", "Channel")
    shown = {one.get("@Id"): one for one in _listed(metadata, "DisplaySetting", "Channels", "Channel")}
    if len(names) != count:
        return ()
    channels = []
    for one in names:
        text = one.get("Color") or shown.get(one.get("@Id"), {}).get("Color")
        channels.append(Channel(one.get("@Name"), _colour(text)))
    return tuple(channels)


def _colour(text: Any) -> Colour | None:
    """From #AARRGGBB; white says nothing."""
    try:
        value = int(str(text).removeprefix("#"), 16)
    except ValueError:
        return None
    rgb = value >> 16 & 255, value >> 8 & 255, value & 255
    return None if rgb == (255, 255, 255) else rgb
