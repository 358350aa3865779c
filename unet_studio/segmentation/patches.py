"""Training samples and the patches drawn from them: which pixels teach, and with what weight.

Knows no torch: the window shows the same patches before a training that the training sees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.segmentation.augmentation import random_warp, vary_grey_values
from unet_studio.segmentation.normalization import PlaneArray, adapt_channels, normalize
from unet_studio.segmentation.scaling import rescaled, rescaled_labels, scaled_shape
from unet_studio.segmentation.weight_map import class_balance, cut_seams, weight_map
from unet_studio.settings.prediction import Normalization
from unet_studio.settings.training import Augmentation, BorderWeights, TrainConfig

ClassOf = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its truth: `image` float32 (H, W, C) normalised, `labels` int32 (H, W) with compact
    ids, `checked` bool (H, W) or None for everywhere, `class_of` int64 (highest id + 1,): the network's
    class of every id, 0 for id 0, `countable` bool (the same) or None where everything is.
    """

    image: npt.NDArray[np.float32]
    labels: LabelArray
    checked: MaskArray | None = None
    class_of: ClassOf = field(default_factory=lambda: np.zeros(0, np.int64))
    countable: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.class_of.size == 0:
            object.__setattr__(self, "class_of", one_class(self.labels))

    @property
    def semantic(self) -> npt.NDArray[np.int64]:
        """The class of every pixel, (H, W)."""
        out: npt.NDArray[np.int64] = self.class_of[self.labels]
        return out

    @property
    def teaches(self) -> MaskArray:
        """The pixels that count, bool (H, W)."""
        return np.ones(self.labels.shape, bool) if self.checked is None else self.checked


@dataclass(frozen=True, slots=True)
class Patch:
    """`image` float32 (side, side, C); `target` int64 and `weight` float32, smaller by the network's
    margin on every side."""

    image: npt.NDArray[np.float32]
    target: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]


def scaled_sample(sample: Sample, scale: float) -> Sample:
    """A sample at `scale` times its size."""
    if scale == 1.0:
        return sample
    shape = scaled_shape(sample.labels.shape, scale)
    return replace(
        sample,
        image=rescaled(sample.image, shape),
        labels=rescaled_labels(sample.labels, shape),
        checked=None if sample.checked is None else rescaled_labels(sample.checked, shape),
    )


def one_class(labels: LabelArray) -> ClassOf:
    """Every instance is of class 1."""
    class_of = np.ones(int(labels.max(initial=0)) + 1, np.int64)
    class_of[0] = 0
    return class_of


def make_sample(
    plane: PlaneArray,
    labels: LabelArray,
    *,
    channels: int,
    normalization: Normalization,
    checked: MaskArray | None = None,
    semantic: npt.NDArray[np.integer] | None = None,
    stuff: tuple[int, ...] = (),
    reference: PlaneArray | None = None,
) -> Sample:
    """A sample from a stored plane (H, W[, C]) and its label image (any ids).

    What is labelled outside the checked area counts for nothing, not even for seams and borders near by.

    `semantic` (H, W): the class of every pixel; an instance gets the class most of its pixels have. None:
    all are of class 1. All pixels of a class in `stuff` become one instance. `reference`: what the
    percentiles are taken of, where the plane is a part of a larger one.
    """
    adapted, _ = adapt_channels(plane, channels)
    if reference is not None:
        reference, _ = adapt_channels(reference, channels)
    if checked is not None:
        labels = np.where(checked, labels, 0)
        semantic = None if semantic is None else np.where(checked, semantic, 0)
    compact = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    if labels.min() > 0:
        compact += 1  # No background pixel at all: the smallest id is an instance, not 0.
    class_of = one_class(compact) if semantic is None else _most_frequent_class(compact, semantic)
    countable = None
    if stuff:
        countable = ~np.isin(class_of, stuff)
        _, first_id, place = np.unique(class_of, return_index=True, return_inverse=True)
        first_of_class = first_id[place]
        compact = np.where(countable, np.arange(class_of.size), first_of_class)[compact].astype(np.int32)
    image = normalize(adapted, normalization, reference=reference)
    return Sample(image, cut_seams(compact, countable), checked, class_of, countable)


