"""Training samples and patches: which pixels teach, and with what weight."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.segmentation.normalization import PlaneArray, adapt_channels, normalize
from unet_studio.segmentation.weight_map import border_term, class_balance, cut_seams
from unet_studio.settings.prediction import Normalization
from unet_studio.settings.training import BorderWeights, TrainConfig
from unet_studio.unet.augmentation import random_warp, vary_grey_values

_QUEUE_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its truth: `image` float32 (H, W, C) normalised, `labels` int32 (H, W) with
    compact ids, `checked` bool (H, W) or None for everywhere."""

    image: npt.NDArray[np.float32]
    labels: LabelArray
    checked: MaskArray | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """`image` float32 (N, C, H, W), `target` int64 (N, H, W), `weight` float32 (N, H, W)."""

    image: Tensor
    target: Tensor
    weight: Tensor


def make_sample(
    plane: PlaneArray,
    labels: LabelArray,
    *,
    channels: int,
    normalization: Normalization,
    checked: MaskArray | None = None,
) -> Sample:
    """A sample from a stored plane (H, W[, C]) and its label image (any ids)."""
    adapted, _ = adapt_channels(plane, channels)
    compact = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    if labels.min() > 0:
        compact += 1  # No background pixel at all: the smallest id is an instance, not 0.
    return Sample(normalize(adapted, normalization), cut_seams(compact), checked)


def class_weights(samples: Sequence[Sample], settings: BorderWeights) -> npt.NDArray[np.float32]:
    """w_c of background and foreground over the checked pixels of all samples."""
    if not settings.balance_classes:
        return np.ones(2, np.float32)
    counted = [s.labels if s.checked is None else s.labels[s.checked] for s in samples]
    return class_balance(np.concatenate([(labels > 0).ravel() for labels in counted]), classes=2)


def weight_map(
    labels: LabelArray,
    checked: MaskArray | None,
    *,
    balance: npt.NDArray[np.float32],
    settings: BorderWeights,
) -> npt.NDArray[np.float32]:
    """w(x), float32 (H, W): class balance + border term, 0 outside the checked area."""
    weight = balance[(labels > 0).astype(np.intp)] + border_term(
        labels, w0=settings.w0, sigma_px=settings.sigma_px
    )
    if checked is not None:
        weight[~checked] = 0
    return weight


class PatchSampler:
    """Makes random training batches, deterministic for a seed, ahead of their use in a thread."""

    def __init__(self, samples: Sequence[Sample], config: TrainConfig) -> None:
        self._samples = samples
        self._config = config
        self._balance = class_weights(samples, config.border_weights)
        # Large images hold more lessons, but must not drown the small ones: by the root of the area.
        shares = np.array([math.sqrt(max(1.0, s.labels.size / config.patch_px**2)) for s in samples])
        self._cumulative_shares = np.cumsum(shares / shares.sum())[:-1]
        self._places = [None if s.checked is None else np.flatnonzero(s.checked) for s in samples]
        # Labels as float32: OpenCV's remap knows no int32.
        self._labels = [s.labels.astype(np.float32) for s in samples]

    def batches(self) -> Iterator[Batch]:
        """Endless batches. Close the iterator to end the thread."""
        ready: queue.Queue[Batch | BaseException] = queue.Queue(_QUEUE_BATCHES)
        ended = threading.Event()

        def produce() -> None:
            rng = np.random.default_rng(self._config.seed)
            item: Batch | BaseException
            while not ended.is_set():
                try:
                    item = self._batch(rng)
                except BaseException as error:  # noqa: BLE001 - raised again in the training thread
                    item = error
                while not ended.is_set():
                    try:
                        ready.put(item, timeout=0.1)
                        break
                    except queue.Full:
                        continue
                if isinstance(item, BaseException):
                    return

        thread = threading.Thread(target=produce, daemon=True)
        thread.start()
        try:
            while True:
                item = ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            ended.set()
            thread.join()

    def _batch(self, rng: np.random.Generator) -> Batch:
        images, targets, weights = zip(
            *(self._patch(rng) for _ in range(self._config.batch_size)), strict=True
        )
        return Batch(
            torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2),
            torch.from_numpy(np.stack(targets)),
            torch.from_numpy(np.stack(weights)),
        )

    def _patch(
        self, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        which = int(np.searchsorted(self._cumulative_shares, rng.random(), side="right"))
        sample, side = self._samples[which], self._config.patch_px
        warp = random_warp(rng, self._config.augmentation, centre=self._centre(rng, which), side_px=side)
        image = vary_grey_values(rng, warp.image(sample.image), self._config.augmentation)
        # Warping by nearest neighbour can close a seam: cut again.
        labels = cut_seams(warp.labels(self._labels[which]).astype(np.int32))
        checked = None
        if sample.checked is not None:
            checked = warp.labels(sample.checked.astype(np.float32)) > 0
        weight = weight_map(labels, checked, balance=self._balance, settings=self._config.border_weights)
        return image, (labels > 0).astype(np.int64), weight

    def _centre(self, rng: np.random.Generator, which: int) -> tuple[float, float]:
        """A random checked pixel; far enough inside that little of the patch is mirrored."""
        height, width = self._samples[which].labels.shape
        places = self._places[which]
        if places is not None and places.size:
            y, x = divmod(int(places[rng.integers(places.size)]), width)
        else:
            y, x = int(rng.integers(height)), int(rng.integers(width))
        half = self._config.patch_px / 2
        return _inside(y, half, height), _inside(x, half, width)


def _inside(place: float, half: float, size: int) -> float:
    return size / 2 if size <= 2 * half else min(max(place, half), size - half)
