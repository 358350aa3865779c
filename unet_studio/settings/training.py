"""TrainConfig: every setting of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct

from unet_studio.settings.network import UNetConfig

MOST_CLASSES = 254
"""Without background: what the network's config can count."""
LEAST_SCALE, MOST_SCALE = 1 / 64, 8
"""The smallest and the largest size, times their own, at which images are seen."""


class BorderWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """The weight map: w(x) = w_c · far(x) + w0 · exp(−(d1 + d2)² / (2σ²)).

    w_c balances the classes, or is 1. far(x) is 1 on instances and λ + (1 − λ) · exp(−d1² / (2 σ1²)) on
    background: with λ below 1 what lies far from any instance counts little. "paper": equation 2 of
    Ronneberger et al. 2015. "freiburg": the plugin of Falk et al. 2019.
    """

    w0: Annotated[float, Meta(ge=0, le=100, description="Height of the border term")] = 10.0
    sigma_px: Annotated[float, Meta(gt=0, le=50, description="Width of the border term, pixels")] = 5.0
    balance_classes: bool = True
    far_weight: Annotated[float, Meta(gt=0, le=1, description="λ: background far from instances")] = 1.0
    far_sigma_px: Annotated[float, Meta(gt=0, le=200, description="σ1: how far is far, pixels")] = 10.0


BORDER_WEIGHT_PRESETS: Mapping[str, BorderWeights] = MappingProxyType({
    "paper": BorderWeights(),
    "freiburg": BorderWeights(w0=50.0, sigma_px=6.0, balance_classes=False, far_weight=0.1),
    "none": BorderWeights(w0=0.0, balance_classes=False),
})  # fmt: skip


class Loss(Struct, frozen=True, forbid_unknown_fields=True):
    """A weighted sum of losses; the weight map counts in each of them."""

    cross_entropy: Annotated[float, Meta(ge=0, le=100)] = 1.0
    dice: Annotated[float, Meta(ge=0, le=100)] = 0.0
    focal: Annotated[float, Meta(ge=0, le=100)] = 0.0
    focal_gamma: Annotated[float, Meta(ge=0, le=10, description="How little easy pixels count")] = 2.0

    def __post_init__(self) -> None:
        if not self.cross_entropy + self.dice + self.focal:
            raise ValueError("nothing to descend on: cross_entropy, dice and focal are all 0")


class Augmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """How training patches are varied (Ronneberger et al. 2015, section 3.1)."""

    elastic_sigma_px: Annotated[float, Meta(ge=0, le=50, description="Displacement of the 3×3 grid")] = 10.0
    shift_px: Annotated[float, Meta(ge=0, le=500, description="Largest shift beside the random place")] = 0.0
    rotate: bool = True
    flip: bool = True
    scale: Annotated[float, Meta(ge=1, le=3, description="Largest zoom; the smallest is 1/scale")] = 1.25
    grey: Annotated[float, Meta(ge=0, le=1, description="Strength of gamma, contrast, brightness")] = 0.5
    uneven: Annotated[float, Meta(ge=0, le=1, description="Strength of uneven illumination")] = 0.0
    noise: Annotated[float, Meta(ge=0, le=1, description="Strength of noise")] = 0.5
    blur: Annotated[float, Meta(ge=0, le=1, description="Strength of blur")] = 0.5
    stain: Annotated[float, Meta(ge=0, le=1, description="Strength of stain changes, RGB only")] = 0.0
    restain: Annotated[float, Meta(ge=0, le=1, description="Share in stains of other colours, RGB only")] = (
        0.0
    )
    invert: Annotated[float, Meta(ge=0, le=1, description="Share of patches with inverted grey values")] = 0.0
    to_grey: Annotated[float, Meta(ge=0, le=1, description="Share of colour patches turned grey")] = 0.0
    unwarped: Annotated[
        float, Meta(ge=0, le=1, description="Share of patches only flipped and turned by right angles")
    ] = 0.0
    mix_channels: Annotated[float, Meta(ge=0, le=1, description="Share with permuted channels")] = 0.0


