"""averaged: the running mean of a network's weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.averaging import averaged
from unet_studio.unet.network import UNet


def small() -> UNet:
    torch.manual_seed(0)
    return UNet(UNetConfig(in_channels=1, base_width=4, depth=1))


def first_weight(network: torch.nn.Module) -> torch.Tensor:
    return next(network.parameters()).detach().reshape(-1)[0]


def test_the_mean_follows_the_weights_as_the_recursion_says() -> None:
    network = small()
    mean = averaged(network)
    values = np.random.default_rng(0).normal(0, 1, 700).astype(np.float32)
    expected = 0.0
    for step, value in enumerate(values):
        with torch.no_grad():
            next(network.parameters()).fill_(float(value))
        mean.update_parameters(network)
        # The first is taken as it is; then a fifth of the steps so far, at most a hundred, share the mean.
        share = 1.0 if step == 0 else 1 / min(100.0, 1 + step / 5)
        expected += share * (float(value) - expected)
        assert float(first_weight(mean.module)) == pytest.approx(expected, abs=1e-5)
    assert abs(expected) < 0.4  # Of a hundred steps, not of the last.


def test_the_weights_it_began_with_are_forgotten_at_once() -> None:
    network = small()
    mean = averaged(network)
    before = float(first_weight(mean.module))
    with torch.no_grad():
        next(network.parameters()).add_(5)
    assert float(first_weight(mean.module)) == before, "a copy, not the same weights"
    mean.update_parameters(network)
    assert torch.equal(first_weight(mean.module), first_weight(network))


def test_statistics_of_batch_normalisation_are_averaged_and_batches_counted() -> None:
    network = small().train()
    mean = averaged(network)
    norm = next(m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d))
    kept = next(m for m in mean.module.modules() if isinstance(m, torch.nn.BatchNorm2d))
    for level in (0.0, 10.0):
        network(torch.full((2, 1, 32, 32), level) + torch.rand(2, 1, 32, 32))
        mean.update_parameters(network)
    first, second = kept.running_mean, norm.running_mean
    assert first is not None
    assert second is not None
    assert not torch.equal(first, second)
    assert int(kept.num_batches_tracked or 0) == int(norm.num_batches_tracked or 0) == 2
    assert torch.isfinite(first).all()
