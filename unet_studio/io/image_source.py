"""ImageSource: the one face every image file shows, whatever its format."""

from __future__ import annotations

import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from lzma import LZMAError
from pathlib import Path
from typing import Any, Protocol
from xml.parsers.expat import ExpatError

import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.axis_order import Axes, AxisOrder
from unet_studio.io.held_file import HeldFile

PlaneArray = npt.NDArray[np.generic]
Colour = tuple[int, int, int]

DAMAGED: tuple[type[Exception], ...] = (
    ArithmeticError, AssertionError, AttributeError, EOFError, ExpatError, LookupError, LZMAError,
    MemoryError, OSError, RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What the libraries that read files raise for damaged ones: found by damaging files (tests/io/fuzz.py)."""
_LARGEST_WHOLE_BYTES = 2**28
_MOST_WHOLE_PX = 2**26
LARGEST_PLANE_BYTES = 2**33
"""No plane above this is made in memory as a whole."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a file says about a channel: its name, the colour (red, green, blue; 0 … 255) to show it in."""

    name: str | None = None
    colour: Colour | None = None


class ImageSource(Protocol):
    """Lazy access to the planes of one image."""

    @property
    def axes(self) -> Axes:
        """Sizes of time, channels, z, y and x at full resolution."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels that `read` gives."""
        ...

    @property
    def levels(self) -> Sequence[tuple[int, int]]:
        """(height, width) of every resolution, the full one first."""
        ...

    @property
    def pixel_size_um(self) -> float | None:
        """Side of a pixel at full resolution in µm; None where the file does not say it."""
        ...

    @property
    def channels(self) -> Sequence[Channel]:
        """One for each channel."""
        ...

    @property
    def is_rgb(self) -> bool:
        """True if the three channels are red, green and blue of one picture."""
        ...

    @property
    def order(self) -> AxisOrder:
        """How the file's axes are understood."""
        ...

    @property
    def display_range(self) -> tuple[float, float] | None:
        """The grey values that the file wants to see as black and as white; None where it does not say."""
        ...

    @property
    def is_guessed(self) -> bool:
        """True if the file does not say what one of its axes is."""
        ...

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None, level: int = 0
    ) -> PlaneArray:
        """Pixels of a rectangle of a level as (rect.height, rect.width, C).

        Raises ImageFileError if the file can no longer be read.
        """
        ...


class ArrayLike(Protocol):
    """What numpy, zarr and the readers' own lazy arrays have in common."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of every axis."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the elements."""
        ...

    def __getitem__(self, index: Any) -> Any:
        """The elements at a tuple of numbers and slices."""
        ...


@dataclass(frozen=True, slots=True)
class ArraySource:
    """An image whose pixels lie in arrays, one for each level, in memory or read when they are asked for.

    `develop` turns stored numbers (h, w, C) into what they stand for: palette colours, inverted grey; it must
    keep h and w. `failures`: what the arrays raise when their file is damaged or gone. `held`: the file that
    the arrays read from, if it is open all the time. Reading is serialised: most files have one place to read
    from.
    """

    name: str
    arrays: tuple[ArrayLike, ...]
    order: AxisOrder
    pixel_size_um: float | None = None
    channels: tuple[Channel, ...] = ()
    is_rgb: bool = False
    is_guessed: bool = False
    display_range: tuple[float, float] | None = None
    develop: Callable[[PlaneArray], PlaneArray] | None = None
    failures: tuple[type[Exception], ...] = ()
    held: HeldFile | None = None
    axes: Axes = field(init=False)
    dtype: np.dtype[Any] = field(init=False)
    levels: tuple[tuple[int, int], ...] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        stored = self.order.axes
        one_pixel = np.zeros((1, 1, stored.c), self.arrays[0].dtype)
        seen = one_pixel if self.develop is None else self.develop(one_pixel)
        axes = Axes(stored.t, seen.shape[2], stored.z, stored.y, stored.x)
        y, x = self.order.roles.index("Y"), self.order.roles.index("X")
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "dtype", seen.dtype)
        object.__setattr__(self, "levels", tuple((a.shape[y], a.shape[x]) for a in self.arrays))
        if len(self.channels) != axes.c:
            object.__setattr__(self, "channels", (Channel(),) * axes.c)

    def with_roles(self, roles: str) -> ArraySource:
        """The same pixels with axes that mean something else. Raises ValueError if the letters do not fit."""
        return replace(self, order=AxisOrder(self.order.stored, roles, self.order.shape), channels=())

    @staticmethod
    def of_plane(plane: PlaneArray, name: str = "") -> ArraySource:
        """An image of one plane (H, W, C) in memory."""
        order = AxisOrder("YXC", "YXC", plane.shape)
        return ArraySource(name, (plane,), order, is_rgb=plane.shape[2] == 3)

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None, level: int = 0
    ) -> PlaneArray:
        """See ImageSource."""
        index = self.order.index(rect, t=t, z=z)
        try:
            with self._lock:
                block = np.asarray(self.arrays[level][index])
            plane = self.order.arranged(block)
            if self.develop is not None:
                plane = self.develop(plane)
        except self.failures as error:
            raise ImageFileError(
                "{name} cannot be read any more: it is damaged, or its drive is gone ({reason}).",
                name=self.name,
                reason=first_line(error),
            ) from error
        return np.ascontiguousarray(plane if channels is None else plane[:, :, list(channels)])


def is_held_whole(source: ImageSource) -> bool:
    """True for an image whose planes are small enough to be in memory as a whole."""
    axes = source.axes
    pixels = axes.y * axes.x
    return pixels <= _MOST_WHOLE_PX and pixels * axes.c * source.dtype.itemsize <= _LARGEST_WHOLE_BYTES


def whole_plane(source: ImageSource, *, t: int = 0, z: int = 0) -> PlaneArray:
    """The plane as (H, W, C). Raises ImageFileError for one that is too large to be held in memory."""
    axes = source.axes
    if axes.y * axes.x * axes.c * source.dtype.itemsize > LARGEST_PLANE_BYTES:
        raise ImageFileError(
            "A plane of {width} × {height} px is too large to be loaded whole: cut out the part you need.",
            width=axes.x,
            height=axes.y,
        )
    return source.read(Rect.of_size(axes.y, axes.x), t=t, z=z)


def first_line(error: Exception) -> str:
    """The first line of an error's message, for a sentence in brackets."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def damaged_file(path: Path, format_name: str, error: Exception) -> ImageFileError:
    """What to say about a file that its reader gives up on."""
    return ImageFileError(
        "{name} cannot be read as {format}: it is damaged or incomplete ({reason}).",
        name=path.name,
        format=format_name,
        reason=first_line(error),
    )


def plausible_um(size_um: float) -> float | None:
    """The side of a pixel, or None for what no microscope, scanner or tomograph has."""
    return size_um if 1e-5 < size_um < 1e5 else None
