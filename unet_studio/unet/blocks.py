"""The parts of a U-Net: DoubleConv, Down, Up. Tensors are (N, C, H, W)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_studio.settings.network import UNetConfig


class DoubleConv(nn.Sequential):
    """Two 3×3 convolutions with padding, each followed by normalisation and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, *, config: UNetConfig) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            # A bias before batch normalisation would be subtracted again.
            normalized = config.normalization == "batch"
            layers.append(nn.Conv2d(channels, out_channels, 3, padding=1, bias=not normalized))
            if normalized:
                layers.append(nn.BatchNorm2d(out_channels))
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class Down(nn.Module):
    """Max-pooling by 2, then DoubleConv: (N, C, H, W) → (N, C', H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int, *, config: UNetConfig) -> None:
        super().__init__()
        self.convs = DoubleConv(in_channels, out_channels, config=config)

    def forward(self, x: Tensor) -> Tensor:
        """Contract by one level."""
        out: Tensor = self.convs(F.max_pool2d(x, 2))
        return out


class Up(nn.Module):
    """Up-sampling by 2 to half the channels, the skip connection concatenated, then DoubleConv."""

    def __init__(self, in_channels: int, out_channels: int, *, config: UNetConfig) -> None:
        super().__init__()
        self.upsample: nn.Module
        if config.upsampling == "transposed":
            self.upsample = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        else:
            self.upsample = nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                nn.Conv2d(in_channels, out_channels, 1),
            )
        self.convs = DoubleConv(2 * out_channels, out_channels, config=config)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(N, C, H, W) and the skip (N, C/2, 2H, 2W) → (N, C/2, 2H, 2W)."""
        out: Tensor = self.convs(torch.cat([skip, self.upsample(x)], dim=1))
        return out
