"""TrainConfig: every setting of a training run."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from unet_studio.settings.network import UNetConfig


class BorderWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """The weight map of Ronneberger et al. 2015, equation 2."""

    w0: Annotated[float, Meta(ge=0, le=100, description="Height of the border term")] = 10.0
    sigma_px: Annotated[float, Meta(gt=0, le=50, description="Width of the border term, pixels")] = 5.0
    balance_classes: bool = True


class Augmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """How training patches are varied (Ronneberger et al. 2015, section 3.1)."""

    elastic_sigma_px: Annotated[float, Meta(ge=0, le=50, description="Displacement of the 3×3 grid")] = 10.0
    rotate: bool = True
    flip: bool = True
    scale: Annotated[float, Meta(ge=1, le=3, description="Largest zoom; the smallest is 1/scale")] = 1.25
    grey: Annotated[float, Meta(ge=0, le=1, description="Strength of grey-value changes")] = 0.5
    invert: Annotated[float, Meta(ge=0, le=1, description="Share of patches with inverted grey values")] = 0.0
    to_grey: Annotated[float, Meta(ge=0, le=1, description="Share of colour patches turned grey")] = 0.0
    mix_channels: Annotated[float, Meta(ge=0, le=1, description="Share with permuted channels")] = 0.0


class TrainConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One training run. Its length: `minutes` if given, else `steps` if given, else `epochs`."""

    network: UNetConfig = UNetConfig()
    border_weights: BorderWeights = BorderWeights()
    augmentation: Augmentation = Augmentation()
    epochs: Annotated[int, Meta(ge=1, le=100_000)] = 50
    steps: Annotated[int, Meta(ge=1)] | None = None
    minutes: Annotated[float, Meta(gt=0)] | None = None
    learning_rate: Annotated[float, Meta(gt=0, le=10)] = 1e-3
    weight_decay: Annotated[float, Meta(ge=0, le=1)] = 1e-4
    batch_size: Annotated[int, Meta(ge=1, le=256)] = 8
    patch_px: Annotated[int, Meta(ge=32, le=2048, description="Side of a training patch")] = 256
    val_fraction: Annotated[float, Meta(ge=0, le=0.9, description="Share of images kept for validation")] = (
        0.2
    )
    val_every_steps: Annotated[int, Meta(ge=1)] | None = None
    seed: Annotated[int, Meta(ge=0)] = 0
