"""Pixels that a library reads frame by frame, read when they are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.io.axis_order import spans


class FramePixels:
    """An array whose first axes count frames and whose last ones lie in a frame of `frame_shape`.

    `read_frame` gets the number of a frame in row-major order of `outer_shape`.
    """

    def __init__(
        self,
        outer_shape: tuple[int, ...],
        frame_shape: tuple[int, ...],
        dtype: np.dtype[Any],
        read_frame: Callable[[int], npt.NDArray[Any]],
    ) -> None:
        self._outer_shape = outer_shape
        self._frame_shape = frame_shape
        self._read_frame = read_frame
        self._last: tuple[int, npt.NDArray[Any]] | None = None
        self.shape = (*outer_shape, *frame_shape)
        self.dtype = dtype

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        """The elements at a number or a slice for every axis. Raises ValueError for an odd frame."""
        count = len(self._outer_shape)
        outer, inner = index[:count], index[count:]
        taken = spans(outer, self._outer_shape)
        frames = []
        for places in itertools.product(*taken):
            number = 0
            for place, size in zip(places, self._outer_shape, strict=True):
                number = number * size + place
            frames.append(self._frame(number)[inner])
        kept = [len(span) for span, one in zip(taken, outer, strict=True) if isinstance(one, slice)]
        part = np.broadcast_to(np.zeros((), self.dtype), self._frame_shape)[inner].shape
        return np.asarray(frames, self.dtype).reshape((*kept, *part))

    def _frame(self, number: int) -> npt.NDArray[Any]:
        """The tiles of one view come from one frame: it is decoded once."""
        if self._last is None or self._last[0] != number:
            frame = np.asarray(self._read_frame(number))
            if frame.shape != self._frame_shape:
                raise ValueError(f"frame {number} is {frame.shape}, not {self._frame_shape}")
            self._last = number, frame
        return self._last[1]
