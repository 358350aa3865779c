"""A network's layers, size, reach and cost, without computing anything."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_studio.jobs.messages import Layer, NetworkSummary
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import Up
from unet_studio.unet.network import UNet

_INPUT_PX = 512
_BYTES = 4
_LEAVES = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.GroupNorm, nn.Upsample, nn.Dropout)


def summarize(config: UNetConfig, *, job: int = 0) -> NetworkSummary:
    """What a person wants to know before choosing this network.

    FLOPs are those of the convolutions. Memory for training: the features kept for the gradient, weights,
    gradients and two moments; for prediction: the skips and the widest level.
    """
    # The meta device knows shapes, not numbers: the largest network takes no memory and no time.
    with torch.device("meta"):
        network = UNet(config)
        side = config.fitting_size(_INPUT_PX)
        layers, kept, widest = _walk(network, torch.empty(1, config.in_channels, side, side))
    parameters = _count(network)
    megapixels = side**2 / 1e6
    # The dropped-out, deepest features are no skip.
    skips = sum(
        channels * (side / 2**level) ** 2 for level, channels in enumerate(network.encoder.channels[:-1])
    )
    return NetworkSummary(
        job=job,
        layers=layers,
        input_px=side,
        output_px=side - 2 * config.margin_px,
        parameters=parameters,
        encoder_parameters=_count(network.encoder),
        receptive_field_px=config.receptive_field_px,
        gflops_per_megapixel=sum(layer.flops for layer in layers) / 1e9 / megapixels,
        weights_mb=parameters * _BYTES / 1e6,
        predict_mb_per_megapixel=(skips + widest) * _BYTES / 1e6 / megapixels,
        train_mb_per_megapixel=kept * _BYTES / 1e6 / megapixels,
    )


def _walk(network: UNet, x: Tensor) -> tuple[list[Layer], int, int]:
    """The leaves in the order they run, numbers kept for the gradient, and the most of one level."""
    layers: list[Layer] = []
    names = {module: name for name, module in network.named_modules()}
    kept, widest = x.numel(), 0

    def on_leaf(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal kept, widest
        kept += output.numel()
        widest = max(widest, inputs[0].numel() + output.numel())
        flops = 0
        if isinstance(module, nn.Conv2d):
            flops = 2 * module.weight[0].numel() * output.numel()
        elif isinstance(module, nn.ConvTranspose2d):
            flops = 2 * module.weight[0].numel() * inputs[0].numel()
        layers.append(
            Layer(names[module], type(module).__name__, tuple(output.shape[1:]), _count(module), flops)
        )

    def on_up(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal kept
        # The concatenation is a copy.
        kept += output.numel() + (inputs[1].numel() if inputs[1] is not None else 0)

    handles = [m.register_forward_hook(on_leaf) for m in network.modules() if isinstance(m, _LEAVES)]
    handles += [m.register_forward_hook(on_up) for m in network.modules() if isinstance(m, Up)]
    network.eval()(x)
    for handle in handles:
        handle.remove()
    return layers, kept, widest


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
