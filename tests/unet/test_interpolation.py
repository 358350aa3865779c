"""A fine-tuned model goes no further from its start than is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.interpolation import between, share_of_the_way
from unet_studio.unet.network import UNet
from unet_studio.unet.validation import ValidationScore

START = {"w": torch.zeros(3)}
END = {"w": torch.ones(3)}


def scored(loss: float, dice: float | None = 0.9, ap50: float = 0.8) -> ValidationScore:
    return ValidationScore(loss, dice, 0.8, [0.9, 0.8], 0.95, ap50, 0, 0, 0, 0, 400)


def by_share(score: Callable[[float], ValidationScore]) -> Callable[[Mapping[str, Tensor]], ValidationScore]:
    """Scores that depend on how far the weights are on their way."""
    return lambda state: score(round(float(state["w"][0]), 4))


def test_weights_on_the_way_are_weighted_means_and_its_ends_are_the_ends() -> None:
    torch.manual_seed(0)
    one, other = (UNet(UNetConfig(in_channels=1, base_width=4, depth=2)) for _ in range(2))
    other.train()
    other(torch.rand(2, 1, 32, 32))  # Statistics of batch normalisation of its own.
    start, end = one.state_dict(), other.state_dict()
    middle = between(start, end, 0.3)
    assert list(middle) == list(end)
    for name, value in middle.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.7 * start[name] + 0.3 * end[name])
        else:
            assert value == end[name] == 1
    for share, state in ((0.0, start), (1.0, end)):
        for name, value in between(start, end, share).items():
            assert not value.is_floating_point() or torch.equal(value, state[name])
    one.load_state_dict(middle)


def test_the_nearest_weights_that_are_as_good_as_any_are_taken() -> None:
    # As on three images of a mixture: from half of the way on nothing is gained.
    score = by_share(lambda share: scored(0.038 + 0.018 * max(0.0, 0.6 - share)))
    assert share_of_the_way(START, END, score, scored(0.056)) == 0.5
    # As with cells the start never saw: every step of the way counts.
    score = by_share(lambda share: scored(0.368 + 0.25 * (1 - share)))
    assert share_of_the_way(START, END, score, scored(4.2)) == 1.0
    # The best may lie on the way, and what is beyond it be worse by more than a little.
    score = by_share(lambda share: scored(0.2 + abs(share - 0.7)))
    assert share_of_the_way(START, END, score, scored(1.0)) == 0.7


@pytest.mark.parametrize(("dice", "ap50"), [(0.85, 0.8), (0.9, 0.72), (None, 0.8)])
def test_weights_below_the_start_in_dice_or_ap_are_not_taken_however_low_their_loss(
    dice: float | None, ap50: float
) -> None:
    score = by_share(lambda share: scored(0.1) if share >= 0.8 else scored(0.09, dice, ap50))
    assert share_of_the_way(START, END, score, scored(0.5, 0.88, 0.75)) == 0.8


def test_less_of_dice_and_ap_together_is_not_taken_though_either_might_be_chance() -> None:
    score = by_share(lambda share: scored(0.1) if share >= 0.8 else scored(0.09, 0.9, 0.78))
    assert share_of_the_way(START, END, score, scored(0.5, 0.9, 0.79)) == 0.8


def test_what_chance_makes_of_the_ap_is_no_reason_to_go_further() -> None:
    score = by_share(lambda share: scored(0.1, 0.9, 0.74))
    assert share_of_the_way(START, END, score, scored(0.5, 0.88, 0.75)) == 0.25
