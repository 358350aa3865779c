"""Losses. Logits float (N, K, H, W), target int64 (N, H, W), weight float (N, H, W)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def weighted_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Pixel-wise cross entropy times w(x) (Ronneberger et al. 2015, equation 1), a scalar.

    Mean over the pixels that count (weight > 0), so that the scale does not depend on the patch size
    or on how much of the patch is checked. 0 if nothing counts.
    """
    per_pixel = F.cross_entropy(logits.float(), target, reduction="none")
    counted = (weight > 0).sum().clamp(min=1)
    return (per_pixel * weight).sum() / counted
