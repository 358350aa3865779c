"""ImageSource: the one face every image file shows, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import Rect

PlaneArray = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Axes:
    """Sizes of an image's axes; `pixel_size_um` is (y, x) in micrometres, None if the file is silent."""

    t: int
    c: int
    z: int
    y: int
    x: int
    pixel_size_um: tuple[float, float] | None = None
    channel_names: tuple[str, ...] = ()


class ImageSource(Protocol):
    """Lazy access to the planes of one image."""

    @property
    def axes(self) -> Axes:
        """Sizes, pixel size, channel names."""
        ...

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None
    ) -> PlaneArray:
        """Pixels of a rectangle as (rect.height, rect.width, C) in the stored dtype."""
        ...


@dataclass(frozen=True, slots=True)
class ArraySource:
    """An image held in memory: `plane` is (H, W, C)."""

    plane: PlaneArray

    @property
    def axes(self) -> Axes:
        """One time point, one z plane."""
        height, width, channels = self.plane.shape
        return Axes(1, channels, 1, height, width)

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None
    ) -> PlaneArray:
        """See ImageSource."""
        if t or z:
            raise IndexError(f"no plane t={t}, z={z}: the image has one")
        pixels = self.plane[rect.slices]
        return pixels if channels is None else pixels[:, :, list(channels)]


def whole_plane(source: ImageSource, *, t: int = 0, z: int = 0) -> PlaneArray:
    """The plane as (H, W, C)."""
    return source.read(Rect.of_size(source.axes.y, source.axes.x), t=t, z=z)
