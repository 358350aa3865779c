"""The maximum projection of a stack: an image whose one plane is the brightest value along z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unet_studio.core.geometry import Rect
from unet_studio.io.axis_order import Axes, AxisOrder
from unet_studio.io.image_source import Channel, ImageSource, PlaneArray


@dataclass(frozen=True, slots=True)
class ProjectedSource:
    """An ImageSource without depth; what is read of it is read of every plane of `stack`."""

    stack: ImageSource

    @property
    def axes(self) -> Axes:
        """See ImageSource."""
        return replace(self.stack.axes, z=1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """See ImageSource."""
        return self.stack.dtype

    @property
    def levels(self) -> Sequence[tuple[int, int]]:
        """See ImageSource."""
        return self.stack.levels

    @property
    def pixel_size_um(self) -> float | None:
        """See ImageSource."""
        return self.stack.pixel_size_um

    @property
    def channels(self) -> Sequence[Channel]:
        """See ImageSource."""
        return self.stack.channels

    @property
    def is_rgb(self) -> bool:
        """See ImageSource."""
        return self.stack.is_rgb

    @property
    def order(self) -> AxisOrder:
        """Of the file."""
        return self.stack.order

    @property
    def display_range(self) -> tuple[float, float] | None:
        """See ImageSource."""
        return self.stack.display_range

    @property
    def is_guessed(self) -> bool:
        """See ImageSource."""
        return self.stack.is_guessed

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None, level: int = 0
    ) -> PlaneArray:
        """The largest value of every pixel over all z; NaN only where all are. See ImageSource."""
        out = self.stack.read(rect, t=t, z=0, channels=channels, level=level)
        if not out.flags.writeable:
            out = out.copy()
        for place in range(1, self.stack.axes.z):
            np.fmax(out, self.stack.read(rect, t=t, z=place, channels=channels, level=level), out=out)
        return out
