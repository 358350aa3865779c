"""PNG and JPEG, read with OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from unet_studio.core.errors import ImageFileError
from unet_studio.io.image_source import ArraySource, PlaneArray

# The endings of complete files. A decoder shows a truncated file as a picture that turns grey half-way.
_END_MARKS = {b"\x89PNG": b"IEND\xaeB`\x82", b"\xff\xd8": b"\xff\xd9"}
_TAIL_BYTES = 65536


def open_raster(path: Path) -> ArraySource:
    """The image as (H, W, 1) or (H, W, 3) in RGB order; EXIF rotation is applied, alpha dropped."""
    # imdecode, not imread: imread cannot open paths outside the ANSI code page on Windows.
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ImageFileError(
            "Cannot read {name}: {reason}.", name=path.name, reason=error.strerror
        ) from error
    head, tail = data[:4].tobytes(), data[-_TAIL_BYTES:].tobytes()
    if not any(head.startswith(start) and end in tail for start, end in _END_MARKS.items()):
        raise ImageFileError(
            "{name} is not a complete image ({size} bytes): copy it again from where it came from.",
            name=path.name,
            size=data.size,
        )
    try:
        # Not IMREAD_UNCHANGED: that would not turn the image as its EXIF tag says.
        pixels = cv2.imdecode(data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.size == 0:
        raise ImageFileError("{name} is damaged: the image in it cannot be decoded.", name=path.name)
    return ArraySource(_as_rgb(pixels))


def _as_rgb(pixels: PlaneArray) -> PlaneArray:
    if pixels.ndim == 2:
        return pixels[:, :, None]
    rgb = np.ascontiguousarray(pixels[:, :, 2::-1])
    if (rgb[:, :, 0] == rgb[:, :, 1]).all() and (rgb[:, :, 0] == rgb[:, :, 2]).all():
        # A grey image saved as colour: one channel says the same in a third of the memory.
        return np.ascontiguousarray(rgb[:, :, :1])
    return rgb
