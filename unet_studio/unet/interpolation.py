"""How far a fine-tuning goes: part of the way from the weights it began with to those it found.

A few images teach what is special about them as well as what is common to their kind. Between the two ends of
the way lie weights that are as good on the new images and better on all others (Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from unet_studio.unet.validation import ValidationScore

_SHARES = (0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_AS_GOOD = 1.05
"""Times the least loss."""

State = Mapping[str, Tensor]


def between(start: State, end: State, share: float) -> dict[str, Tensor]:
    """The weights (and statistics of batch normalisation) at `share` of the way; counters are the end's."""
    return {
        name: torch.lerp(start[name], value, share) if value.is_floating_point() else value
        for name, value in end.items()
    }


def share_of_the_way(
    start: State,
    end: State,
    score_of: Callable[[State], ValidationScore],
    at_start: ValidationScore,
) -> float:
    """The least share of the way whose weights are as good as any on it: whose validation loss is within 5 %
    of the least, and whose figures are not below those `at_start`. 1 where none else is.

    By the loss, because it hardly jumps from one share to the next; Dice and AP50 do, on a few cells.
    """
    losses = {1.0: score_of(end).loss}
    for share in _SHARES:
        score = score_of(between(start, end, share))
        if score.merit >= at_start.merit and not score.is_below(at_start):
            losses[share] = score.loss
    least = min(losses.values())
    return min(share for share, loss in losses.items() if loss <= _AS_GOOD * least)
