"""PNG, JPEG, BMP, WebP and the first frame of GIF, read with OpenCV."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from unet_studio.core.errors import ImageFileError
from unet_studio.io.image_source import LARGEST_PLANE_BYTES, ArraySource, PlaneArray

# The endings of complete files. A decoder shows a truncated file as a picture that turns grey half-way.
_END_MARKS = {b"\x89PNG": b"IEND\xaeB`\x82", b"\xff\xd8": b"\xff\xd9", b"GIF8": b"\x3b"}
_TAIL_BYTES = 65536
_LARGEST_RATIO = 2000
"""No honest picture has so many bytes of pixels for each byte of its file."""


def open_raster(path: Path) -> ArraySource:
    """The image as (H, W, 1) or (H, W, 3) in RGB order; EXIF rotation is applied, alpha dropped."""
    # imdecode, not imread: imread cannot open paths outside the ANSI code page on Windows.
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ImageFileError(
            "Cannot read {name}: {reason}.", name=path.name, reason=error.strerror
        ) from error
    if not _is_complete(data):
        raise ImageFileError(
            "{name} is not a complete image ({size} bytes): copy it again from where it came from.",
            name=path.name,
            size=data.size,
        )
    height, width = _claimed_size(data)
    if height * width > min(LARGEST_PLANE_BYTES, max(2**24, _LARGEST_RATIO * data.size)):
        raise ImageFileError(
            "{name} claims to be {width} × {height} px, but has only {size} bytes: it is damaged.",
            name=path.name,
            width=width,
            height=height,
            size=data.size,
        )
    try:
        # Not IMREAD_UNCHANGED: that would not turn the image as its EXIF tag says.
        pixels = cv2.imdecode(data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except (cv2.error, MemoryError):
        pixels = None
    if pixels is None or pixels.size == 0:
        raise ImageFileError("{name} is damaged: the image in it cannot be decoded.", name=path.name)
    return ArraySource.of_plane(_as_rgb(pixels), path.name)


def _is_complete(data: PlaneArray) -> bool:
    head, tail = data[:12].tobytes(), data[-_TAIL_BYTES:].tobytes()
    if head.startswith(b"BM"):
        return bool(data.size >= struct.unpack("<I", head[2:6])[0] > 0)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return bool(data.size >= struct.unpack("<I", head[4:8])[0] + 8)
    return any(head.startswith(start) and end in tail for start, end in _END_MARKS.items())


def _claimed_size(data: PlaneArray) -> tuple[int, int]:
    """(height, width) as the header says, where that is at a fixed place; else (0, 0)."""
    head = data[:32].tobytes()
    if len(head) < 26:
        return 0, 0
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", head[16:24])
    elif head.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", head[6:10])
    elif head.startswith(b"BM"):
        width, height = (abs(side) for side in struct.unpack("<ii", head[18:26]))
    else:
        return 0, 0
    return height, width


def _as_rgb(pixels: PlaneArray) -> PlaneArray:
    if pixels.ndim == 2:
        return pixels[:, :, None]
    rgb = np.ascontiguousarray(pixels[:, :, 2::-1])
    if (rgb[:, :, 0] == rgb[:, :, 1]).all() and (rgb[:, :, 0] == rgb[:, :, 2]).all():
        # A grey image saved as colour: one channel says the same in a third of the memory.
        return np.ascontiguousarray(rgb[:, :, :1])
    return rgb
