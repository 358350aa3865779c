"""The contracting path: the paper's own, or a ResNet whose layers are named as torchvision names them.

An encoder gives its features level by level: entry l is (N, channels[l], H / 2^l, W / 2^l), None where it
has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import double_conv, norm_layers, squeeze_layers

Apply = Callable[[nn.Module, Tensor], Tensor]
"""Runs a module on features: plainly, or with its intermediate results computed again for the gradient."""


def make_encoder(config: UNetConfig) -> PlainEncoder | ResNetEncoder:
    """The encoder that `config` names."""
    return PlainEncoder(config) if config.encoder == "plain" else ResNetEncoder(config)


class Down(nn.Module):
    """Max-pooling by 2, then the level's block: (N, C, H, W) → (N, C', H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int, config: UNetConfig) -> None:
        super().__init__()
        self.convs = double_conv(in_channels, out_channels, config)

    def forward(self, x: Tensor) -> Tensor:
        """Contract by one level."""
        out: Tensor = self.convs(F.max_pool2d(x, 2))
        return out


class PlainEncoder(nn.Module):
    """The contracting path of the paper's figure 1."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.channels = config.widths
        self.first = double_conv(config.in_channels, config.widths[0], config)
        self.down = nn.ModuleList(Down(narrow, wide, config) for narrow, wide in pairwise(config.widths))

    @property
    def blocks(self) -> list[nn.Module]:
        """Of every level; between them features are max-pooled by 2."""
        return [self.first, *(cast(Down, down).convs for down in self.down)]

    def forward(self, x: Tensor, apply: Apply) -> list[Tensor | None]:
        """Features of every level."""
        levels: list[Tensor | None] = [apply(self.first, x)]
        x = levels[0]  # type: ignore[assignment]
        for down in self.down:
            x = apply(down, x)
            levels.append(x)
        return levels


@dataclass(frozen=True, slots=True)
class _Architecture:
    """Blocks a layer; a bottleneck's 3×3 has planes · width / 64 · groups channels, a block's output
    planes · expansion."""

    blocks: tuple[int, int, int, int]
    expansion: int = 4
    groups: int = 1
    width: int = 64


_ARCHITECTURES = {
    "resnet18": _Architecture((2, 2, 2, 2), expansion=1),
    "resnet34": _Architecture((3, 4, 6, 3), expansion=1),
    "resnet50": _Architecture((3, 4, 6, 3)),
    "resnet101": _Architecture((3, 4, 23, 3)),
    "resnet152": _Architecture((3, 8, 36, 3)),
    "resnext50_32x4d": _Architecture((3, 4, 6, 3), groups=32, width=4),
    "resnext101_32x8d": _Architecture((3, 4, 23, 3), groups=32, width=8),
    "wide_resnet50_2": _Architecture((3, 4, 6, 3), width=128),
    "wide_resnet101_2": _Architecture((3, 4, 23, 3), width=128),
}
_PLANES = (64, 128, 256, 512)


class ResNetEncoder(nn.Module):
    """ResNet (He et al. 2016a), ResNeXt (Xie et al. 2017) or Wide ResNet (Zagoruyko and Komodakis 2016)
    without its classifier, down to the depth that is wanted. Level 0, the image itself, has no features.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        architecture = _ARCHITECTURES[config.encoder]
        self.conv1 = _conv(config.in_channels, 64, 7, config, stride=2)
        self.bn1 = _norm(64, config)
        channels = [0, 64]
        for number in range(1, config.depth):
            planes, stride = _PLANES[number - 1], 1 if number == 1 else 2
            blocks: list[nn.Module] = []
            width = channels[-1]
            for _ in range(architecture.blocks[number - 1]):
                blocks.append(ResNetBlock(width, planes, stride, architecture, config))
                width, stride = planes * architecture.expansion, 1
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
            channels.append(width)
        self.channels = tuple(channels)

    def forward(self, x: Tensor, apply: Apply) -> list[Tensor | None]:
        """Features of every level."""
        x = F.relu(self.bn1(apply(self.conv1, x)))
        levels: list[Tensor | None] = [None, x]
        for number in range(1, len(self.channels) - 1):
            if number == 1:
                x = F.max_pool2d(x, 3, stride=2, padding=1)
            for block in getattr(self, f"layer{number}"):
                x = apply(block, x)
            levels.append(x)
        return levels


class ResNetBlock(nn.Module):
    """Basic (two 3×3) or bottleneck block (1×1, 3×3 with the stride, 1×1), with squeeze-and-excitation
    before the sum if the config wants it."""

    def __init__(
        self, in_channels: int, planes: int, stride: int, architecture: _Architecture, config: UNetConfig
    ) -> None:
        super().__init__()
        out_channels = planes * architecture.expansion
        if architecture.expansion == 1:
            self.conv1 = _conv(in_channels, planes, 3, config, stride=stride)
            self.bn1 = _norm(planes, config)
            self.conv2 = _conv(planes, planes, 3, config)
            self.bn2 = _norm(planes, config)
            self._steps: tuple[str, ...] = ("1", "2")
        else:
            width = planes * architecture.width // 64 * architecture.groups
            self.conv1 = _conv(in_channels, width, 1, config)
            self.bn1 = _norm(width, config)
            self.conv2 = _conv(width, width, 3, config, stride=stride, groups=architecture.groups)
            self.bn2 = _norm(width, config)
            self.conv3 = _conv(width, out_channels, 1, config)
            self.bn3 = _norm(out_channels, config)
            self._steps = ("1", "2", "3")
        self.se = nn.Sequential(*squeeze_layers(out_channels, config))
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                _conv(in_channels, out_channels, 1, config, stride=stride), _norm(out_channels, config)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C', H / stride, W / stride)."""
        out = x
        for step in self._steps:
            out = getattr(self, f"bn{step}")(getattr(self, f"conv{step}")(out))
            if step != self._steps[-1]:
                out = F.relu(out)
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.se(out) + shortcut)


def _conv(
    in_channels: int, out_channels: int, side: int, config: UNetConfig, *, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    bias = config.normalization == "none"
    return nn.Conv2d(
        in_channels, out_channels, side, stride=stride, padding=side // 2, groups=groups, bias=bias
    )


def _norm(channels: int, config: UNetConfig) -> nn.Module:
    layers = norm_layers(channels, config)
    return layers[0] if layers else nn.Identity()
