"""What a training leaves as it is: the encoder's weights, the statistics of batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from unet_studio.settings.training import TrainConfig
from unet_studio.unet.network import UNet


@contextmanager
def frozen_as_configured(network: UNet, config: TrainConfig) -> Iterator[None]:
    """Inside, the parameters that `config` freezes take no gradient."""
    parameters = list(network.encoder.parameters()) if config.freeze == "encoder" else []
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def set_training_mode(network: UNet, config: TrainConfig) -> None:
    """Training mode, but for batch normalisation that keeps its statistics."""
    network.train()
    kept: nn.Module | None = None
    if config.norm_statistics == "kept":
        kept = network
    elif config.freeze == "encoder":
        kept = network.encoder  # Its weights fit the statistics they were trained with.
    if kept is not None:
        for module in kept.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
