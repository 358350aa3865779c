"""UNet: the network of Ronneberger, Fischer, Brox 2015, figure 1, built from a UNetConfig."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import Up
from unet_studio.unet.encoders import make_encoder


class UNet(nn.Module):
    """Contracting path, expanding path, skip connections, 1×1 convolution to the classes.

    Input float (N, in_channels, H, W), any H and W ≥ 1; output logits (N, classes, H, W). A network of
    valid convolutions takes the sides `config.fitting_size` gives, and its output lacks `config.margin_px`
    on every side.

    `checkpointing`: in training, keep only the features between the blocks and compute the others again
    for the gradient: less memory, a third more time.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.checkpointing = False
        self.encoder = make_encoder(config)
        self.dropout = nn.Dropout(config.dropout)
        deeper = [*config.widths[1:-1], self.encoder.channels[-1]]
        levels = zip(deeper, self.encoder.channels, config.widths, strict=False)
        self.up = nn.ModuleList(
            Up(below, skip, width, config) for below, skip, width in reversed(list(levels))
        )
        self.classify = nn.Conv2d(config.widths[0], config.classes, 1)
        self.apply(self._initialize)

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.classify.weight.dtype

    @property
    def bytes_per_value(self) -> int:
        """Of what lies between the layers, where that is of the weights' type."""
        return self.classify.weight.element_size()

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every pixel."""
        height, width = x.shape[2:]
        skips = self.encoder(self.padded(x), self._apply_block)
        out = self.dropout(skips.pop())
        for up in self.up:
            out = self._apply_block(up, out, skips.pop())
        logits: Tensor = self.classify(out)
        return logits[:, :, :height, :width]

    def padded(self, x: Tensor) -> Tensor:
        """With sides that halve evenly down to the coarsest level; what is added has to be cut off again."""
        height, width = x.shape[2:]
        multiple = self.config.size_multiple
        if self.config.padding == "same" and (height % multiple or width % multiple):
            x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        return x

    def _apply_block(self, block: nn.Module, *features: Tensor | None) -> Tensor:
        if self.checkpointing and self.training:
            out = checkpoint(
                block,
                *features,
                use_reentrant=False,
                context_fn=lambda: (contextlib.nullcontext(), _statistics_at_rest(block)),
            )
        else:
            out = block(*features)
        return out  # type: ignore[no-any-return]

    def _initialize(self, module: nn.Module) -> None:
        """Gaussian weights with variance 2/fan-in (paper, section 3; He et al. 2015)."""
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.ConvTranspose2d):
            # Every output pixel of a 2×2 transposed convolution sees each input channel once.
            nn.init.normal_(module.weight, 0, (2 / module.in_channels) ** 0.5)
        elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
            nn.init.normal_(module.weight, 1, self.config.norm_spread)
        bias = getattr(module, "bias", None)
        if isinstance(bias, Tensor):
            nn.init.zeros_(bias)


@contextlib.contextmanager
def _statistics_at_rest(block: nn.Module) -> Iterator[None]:
    """The block computed again must not count its batch into the running statistics a second time."""
    norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d | nn.SyncBatchNorm)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, counted) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, counted
