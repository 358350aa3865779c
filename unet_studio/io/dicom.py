"""DICOM, read with pydicom; compressed frames are decoded with imagecodecs.

PS3.3 C.7.6.3 (image pixel), C.11.1 (modality look-up: slope and intercept), C.11.2 (window), C.8.12 (whole
slide microscopy). https://dicom.nema.org/medical/dicom/current
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.axis_order import AxisOrder, spans
from unet_studio.io.frame_pixels import FramePixels
from unet_studio.io.image_source import (
    DAMAGED,
    LARGEST_PLANE_BYTES,
    ArrayLike,
    ArraySource,
    PlaneArray,
    damaged_file,
    plausible_um,
)
from unet_studio.io.optional_reader import reader_module

_DAMAGED = (*DAMAGED, imagecodecs.DelayedImportError)
_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
_LOSSLESS_JPEG = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_ADOBE = b"Adobe"


def open_dicom(path: Path) -> ArraySource:
    """The image of the file. Raises ImageFileError for a damaged file, or without the reader."""
    pydicom = reader_module("pydicom", path=path, extra="medical")
    damaged = (*_DAMAGED, pydicom.errors.InvalidDicomError, pydicom.errors.BytesLengthException)
    try:
        data = pydicom.dcmread(path)
        if "PixelData" not in data or "TransferSyntaxUID" not in data.file_meta:
            raise ImageFileError(
                "{name} holds no pixels, or does not say how they are written: export it again.",
                name=path.name,
            )
        frames = max(1, int(data.get("NumberOfFrames") or 1))
        samples = int(data.SamplesPerPixel)
        shape = (int(data.Rows), int(data.Columns), *([samples] if samples > 1 else []))
        if (
            np.prod([float(size) for size in (frames, *shape)]) * int(data.BitsAllocated) / 8
            > LARGEST_PLANE_BYTES
        ):
            raise ImageFileError("{name} claims to be {shape} large.", name=path.name, shape=(frames, *shape))
        read = _frame_reader(data, frames)
        first = np.asarray(read(0))
        if first.shape != shape or first.size == 0:
            raise ValueError(f"the first frame is {first.shape}, not {shape}")
        dtype = first.dtype.newbyteorder("=")
        pixels: ArrayLike = FramePixels(
            (frames,), shape, dtype, lambda n: np.asarray(read(n)).astype(dtype, copy=False)
        )
        stored = "ZYX" if samples == 1 else "ZYXS"
        if _is_tiled(data):
            pixels = _Mosaic(pixels, int(data.TotalPixelMatrixRows), int(data.TotalPixelMatrixColumns))
        elif "FrameTime" in data or "FrameTimeVector" in data:
            stored = stored.replace("Z", "T")
        develop, is_rgb = _development(data, samples)
        size_um = _pixel_size_um(data)
    except damaged as error:
        raise damaged_file(path, "DICOM", error) from error
    usual = stored.replace("S", "C")
    return ArraySource(
        path.name,
        (pixels,),
        AxisOrder(stored, usual, pixels.shape),
        pixel_size_um=size_um,
        is_rgb=is_rgb,
        develop=develop,
        display_range=_window(data),
        failures=damaged,
    )


class _Mosaic:
    """Tiles, row by row, as one plane (1, Y, X[, S])."""

    def __init__(self, tiles: ArrayLike, height: int, width: int) -> None:
        self._tiles = tiles
        self._tile = tiles.shape[1:3]
        self._across = -(-width // self._tile[1])
        if -(-height // self._tile[0]) * self._across > tiles.shape[0]:
            raise ValueError(f"{tiles.shape[0]} tiles are too few for {width} × {height} px")
        self.shape = (1, height, width, *tiles.shape[3:])
        self.dtype = tiles.dtype

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        _, rows, columns, *_ = spans(index, self.shape)
        wanted = Rect(rows.start, columns.start, rows.stop, columns.stop)
        out = np.empty((*wanted.shape, *self.shape[3:]), self.dtype)
        high, wide = self._tile
        whole = (slice(None),) * len(self.shape[3:])
        for down in range(wanted.top // high, -(-wanted.bottom // high)):
            for across in range(wanted.left // wide, -(-wanted.right // wide)):
                tile = Rect.of_size(high, wide).shift(down * high, across * wide)
                common = wanted.intersect(tile)
                inside = common.shift(-tile.top, -tile.left).slices
                place = common.shift(-wanted.top, -wanted.left).slices
                out[place] = self._tiles[(down * self._across + across, *inside, *whole)]
        return out if isinstance(index[0], int) else out[None]


def _is_tiled(data: Any) -> bool:
    total = data.get("TotalPixelMatrixRows"), data.get("TotalPixelMatrixColumns")
    return all(total) and data.get("DimensionOrganizationType", "TILED_FULL") == "TILED_FULL"


def _frame_reader(data: Any, frames: int) -> Callable[[int], npt.NDArray[Any]]:
    decode = _decoder(data)
    if decode is None:
        pixels = reader_module("pydicom.pixels", path=Path(), extra="medical")
        return lambda number: pixels.pixel_array(data, index=number)
    encaps = reader_module("pydicom.encaps", path=Path(), extra="medical")
    encoded = list(encaps.generate_frames(data.PixelData, number_of_frames=frames))
    return lambda number: decode(encoded[number])


def _decoder(data: Any) -> Callable[[bytes], npt.NDArray[Any]] | None:
    """What decodes a frame; None where pydicom needs no help."""
    syntax = str(data.file_meta.TransferSyntaxUID)
    is_signed = int(data.get("PixelRepresentation", 0)) == 1

    def jpeg(frame: bytes) -> npt.NDArray[Any]:
        is_rgb = data.PhotometricInterpretation == "RGB" and _ADOBE not in frame[:1024]
        space = "RGB" if is_rgb else None
        return np.asarray(imagecodecs.jpeg8_decode(frame, colorspace=space, outcolorspace=space))

    decoders: Mapping[tuple[str, ...], Callable[[bytes], npt.NDArray[Any]]] = {
        _JPEG: jpeg,
        _LOSSLESS_JPEG: imagecodecs.ljpeg_decode,
        _JPEG_LS: imagecodecs.jpegls_decode,
        _JPEG_2000: imagecodecs.jpeg2k_decode,
    }
    for syntaxes, decode in decoders.items():
        if syntax in syntaxes:
            return lambda frame: _as_signed(decode(frame), int(data.BitsStored), is_signed)
    return None


def _as_signed(frame: npt.NDArray[Any], bits: int, is_signed: bool) -> npt.NDArray[Any]:
    """Two's complement of `bits` bits, where the decoder has given the bare bits."""
    if not is_signed or frame.dtype.kind == "i":
        return frame
    unused = frame.dtype.itemsize * 8 - bits
    signed = np.dtype(f"i{frame.dtype.itemsize}")
    out: npt.NDArray[Any] = (frame << unused).view(signed) >> unused
    return out