def _most_frequent_class(labels: LabelArray, semantic: npt.NDArray[np.integer]) -> ClassOf:
    classes = int(semantic.max(initial=0)) + 1
    votes = np.bincount(
        labels.ravel().astype(np.int64) * classes + semantic.ravel(),
        minlength=(int(labels.max(initial=0)) + 1) * classes,
    ).reshape(-1, classes)
    votes[:, 0] = 0
    class_of = votes.argmax(1)
    class_of[1:] = np.maximum(class_of[1:], 1)
    class_of[0] = 0
    return np.asarray(class_of, np.int64)


def class_weights(
    samples: Sequence[Sample], settings: BorderWeights, *, classes: int
) -> npt.NDArray[np.float32]:
    """w_c of every class, float32 (classes,), over the checked pixels of all samples."""
    if not settings.balance_classes:
        return np.ones(classes, np.float32)
    counts = np.zeros(classes, np.int64)
    for sample in samples:
        counts += np.bincount(sample.semantic[sample.teaches].ravel(), minlength=classes)[:classes]
    return class_balance(counts)


class PatchMaker:
    """Makes random training patches; which one depends on the seed and its number alone."""

    def __init__(self, samples: Sequence[Sample], config: TrainConfig) -> None:
        self._samples = samples
        self._config = config
        network = config.network
        self._side = network.fitting_size(config.patch_px)
        self._margin = network.margin_px
        self._balance = class_weights(samples, config.border_weights, classes=network.classes)
        # Large images hold more lessons, but must not drown the small ones: by the root of the area.
        shares = np.array([math.sqrt(max(1.0, s.labels.size / config.patch_px**2)) for s in samples])
        self._cumulative_shares = np.cumsum(shares / shares.sum())[:-1]
        self._places = [None if s.checked is None else np.flatnonzero(s.checked) for s in samples]

    def patch(self, number: int) -> Patch:
        """Patch `number` of the endless row that the seed begins."""
        rng = np.random.default_rng((self._config.seed, number))
        which = int(np.searchsorted(self._cumulative_shares, rng.random(), side="right"))
        sample = self._samples[which]
        return varied_patch(
            rng, sample, self._config.augmentation, self._config.border_weights,
            centre=self._centre(rng, which), side_px=self._side, margin_px=self._margin,
            balance=self._balance,
        )  # fmt: skip

    def _centre(self, rng: np.random.Generator, which: int) -> tuple[float, float]:
        """A random checked pixel; far enough inside that little of the patch is mirrored."""
        height, width = self._samples[which].labels.shape
        places = self._places[which]
        if places is not None and places.size:
            y, x = divmod(int(places[rng.integers(places.size)]), width)
        else:
            y, x = int(rng.integers(height)), int(rng.integers(width))
        half = self._side / 2 - self._margin
        return _inside(y, half, height), _inside(x, half, width)


def varied_patch(
    rng: np.random.Generator,
    sample: Sample,
    augmentation: Augmentation,
    border_weights: BorderWeights,
    *,
    centre: tuple[float, float],
    side_px: int,
    balance: npt.NDArray[np.float32],
    margin_px: int = 0,
) -> Patch:
    """One patch around `centre` (y, x): warped, its grey values changed, its border weights computed anew
    from the warped labels. Target and weight lack `margin_px` on every side."""
    warp = random_warp(rng, augmentation, centre=centre, side_px=side_px)
    image = vary_grey_values(rng, warp.image(sample.image), augmentation)
    # Warping by nearest neighbour can close a seam: cut again.
    labels = cut_seams(warp.labels(sample.labels), sample.countable)
    checked = None if sample.checked is None else warp.mask(sample.checked)
    weight = weight_map(
        labels, checked, class_of=sample.class_of, balance=balance, settings=border_weights,
        countable=sample.countable,
    )  # fmt: skip
    inner = (slice(margin_px, side_px - margin_px),) * 2
    return Patch(image, sample.class_of[labels][inner], weight[inner])


def _inside(place: float, half: float, size: int) -> float:
    return size / 2 if size <= 2 * half else min(max(place, half), size - half)
