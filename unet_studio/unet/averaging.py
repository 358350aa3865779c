"""The running mean of a network's weights over its last steps: what a training measures and keeps.

A network that learns from few images with a high rate jumps from step to step; the mean of its weights lies
in the middle of where it jumps (Polyak and Juditsky 1992; Izmailov et al. 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from unet_studio.unet.network import UNet

_STEPS = 100
_SHARE = 5
_Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(network: UNet) -> AveragedModel:
    """A copy that follows `network`: call `update_parameters(network)` after every step.

    Its weights and its statistics of batch normalisation decay over the last 100 steps, in the first 500 over
    the last fifth of those that were taken, so that random weights are soon forgotten.
    """
    return AveragedModel(network, multi_avg_fn=_move, use_buffers=True)


@torch.no_grad()
def _move(averages: _Tensors, values: _Tensors, steps: Tensor | int) -> None:
    share = 1 / min(_STEPS, 1 + float(steps) / _SHARE)
    if averages[0].is_floating_point():
        torch._foreach_lerp_(averages, values, share)
    else:  # How many batches were counted.
        torch._foreach_copy_(averages, values)
