"""How a plane becomes proposals: normalisation and post-processing, stored with every model."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Normalization(Struct, frozen=True, forbid_unknown_fields=True):
    """Percentiles of the image, over all channels together, that become 0 and 1."""

    low_percentile: Annotated[float, Meta(ge=0, lt=50)] = 1.0
    high_percentile: Annotated[float, Meta(gt=50, le=100)] = 99.8


class Postprocessing(Struct, frozen=True, forbid_unknown_fields=True):
    """From foreground probability to instances."""

    threshold: Annotated[float, Meta(gt=0, lt=1, description="Where instances end")] = 0.5
    seed_threshold: Annotated[float, Meta(gt=0, lt=1, description="Where touching ones come apart")] = 0.8
    min_area_px: Annotated[int, Meta(ge=0)] = 20
    grow_px: Annotated[int, Meta(ge=0, le=10, description="Gives back the seam cut for training")] = 0
