"""What of an image a network is shown: all channels, one of them, or the nuclear dye of stained tissue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unet_studio.segmentation.stains import haematoxylin_of, is_immunostained

PlaneArray = npt.NDArray[np.generic]

_NUCLEI = ("dapi", "hoechst", "nuc", "draq", "sytox", "propidium", "h2b", "dna")
_HAEMATOXYLIN = "haematoxylin"


@dataclass(frozen=True, slots=True)
class ModelInput:
    """`channel`: the only one that is read, None for all; `haematoxylin`: that dye alone, of an RGB image."""

    channel: int | None = None
    haematoxylin: bool = False

    def of(self, plane: PlaneArray) -> PlaneArray:
        """What is read of a plane (H, W, C), as (H, W, C')."""
        if self.haematoxylin:
            return haematoxylin_of(plane)
        return plane if self.channel is None else np.ascontiguousarray(plane[:, :, [self.channel]])

    def as_text(self) -> str:
        """For a setting; `from_text` reads it."""
        if self.haematoxylin:
            return _HAEMATOXYLIN
        return "" if self.channel is None else str(self.channel)

    @staticmethod
    def from_text(text: str) -> ModelInput:
        """What `as_text` wrote."""
        if text == _HAEMATOXYLIN:
            return ModelInput(haematoxylin=True)
        return ModelInput(int(text)) if text.isdecimal() else ModelInput()


def usual_input(
    names: Sequence[str | None],
    colours: Sequence[tuple[int, int, int] | None],
    *,
    is_rgb: bool,
    sample: PlaneArray,
) -> ModelInput:
    """What is read where nobody has said it: of channels the one whose name says nuclei, else the only one
    that is shown in blue, as nuclear dyes are; of tissue with a brown stain its haematoxylin, which nuclei
    are seen by there; else everything.

    `sample` (h, w, C): pixels of the image.
    """
    if is_rgb:
        return ModelInput(haematoxylin=is_immunostained(sample))
    if len(names) > 1:
        for place, name in enumerate(names):
            if any(word in (name or "").casefold() for word in _NUCLEI):
                return ModelInput(place)
        blue = [place for place, colour in enumerate(colours) if colour is not None and _is_blue(*colour)]
        if len(blue) == 1:
            return ModelInput(blue[0])
    return ModelInput()


def _is_blue(red: int, green: int, blue: int) -> bool:
    return blue > 2 * max(red, green)
