"""How a plane becomes proposals: normalisation and post-processing, stored with every model."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import astuple, replace


class Normalization(Struct, frozen=True, forbid_unknown_fields=True):
    """Percentiles of the image, over all channels together, that become 0 and 1."""

    low_percentile: Annotated[float, Meta(ge=0, lt=50)] = 1.0
    high_percentile: Annotated[float, Meta(gt=50, le=100)] = 99.8


class Joining(Struct, frozen=True, forbid_unknown_fields=True):
    """The logarithm of the odds that two fragments that touch are one instance: `bias` and a sum of the
    others, each times what it weighs (segmentation/joining.py)."""

    bias: float
    size: float
    """Of √area of both together, in those usual in the image."""
    bridge: float
    """Of the log odds of the foreground on the pass between them."""
    peak: float
    """Of the log odds of the foreground at the surest pixel of the less sure one."""
    roundness: float
    """Of how much more solid (area in that of the convex hull) both are together than alone."""
    neck: float
    """Of the depth of the pass in that of the deeper one."""
    area: float
    """Of the logarithm of the area of the larger one in px."""

    @property
    def weights(self) -> tuple[float, ...]:
        """All but the bias."""
        return astuple(self)[1:]

    def at_scale(self, scale: float) -> Joining:
        """For an image whose pixels are this many of those that the weights are about."""
        return replace(self, bias=self.bias + self.area * 2 * math.log(scale))


class Postprocessing(Struct, frozen=True, forbid_unknown_fields=True):
    """From foreground probability to instances."""

    threshold: Annotated[float, Meta(gt=0, lt=1, description="Where instances end")] = 0.5
    seed_threshold: Annotated[
        float, Meta(gt=0, lt=1, description="Where touching ones come apart, without joining")
    ] = 0.8
    min_area_px: Annotated[int, Meta(ge=0)] = 20
    grow_px: Annotated[int, Meta(ge=0, le=10, description="Gives back the seam cut for training")] = 0
    joining: Joining | None = None

    def at_scale(self, scale: float) -> Postprocessing:
        """For the image itself, where the network sees it at `scale` times its size."""
        return replace(
            self,
            min_area_px=round(self.min_area_px / scale**2),
            grow_px=round(self.grow_px / scale),
            joining=self.joining and self.joining.at_scale(scale),
        )
