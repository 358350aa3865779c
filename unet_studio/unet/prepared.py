"""A network made ready to predict and nothing else: what only training needs is worked into its weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.device import Device, move
from unet_studio.unet.network import UNet
from unet_studio.unet.openvino_network import NotConvertible, OpenVinoNetwork
from unet_studio.unet.strips import InStrips

_log = logging.getLogger("unet_studio")


class Predictor(Protocol):
    """What predicts: a UNet, or what was made of one. Gives logits (N, K, H, W) of (N, C, H, W)."""

    @property
    def config(self) -> UNetConfig:
        """Of the network."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Of what it is given."""
        ...

    @property
    def bytes_per_value(self) -> int:
        """Of what lies between its layers."""
        ...

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Predict."""
        ...


def prepare_to_predict(network: UNet, device: Device, cache: Path | None = None) -> Predictor:
    """What predicts as `network` does, faster, on `device`. The network is altered; it can no longer be
    trained.

    Batch normalisation after a convolution becomes part of its weights, which are kept in the precision
    that is computed in; on a processor strip by strip, where the encoder is the paper's. Or OpenVINO computes
    it, see there about `cache`. What that gains, and how little it changes: docs/adr/0020-prediction.md.
    """
    if device.by_openvino:
        try:
            return OpenVinoNetwork(network, device.precision, cache)
        except (NotConvertible, ImportError, AttributeError, OSError, RuntimeError) as error:
            # Also where half of the library is left of an installation.
            _log.warning("predicted by PyTorch: OpenVINO does not take the network (%s)", error)
    network.eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold_batch_norms(module)
    move(network, device)
    if device.precision != torch.float32:
        network.to(device.precision)
    if device.torch_device.type == "cpu" and InStrips.is_possible(network.config):
        return InStrips(network)
    return network


def _fold_batch_norms(layers: nn.Sequential) -> None:
    for place in range(len(layers) - 1):
        convolution, norm = layers[place], layers[place + 1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers[place] = fuse_conv_bn_eval(convolution, norm)
            layers[place + 1] = nn.Identity()