def _development(data: Any, samples: int) -> tuple[Callable[[PlaneArray], PlaneArray] | None, bool]:
    """What makes the picture from the stored numbers, and whether that has colours."""
    if samples == 3:
        return None, True
    interpretation = data.PhotometricInterpretation
    if interpretation == "PALETTE COLOR":
        pixels = reader_module("pydicom.pixels", path=Path(), extra="medical")

        def through_palette(plane: PlaneArray) -> PlaneArray:
            colours = pixels.apply_color_lut(plane[:, :, 0], data)
            deep = colours.dtype.itemsize > 1
            return np.asarray(colours >> 8 if deep else colours).astype(np.uint8)

        return through_palette, True
    slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    is_inverted = interpretation == "MONOCHROME1"
    if (slope, intercept) == (1, 0) and not is_inverted:
        return None, False

    def rescaled(plane: PlaneArray) -> PlaneArray:
        values = plane.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        return -values if is_inverted else values

    return rescaled, False


def _window(data: Any) -> tuple[float, float] | None:
    """The grey values the file wants to see as black and as white."""
    centre, width = (_first(data.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width <= 1 or int(data.get("SamplesPerPixel", 1)) > 1:
        return None
    if data.PhotometricInterpretation == "MONOCHROME1":
        centre = -centre
    return centre - width / 2, centre + width / 2


def _first(value: Any) -> float | None:
    """Of one number, or of several."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, int | float | str) else value[0])


def _pixel_size_um(data: Any) -> float | None:
    spacing = data.get("PixelSpacing") or data.get("ImagerPixelSpacing")
    if spacing is None:
        return None
    return plausible_um(float(spacing[1]) * 1e3)
