"""Losses. Logits float (N, K, H, W), target int64 (N, H, W), weight float (N, H, W): 0 does not count."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from unet_studio.settings.training import Loss

_SMOOTH = 1.0


def total_loss(logits: Tensor, target: Tensor, weight: Tensor, settings: Loss, counted: Tensor) -> Tensor:
    """The weighted sum that `settings` asks for, a scalar; `counted` as in `weighted_cross_entropy`."""
    logits = logits.float()
    total = logits.new_zeros(())
    if settings.cross_entropy:
        total = total + settings.cross_entropy * weighted_cross_entropy(logits, target, weight, counted)
    if settings.focal:
        focal = weighted_cross_entropy(logits, target, weight, counted, gamma=settings.focal_gamma)
        total = total + settings.focal * focal
    if settings.dice:
        total = total + settings.dice * dice_loss(logits, target, weight)
    return total


def count_pixels(weight: Tensor) -> Tensor:
    """How many pixels count (weight > 0), at least 1; a float scalar."""
    return (weight > 0).sum().clamp(min=1).float()


def ignorant_loss(classes: int, weight: Tensor, settings: Loss, counted: Tensor) -> Tensor:
    """About what a network that gives every class the same probability would lose, a scalar above 0."""
    entropy = math.log(classes) * weight.sum() / counted
    terms = settings.cross_entropy + settings.focal
    return (terms * entropy + settings.dice).clamp(min=1e-3)


def weighted_cross_entropy(
    logits: Tensor, target: Tensor, weight: Tensor, counted: Tensor, *, gamma: float = 0.0
) -> Tensor:
    """Pixel-wise cross entropy times w(x) (Ronneberger et al. 2015, equation 1), a scalar.

    Divided by `counted`, the number of pixels that count, so that the scale depends neither on the patch
    size nor on how much of the patch is checked. With `gamma` above 0 the focal loss: times
    (1 − p)^gamma, p the probability of the true class (Lin et al. 2017).
    """
    per_pixel = F.cross_entropy(logits.float(), target, reduction="none")
    if gamma:
        # 1 − p from the logarithm: precise where p is close to 1.
        per_pixel = per_pixel * (-torch.expm1(-per_pixel)).clamp(min=1e-12) ** gamma
    return (per_pixel * weight).sum() / counted


def dice_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 − soft Dice, mean over images and foreground classes, a scalar (Milletari et al. 2016).

    Pixels of weight 0 do not count, all others alike. The added one keeps empty classes at 0.
    """
    counts = (weight > 0).unsqueeze(1).float()
    probability = torch.softmax(logits.float(), dim=1)[:, 1:] * counts
    truth = F.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2)[:, 1:] * counts
    both = (probability * truth).sum((2, 3))
    either = probability.sum((2, 3)) + truth.sum((2, 3))
    return (1 - (2 * both + _SMOOTH) / (either + _SMOOTH)).mean()
