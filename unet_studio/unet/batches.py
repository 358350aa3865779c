"""Batches of patches as tensors, made ahead of their use."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unet_studio.segmentation.patches import PatchMaker

_AHEAD = 3
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """`image` float32 (N, C, H, W), `target` int64 (N, H', W'), `weight` float32 (N, H', W')."""

    image: Tensor
    target: Tensor
    weight: Tensor


def batches(
    maker: PatchMaker, size: int, *, first_step: int = 0, rank: int = 0, ranks: int = 1
) -> Iterator[Batch]:
    """Endless batches of `size` patches, from `first_step` on. Close the iterator to end the threads.

    Patches are numbered through all steps and processes: `ranks` processes together see what one with a
    batch of `ranks` × `size` sees, and a run that goes on sees what it would have seen.
    """
    workers = min(_MOST_THREADS, max(1, (os.cpu_count() or 1) // 4))
    step = first_step
    ahead: deque[Future[Batch]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="patches")
    try:
        while True:
            while len(ahead) < _AHEAD + workers:
                ahead.append(pool.submit(_batch, maker, (step * ranks + rank) * size, size))
                step += 1
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _batch(maker: PatchMaker, first: int, size: int) -> Batch:
    patches = [maker.patch(first + i) for i in range(size)]
    return Batch(
        torch.from_numpy(np.stack([p.image for p in patches])).permute(0, 3, 1, 2),
        torch.from_numpy(np.stack([p.target for p in patches])),
        torch.from_numpy(np.stack([p.weight for p in patches])),
    )
