"""How grey values become light: range, gamma, colour of every channel. No pixels here, only settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

WHITE = (255, 255, 255)
_RED, _GREEN, _BLUE, _MAGENTA, _CYAN, _YELLOW = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255), (0, 255, 255), (255, 255, 0),
)  # fmt: skip
MIN_GAMMA, MAX_GAMMA = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class ChannelContrast:
    """`low` and `high`: the grey values that become black and full light. `colour`: red, green, blue."""

    low: float
    high: float
    gamma: float = 1.0
    colour: tuple[int, int, int] = WHITE
    is_visible: bool = True


@dataclass(frozen=True, slots=True)
class Contrast:
    """Of every channel of an image."""

    channels: tuple[ChannelContrast, ...]
    is_inverted: bool = False

    def altered(self, channel: int, **values: object) -> Contrast:
        """With other values for one channel."""
        rows = list(self.channels)
        rows[channel] = replace(rows[channel], **values)  # type: ignore[arg-type]
        return replace(self, channels=tuple(rows))

    def inverted(self) -> Contrast:
        """Dark for light."""
        return replace(self, is_inverted=not self.is_inverted)


def channel_colours(count: int) -> tuple[tuple[int, int, int], ...]:
    """Usual colours: grey, green and magenta (told apart by the colour-blind), red-green-blue and more."""
    if count <= 2:
        return ((WHITE,), (_GREEN, _MAGENTA))[count - 1]
    usual = (_RED, _GREEN, _BLUE, WHITE, _CYAN, _MAGENTA, _YELLOW)
    return tuple(usual[place % len(usual)] for place in range(count))


@lru_cache(maxsize=64)
def light_table(low: float, high: float, gamma: float, values: int) -> npt.NDArray[np.uint8]:
    """uint8 (values,): the light of every stored value from 0 to `values` - 1."""
    span = high - low
    place = np.arange(values) - low
    with np.errstate(over="ignore"):  # Beyond all bounds is beyond 1.
        place = np.clip(place / span, 0, 1) if span > 0 else (place > 0).astype(np.float64)
    if gamma != 1.0:
        place **= 1 / gamma
    table: npt.NDArray[np.uint8] = (place * 255 + 0.5).astype(np.uint8)
    table.flags.writeable = False
    return table
