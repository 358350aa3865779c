"""The parts a U-Net is made of. Tensors are (N, C, H, W)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_studio.settings.network import UNetConfig

_GROUPS = 8


def norm_layers(channels: int, config: UNetConfig) -> list[nn.Module]:
    """The normalisation of a feature map, as a list of none or one module.

    Instance normalisation is group normalisation with groups of one channel (Wu and He 2018).
    """
    if config.normalization == "batch":
        return [nn.BatchNorm2d(channels)]
    if config.normalization == "group":
        return [nn.GroupNorm(math.gcd(_GROUPS, channels), channels)]
    if config.normalization == "instance":
        return [nn.GroupNorm(channels, channels)]
    return []


def conv3x3(in_channels: int, out_channels: int, config: UNetConfig) -> nn.Conv2d:
    """3×3; padded, or losing a pixel on every side."""
    padding = 1 if config.padding == "same" else 0
    # A bias before a normalisation would be subtracted again.
    return nn.Conv2d(in_channels, out_channels, 3, padding=padding, bias=config.normalization == "none")


def double_conv(in_channels: int, out_channels: int, config: UNetConfig) -> nn.Module:
    """The block of one level, as `config.blocks` wants it."""
    if config.blocks == "plain":
        return DoubleConv(in_channels, out_channels, config)
    return ResidualBlock(in_channels, out_channels, config)


class DoubleConv(nn.Sequential):
    """Two 3×3 convolutions, each followed by normalisation and ReLU (paper, figure 1)."""

    def __init__(self, in_channels: int, out_channels: int, config: UNetConfig) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers.append(conv3x3(channels, out_channels, config))
            layers += norm_layers(out_channels, config)
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers, *squeeze_layers(out_channels, config))


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut: the identity, or 1×1 where the widths differ.

    "residual": convolution, normalisation, ReLU; the last ReLU after the sum (He et al. 2016a).
    "preactivation": normalisation and ReLU before each convolution (He et al. 2016b).
    """

    def __init__(self, in_channels: int, out_channels: int, config: UNetConfig) -> None:
        super().__init__()
        first, second = (conv3x3(c, out_channels, config) for c in (in_channels, out_channels))
        self.after: nn.Module
        if config.blocks == "preactivation":
            before = [*norm_layers(in_channels, config), nn.ReLU()]
            between = [*norm_layers(out_channels, config), nn.ReLU(inplace=True)]
            layers = [*before, first, *between, second]
            self.after = nn.Identity()
        else:
            between = [*norm_layers(out_channels, config), nn.ReLU(inplace=True)]
            layers = [first, *between, second, *norm_layers(out_channels, config)]
            self.after = nn.ReLU(inplace=True)
        self.convs = nn.Sequential(*layers, *squeeze_layers(out_channels, config))
        self.shortcut = (
            nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C', H, W), 2 px smaller on every side with valid convolutions."""
        out = self.convs(x)
        after: Tensor = self.after(out + crop_to(self.shortcut(x), out))
        return after


def squeeze_layers(channels: int, config: UNetConfig) -> list[nn.Module]:
    """The channel attention of a block, as a list of none or one module."""
    return [SqueezeExcite(channels, config.squeeze_excitation)] if config.squeeze_excitation else []


class SqueezeExcite(nn.Module):
    """Scales every channel by a gate computed from all channels' means (Hu et al. 2018)."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        gate = self.excite(F.relu(self.squeeze(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


class AttentionGate(nn.Module):
    """Scales every pixel of a skip by a gate in (0, 1) computed from the skip and from the features that
    come up (Oktay et al. 2018, additive attention)."""

    def __init__(self, skip_channels: int, up_channels: int) -> None:
        super().__init__()
        hidden = max(1, skip_channels // 2)
        self.of_skip = nn.Conv2d(skip_channels, hidden, 1, bias=False)
        self.of_up = nn.Conv2d(up_channels, hidden, 1)
        self.gate = nn.Conv2d(hidden, 1, 1)

    def forward(self, skip: Tensor, up: Tensor) -> Tensor:
        """(N, C, H, W) and (N, C', H, W) → the gated skip."""
        return skip * torch.sigmoid(self.gate(F.relu(self.of_skip(skip) + self.of_up(up))))


def up_sample(in_channels: int, out_channels: int, config: UNetConfig) -> nn.Module:
    """Twice the size: a 2×2 transposed convolution, or interpolation and a 1×1 convolution.

    The 1×1 convolution comes first: both orders give the same, this one costs a quarter.
    """
    if config.upsampling == "transposed":
        return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
    align = None if config.upsampling == "nearest" else False
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1),
        nn.Upsample(scale_factor=2, mode=config.upsampling, align_corners=align),
    )


class Up(nn.Module):
    """One level of the expanding path: up-sampling, the skip concatenated, then the level's block.

    `skip_channels` 0: the encoder has no features of this level.
    """

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int, config: UNetConfig) -> None:
        super().__init__()
        self.upsample = up_sample(in_channels, out_channels, config)
        gated = config.attention_gates and skip_channels > 0
        self.attention = AttentionGate(skip_channels, out_channels) if gated else None
        self.convs = double_conv(out_channels + skip_channels, out_channels, config)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """(N, C, H, W) and the skip (N, C'', ≥ 2H, ≥ 2W), cropped to its centre → (N, C', 2H, 2W)."""
        up = self.upsample(x)
        if skip is not None:
            skip = crop_to(skip, up)
            if self.attention is not None:
                skip = self.attention(skip, up)
            up = torch.cat([skip, up], dim=1)
        out: Tensor = up
        del up
        for layer in self.convs if isinstance(self.convs, nn.Sequential) else [self.convs]:
            # What was concatenated is given back after the first layer: at the finest level it is the largest
            # of all that lies in memory.
            out = layer(out)
        return out


def crop_to(x: Tensor, target: Tensor) -> Tensor:
    """The centre of `x`, of the target's height and width (paper, figure 1: copy and crop)."""
    top, left = (x.shape[2] - target.shape[2]) // 2, (x.shape[3] - target.shape[3]) // 2
    return x[:, :, top : top + target.shape[2], left : left + target.shape[3]]
