"""Pixels that lie in a file as they lie in memory, read when they are asked for.

Not a memory map: where a file on a network drive shrinks or vanishes, a map ends the program, a read raises.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.io.axis_order import spans

_TWO_READERS_BYTES = 2**25


class PlainPixels:
    """An array of `shape` and stored `dtype`, of any byte order, that begins at byte `offset` of a file."""

    def __init__(self, path: Path, offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self._path = path
        self._offset = offset
        self._stored = dtype
        self.shape = shape
        self.dtype = dtype.newbyteorder("=")

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        """The elements at a number or a slice (of positive step) for every axis. Raises OSError, and EOFError
        where the file has become too short."""
        taken = spans(index, self.shape)
        out = np.empty([len(span) for span in taken], self._stored)
        if out.size:
            self._read(taken, out)
        numbers = tuple(0 if isinstance(one, int) else slice(None) for one in index)
        return out[numbers].astype(self.dtype, copy=False)

    def _read(self, taken: list[range], out: npt.NDArray[Any]) -> None:
        """Run by run: the longest pieces that lie together in the file."""
        axis = len(taken) - 1
        while axis > 0 and len(taken[axis]) == self.shape[axis] and taken[axis - 1].step == 1:
            axis -= 1
        strides = [math.prod(self.shape[place + 1 :]) for place in range(len(taken))]
        span = taken[axis]
        with self._path.open("rb", buffering=0) as file:
            for outer in np.ndindex(*(len(span) for span in taken[:axis])):
                first = (
                    sum(taken[a][n] * strides[a] for a, n in enumerate(outer)) + span.start * strides[axis]
                )
                at = self._offset + first * self._stored.itemsize
                if span.step == 1:
                    self._fill(file, out[outer], at)
                else:
                    run = np.empty((span[-1] - span.start + 1, *self.shape[axis + 1 :]), self._stored)
                    self._fill(file, run, at)
                    out[outer] = run[:: span.step]

    def _fill(self, file: Any, run: npt.NDArray[Any], offset: int) -> None:
        view = memoryview(run.reshape(-1).view(np.uint8).data)
        if view.nbytes < _TWO_READERS_BYTES:
            _read_all(file, view, offset)
            return
        # Two threads fill memory twice as fast.
        middle = view.nbytes // 2
        with self._path.open("rb", buffering=0) as other, ThreadPoolExecutor(1) as helper:
            rest = helper.submit(_read_all, other, view[middle:], offset + middle)
            _read_all(file, view[:middle], offset)
            rest.result()


def _read_all(file: Any, view: memoryview, offset: int) -> None:
    file.seek(offset)
    done = 0
    while done < view.nbytes:
        count = file.readinto(view[done:])
        if not count:
            raise EOFError(f"{view.nbytes - done} bytes are missing")
        done += count
