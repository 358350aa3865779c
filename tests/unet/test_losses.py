import math

import numpy as np
import torch

from unet_studio.unet.losses import weighted_cross_entropy


def test_the_loss_is_minus_the_weighted_log_likelihood_per_counted_pixel() -> None:
    rng = np.random.default_rng(0)
    logits, target = rng.normal(size=(2, 3, 5, 4)), rng.integers(0, 3, (2, 5, 4))
    weight = rng.uniform(0, 12, (2, 5, 4)) * (rng.random((2, 5, 4)) < 0.7)
    total = 0.0
    for n, y, x in np.ndindex(2, 5, 4):
        likelihood = math.exp(logits[n, target[n, y, x], y, x]) / np.exp(logits[n, :, y, x]).sum()
        total -= weight[n, y, x] * math.log(likelihood)
    ours = weighted_cross_entropy(torch.tensor(logits), torch.tensor(target), torch.tensor(weight))
    np.testing.assert_allclose(ours.item(), total / np.count_nonzero(weight), rtol=1e-5)


def test_pixels_of_weight_zero_teach_nothing() -> None:
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    weight = torch.zeros(1, 4, 4)
    weight[0, 1, 2] = 3.0
    weighted_cross_entropy(logits, torch.ones(1, 4, 4, dtype=torch.long), weight).backward()
    assert logits.grad is not None
    touched = logits.grad.abs().sum(1)[0] > 0
    assert touched.nonzero().tolist() == [[1, 2]]


def test_nothing_to_learn_is_a_loss_of_zero() -> None:
    loss = weighted_cross_entropy(
        torch.randn(1, 2, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long), torch.zeros(1, 4, 4)
    )
    assert loss.item() == 0
