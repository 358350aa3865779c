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
    """Sizes of an image's axes."""

    t: int
    c: int
    z: int
    y: int
    x: int


class ImageSource(Protocol):
    """Lazy access to the planes of one image."""

    @property
    def axes(self) -> Axes:
        """Sizes of time, channels, z, y and x."""
        ...

    @property
    def pixel_size_um(self) -> float | None:
        """Side of a pixel in µm; None where the file does not say it."""
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
    pixel_size_um: float | None = None

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
