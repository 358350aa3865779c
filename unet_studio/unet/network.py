"""UNet: the network of Ronneberger, Fischer, Brox 2015, figure 1, built from a UNetConfig."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import DoubleConv, Down, Up


class UNet(nn.Module):
    """Contracting path, expanding path, skip connections, 1×1 convolution to the classes.

    Input float (N, in_channels, H, W) with H and W multiples of `config.size_multiple`; output logits
    (N, classes, H, W).
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.base_width * 2**level for level in range(config.depth + 1)]
        pairs = list(pairwise(widths))
        self.first = DoubleConv(config.in_channels, widths[0], config=config)
        self.down = nn.ModuleList(Down(narrow, wide, config=config) for narrow, wide in pairs)
        self.up = nn.ModuleList(Up(wide, narrow, config=config) for narrow, wide in reversed(pairs))
        self.classify = nn.Conv2d(widths[0], config.classes, 1)
        self.apply(_initialize)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every pixel."""
        skips = [self.first(x)]
        for down in self.down:
            skips.append(down(skips[-1]))
        out = skips.pop()
        for up in self.up:
            out = up(out, skips.pop())
        logits: Tensor = self.classify(out)
        return logits


def _initialize(module: nn.Module) -> None:
    """Gaussian weights with variance 2/fan-in (paper, section 3; He et al. 2015)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