class Schedule(Struct, frozen=True, forbid_unknown_fields=True):
    """The learning rate over the run, as a share of `learning_rate`.

    "cosine": half a cosine down to `final`. "one_cycle": the same after a warm-up from 1/25 (Smith 2018).
    "step": times `factor` after every `step_every` of the run. "plateau": times `factor` when validation
    Dice has not improved for `plateau_points` measurements. "constant": as it is.
    """

    kind: Literal["one_cycle", "cosine", "step", "plateau", "constant"] = "one_cycle"
    warm_up: Annotated[float, Meta(ge=0, lt=1, description="Share of the run that warms up")] = 0.03
    final: Annotated[float, Meta(ge=0, le=1, description="Share that is left at the end")] = 0.01
    factor: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    step_every: Annotated[float, Meta(gt=0, le=1, description="Share of the run")] = 0.3
    plateau_points: Annotated[int, Meta(ge=1, le=1000)] = 5


class ObjectClass(Struct, frozen=True, forbid_unknown_fields=True):
    """A class the network tells apart. `is_stuff`: not countable, all of it is one instance."""

    name: str
    is_stuff: bool = False


class TrainConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One training run. Its length: `minutes` if given, else `steps` if given, else `epochs`."""

    network: UNetConfig = UNetConfig()
    # Without the balance edges lie where the truth has them: docs/shipped_model.md.
    border_weights: BorderWeights = BorderWeights(balance_classes=False)
    loss: Loss = Loss(dice=0.5)
    augmentation: Augmentation = Augmentation()
    schedule: Schedule = Schedule()
    masks: Literal["instances", "classes"] = "instances"
    """What the values of a mask are: an id per instance, or a class per pixel."""
    classes: tuple[ObjectClass, ...] = ()
    """Without background; empty: as many as the network has, named by number."""
    image_scale: Annotated[float, Meta(ge=LEAST_SCALE, le=MOST_SCALE)] | None = None
    """How many times their size the images are seen at; None: by how wide their objects are."""
    epochs: Annotated[int, Meta(ge=1, le=100_000)] = 50
    steps: Annotated[int, Meta(ge=1)] | None = None
    minutes: Annotated[float, Meta(gt=0)] | None = None
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop", "adagrad"] = "adamw"
    learning_rate: Annotated[float, Meta(gt=0, le=10)] = 2e-3
    weight_decay: Annotated[float, Meta(ge=0, le=1)] = 1e-4
    momentum: Annotated[float, Meta(ge=0, lt=1, description="SGD and RMSprop; the paper's is 0.99")] = 0.9
    gradient_norm: Annotated[float, Meta(ge=0, description="Longer gradients are cut to it; 0: never")] = 1.0
    batch_size: Annotated[int, Meta(ge=1, le=256, description="Patches a step and process")] = 4
    patch_px: Annotated[int, Meta(ge=32, le=2048, description="Side of a training patch")] = 192
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    checkpointing: bool = False
    """Less memory, a third more time: features inside the blocks are computed again for the gradient."""
    freeze: Literal["nothing", "encoder"] = "nothing"
    """What keeps its weights."""
    norm_statistics: Literal["patches", "kept"] = "patches"
    """Batch normalisation: by each batch of patches, or by the statistics the network came with."""
    val_fraction: Annotated[float, Meta(ge=0, le=0.9, description="Share of images kept for validation")] = (
        0.2
    )
    val_every_steps: Annotated[int, Meta(ge=1)] | None = None
    patience: Annotated[int, Meta(ge=1)] | None = None
    """End after so many measurements without a better validation Dice; None: never."""
    tensorboard: bool = True
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def __post_init__(self) -> None:
        names = [one.name.strip().casefold() for one in self.classes]
        if len(names) > MOST_CLASSES:
            raise ValueError(f"{len(names)} classes are too many: at most {MOST_CLASSES}")
        if "" in names or len(set(names)) < len(names):
            raise ValueError("every class needs a name of its own")


FINE_TUNING = TrainConfig(
    minutes=3.0,
    # A few images are too few to know the statistics of all by.
    norm_statistics="kept",
    # A few images show few sizes of cells.
    augmentation=Augmentation(elastic_sigma_px=6.0, scale=2.0, grey=0.3, noise=0.3, blur=0.25),
)
"""To go on from a model with a few corrected images. Measured: docs/fine_tuning.md."""
