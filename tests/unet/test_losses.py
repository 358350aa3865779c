"""The losses against their formulas, pixel by pixel."""

import math

import numpy as np
import pytest
import torch

from unet_studio.settings.training import Loss
from unet_studio.unet.losses import count_pixels, dice_loss, total_loss, weighted_cross_entropy

RNG = np.random.default_rng(0)
LOGITS, TARGET = RNG.normal(size=(2, 3, 5, 4)), RNG.integers(0, 3, (2, 5, 4))
WEIGHT = RNG.uniform(0, 12, (2, 5, 4)) * (RNG.random((2, 5, 4)) < 0.7)
TENSORS = (torch.tensor(LOGITS), torch.tensor(TARGET), torch.tensor(WEIGHT))


def probability(n: int, k: int, y: int, x: int) -> float:
    return math.exp(LOGITS[n, k, y, x]) / np.exp(LOGITS[n, :, y, x]).sum()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_cross_entropy_and_focal_loss_are_the_weighted_log_likelihood_per_counted_pixel(gamma: float) -> None:
    total = 0.0
    for n, y, x in np.ndindex(2, 5, 4):
        p = probability(n, TARGET[n, y, x], y, x)
        total -= WEIGHT[n, y, x] * (1 - p) ** gamma * math.log(p)
    ours = weighted_cross_entropy(*TENSORS, count_pixels(TENSORS[2]), gamma=gamma)
    np.testing.assert_allclose(ours.item(), total / np.count_nonzero(WEIGHT), rtol=1e-5)


def test_dice_loss_is_one_minus_the_mean_soft_dice_of_the_counted_pixels() -> None:
    dices = []
    for n in range(2):
        for k in (1, 2):
            both = either = 0.0
            for y, x in np.ndindex(5, 4):
                if WEIGHT[n, y, x] > 0:
                    p, truth = probability(n, k, y, x), float(TARGET[n, y, x] == k)
                    both += p * truth
                    either += p + truth
            dices.append((2 * both + 1) / (either + 1))
    np.testing.assert_allclose(dice_loss(*TENSORS).item(), 1 - np.mean(dices), rtol=1e-5)


def test_any_weighted_sum_is_the_sum_of_its_parts() -> None:
    counted = count_pixels(TENSORS[2])
    parts = [Loss(), Loss(cross_entropy=0, dice=1), Loss(cross_entropy=0, focal=1, focal_gamma=1.5)]
    ce, dice, focal = (total_loss(*TENSORS, part, counted).item() for part in parts)
    mixed = Loss(cross_entropy=0.5, dice=2, focal=3, focal_gamma=1.5)
    np.testing.assert_allclose(
        total_loss(*TENSORS, mixed, counted).item(), 0.5 * ce + 2 * dice + 3 * focal, rtol=1e-5
    )
    with pytest.raises(ValueError, match="nothing to descend on"):
        Loss(cross_entropy=0)


@pytest.mark.parametrize("settings", [Loss(), Loss(cross_entropy=0, dice=1), Loss(cross_entropy=0, focal=1)])
def test_pixels_of_weight_zero_teach_nothing(settings: Loss) -> None:
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    weight = torch.zeros(1, 4, 4)
    weight[0, 1, 2] = 3.0
    target = torch.ones(1, 4, 4, dtype=torch.long)
    total_loss(logits, target, weight, settings, count_pixels(weight)).backward()
    assert logits.grad is not None
    touched = logits.grad.abs().sum(1)[0] > 0
    assert touched.nonzero().tolist() == [[1, 2]]


def test_nothing_to_learn_is_a_loss_of_zero() -> None:
    weight = torch.zeros(1, 4, 4)
    target = torch.zeros(1, 4, 4, dtype=torch.long)
    for settings in (Loss(), Loss(cross_entropy=0, focal=1), Loss(cross_entropy=0, dice=1)):
        loss = total_loss(torch.randn(1, 2, 4, 4), target, weight, settings, count_pixels(weight))
        assert loss.item() == 0


def test_a_certain_pixel_has_a_finite_focal_gradient() -> None:
    logits = torch.tensor([[[[60.0]], [[-60.0]]]], requires_grad=True)
    one = torch.ones(1, 1, 1)
    weighted_cross_entropy(
        logits, torch.zeros(1, 1, 1, dtype=torch.long), one, one.sum(), gamma=0.5
    ).backward()
    assert torch.isfinite(logits.grad).all()
