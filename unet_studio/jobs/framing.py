"""Length-prefixed frames over any byte pipe: one message and the raw arrays that go with it.

    b"UNS1" | header length: uint32 | header: msgpack | array bytes, one after the other

The header is `[body, [[dtype, shape], …]]`; numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

MAGIC = b"UNS1"
_PREFIX = struct.Struct("<4sI")
_MAX_HEADER_BYTES = 16 * 2**20
_MAX_ARRAY_BYTES = 64 * 2**30

Array = npt.NDArray[Any]
Header = tuple[bytes, list[tuple[str, tuple[int, ...]]]]


class FramingError(Exception):
    """The bytes on the pipe are not a frame."""


def write_frame(stream: BinaryIO, body: bytes, arrays: Sequence[Array] = ()) -> None:
    """Write one frame and flush. The caller holds whatever lock the stream needs."""
    contiguous = [np.asarray(array, order="C") for array in arrays]
    header = msgspec.msgpack.encode((body, [(a.dtype.str, a.shape) for a in contiguous]))
    stream.write(_PREFIX.pack(MAGIC, len(header)) + header)
    for array in contiguous:
        if array.size:
            stream.write(array.data.cast("B"))
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[bytes, list[Array]] | None:
    """The next frame, or None at the end of the stream.

    Raises FramingError if the bytes are no frame or the stream ends in the middle of one.
    """
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise FramingError("the stream ended in the middle of a frame")
    magic, header_bytes = _PREFIX.unpack(prefix)
    if magic != MAGIC or header_bytes > _MAX_HEADER_BYTES:
        raise FramingError(f"expected a frame, found {prefix!r}")
    try:
        body, descriptions = msgspec.msgpack.decode(_exactly(stream, header_bytes), type=Header)
        shapes = [(np.dtype(name), shape) for name, shape in descriptions]
    except (msgspec.DecodeError, TypeError) as error:
        raise FramingError(f"a frame with an unreadable header: {error}") from error
    arrays: list[Array] = []
    for dtype, shape in shapes:
        size = dtype.itemsize * math.prod(shape)
        if dtype.kind not in "biuf" or any(n < 0 for n in shape) or size > _MAX_ARRAY_BYTES:
            raise FramingError(f"a frame with an impossible array: {dtype}, {shape}")
        arrays.append(np.frombuffer(_exactly(stream, size), dtype).reshape(shape))
    return body, arrays


def _exactly(stream: BinaryIO, count: int) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    filled = 0
    while filled < count:
        got: int = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            raise FramingError("the stream ended in the middle of a frame")
        filled += got
    return data
