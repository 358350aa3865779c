"""Which axis of a stored array is time, z, channel, y and x."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import Rect

_ROLES = "TZCYX"


@dataclass(frozen=True, slots=True)
class Axes:
    """Sizes of an image's axes."""

    t: int
    c: int
    z: int
    y: int
    x: int


@dataclass(frozen=True, slots=True)
class AxisOrder:
    """`stored`: a letter for every axis of an array of `shape`, as its file names them; `roles`: what each of
    them is, a letter of T Z C Y X. Axes of one role count like one, the first changing slowest."""

    stored: str
    roles: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.stored) == len(self.roles) == len(self.shape):
            raise ValueError(f"{self.stored}, {self.roles} and {self.shape} are not of one length")
        if not is_role_order(self.roles):
            raise ValueError(f"{self.roles} are no axes of a stack of planes")

    @property
    def axes(self) -> Axes:
        """The sizes by role; 1 where the array has no such axis."""
        sizes = {role: math.prod(self._sizes(role)) for role in _ROLES}
        return Axes(sizes["T"], sizes["C"], sizes["Z"], sizes["Y"], sizes["X"])

    def index(self, rect: Rect, *, t: int, z: int) -> tuple[int | slice, ...]:
        """What to take from the array for a rectangle of the plane (t, z). Raises IndexError outside."""
        sizes = self.axes
        if not (0 <= t < sizes.t and 0 <= z < sizes.z):
            raise IndexError(f"no plane t={t}, z={z} of {sizes.t} × {sizes.z}")
        places = {"T": self._places("T", t), "Z": self._places("Z", z)}
        spans = {"C": slice(None), "Y": rect.slices[0], "X": rect.slices[1]}
        return tuple(places[role].pop(0) if role in places else spans[role] for role in self.roles)

    def arranged(self, block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What `index` took, as (height, width, C)."""
        left = [role for role in self.roles if role in "CYX"]
        channels = [place for place, role in enumerate(left) if role == "C"]
        plane = np.transpose(block, [left.index("Y"), left.index("X"), *channels])
        return plane.reshape(*plane.shape[:2], -1)

    def _sizes(self, role: str) -> list[int]:
        return [size for size, own in zip(self.shape, self.roles, strict=True) if own == role]

    def _places(self, role: str, place: int) -> list[int]:
        sizes = self._sizes(role)
        return [int(n) for n in np.unravel_index(place, sizes)] if sizes else []


def is_role_order(roles: str) -> bool:
    """True for letters of T Z C Y X with one Y and one X."""
    return roles.count("Y") == roles.count("X") == 1 and set(roles) <= set(_ROLES)


def possible_roles(order: AxisOrder) -> list[str]:
    """All roles the axes may have, where the file names some of them by letters that say nothing; those in
    use first. Empty if there is nothing to choose."""
    unknown = [
        place
        for place, (axis, size) in enumerate(zip(order.stored, order.shape, strict=True))
        if axis not in "TZCYXS" and size > 1
    ]
    choices = []
    for roles in product("ZTC", repeat=len(unknown)):
        letters = list(order.roles)
        for place, role in zip(unknown, roles, strict=True):
            letters[place] = role
        choices.append("".join(letters))
    return sorted(choices, key=lambda roles: roles != order.roles) if unknown else []


def spans(index: Sequence[int | slice], shape: Sequence[int]) -> list[range]:
    """The places on every axis that numbers and slices take."""
    return [
        range(size)[one if isinstance(one, slice) else slice(one, one + 1)]
        for one, size in zip(index, shape, strict=True)
    ]


def guess_roles(stored: str, shape: Sequence[int]) -> tuple[str, bool]:
    """A role for every stored axis, and whether one of them had to be guessed.

    S (colour samples) is a channel. An axis whose meaning the file does not say is z: a wrong z costs a
    person less than a wrong channel, and can be changed.
    """
    known = [axis if axis in _ROLES else "C" if axis == "S" else "Z" for axis in stored]
    guessed = any(axis not in "TZCYXS" and size > 1 for axis, size in zip(stored, shape, strict=True))
    return "".join(known), guessed
