"""A network made ready to predict and nothing else: what only training needs is worked into its weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from unet_studio.unet.device import Device, move
from unet_studio.unet.network import UNet


def prepare_to_predict(network: UNet, device: Device) -> UNet:
    """Alter `network` so that it predicts the same, faster, on `device`; it can no longer be trained.

    Batch normalisation after a convolution becomes part of its weights, which are kept in the precision
    that is computed in. What that gains, and how little it changes: docs/adr/0020-prediction.md.
    """
    network.eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold_batch_norms(module)
    move(network, device)
    if device.precision != torch.float32:
        network.to(device.precision)
    return network


def _fold_batch_norms(layers: nn.Sequential) -> None:
    for place in range(len(layers) - 1):
        convolution, norm = layers[place], layers[place + 1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers[place] = fuse_conv_bn_eval(convolution, norm)
            layers[place + 1] = nn.Identity()
