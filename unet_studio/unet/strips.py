"""A network on a processor, its finest levels in strips of rows.

The finer a level, the larger its features: at full resolution as large as all others together, and far more
than a processor's cache. But a block of two convolutions looks two pixels around. So it is applied to a strip
of rows with as many more on both sides, and only its result is kept. Numbers: docs/adr/0020-prediction.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import Up
from unet_studio.unet.encoders import PlainEncoder
from unet_studio.unet.network import UNet

_STRIP_BYTES = 32 * 2**20
# How far two convolutions look.
_REACH_PX = 2
# A strip is so many times as high as what is computed around it for its sake.
_LEAST_SHARE = 32


class InStrips:
    """Gives the logits that a UNet gives, in evaluation mode.

    `strip_bytes`: what the widest features of a strip take, about. ValueError where the network is not one
    of those that `is_possible`.
    """

    def __init__(self, network: UNet, strip_bytes: int = _STRIP_BYTES) -> None:
        if not self.is_possible(network.config):
            raise ValueError("the strips of this network are not independent")
        self._network = network
        self._strip_bytes = strip_bytes

    @staticmethod
    def is_possible(config: UNetConfig) -> bool:
        """Not with layers that look at the whole window, nor with convolutions that make it smaller."""
        return config.is_local and config.padding == "same"

    @property
    def config(self) -> UNetConfig:
        """Of the network."""
        return self._network.config

    @property
    def dtype(self) -> torch.dtype:
        """Of what it is given."""
        return self._network.dtype

    @property
    def bytes_per_value(self) -> int:
        """Of what lies between its layers."""
        return self._network.bytes_per_value

    def __call__(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → logits (N, K, H, W)."""
        height, width = x.shape[2:]
        skips, out = self._contract(self._network.padded(x))
        for up in self._network.up:
            out = self._expand(cast(Up, up), out, skips.pop())
        return out[:, :, :height, :width]

    def _contract(self, x: Tensor) -> tuple[list[Tensor | None], Tensor]:
        """Features of every level but the coarsest, and those of that."""
        encoder = self._network.encoder
        if not isinstance(encoder, PlainEncoder):
            *levels, deepest = encoder(x, lambda block, features: cast(Tensor, block(features)))
            return levels, cast(Tensor, deepest)
        levels = []
        for block, width in zip(encoder.blocks[:-1], encoder.channels, strict=False):
            features, pooled = _Gathered(x.shape[2]), _Gathered(x.shape[2] // 2)
            row_bytes = x.shape[0] * x.shape[3] * 2 * width * x.element_size()
            for strip in self._strips(x.shape[2], row_bytes, _REACH_PX):
                result = strip.inside(block(x[:, :, strip.rows]))
                features.put(strip.top, result)
                pooled.put(strip.top // 2, F.max_pool2d(result, 2))
            levels.append(features.complete)
            x = pooled.complete
        return levels, encoder.blocks[-1](x)

    def _expand(self, up: Up, deep: Tensor, skip: Tensor | None) -> Tensor:
        """One level of the expanding path; what the last one makes becomes logits at once."""
        is_last = up is self._network.up[-1]
        height, width = 2 * deep.shape[2], 2 * deep.shape[3]
        channels = deep.shape[1] + (0 if skip is None else skip.shape[1])
        out = _Gathered(height)
        row_bytes = width * channels * deep.shape[0] * deep.element_size()
        for strip in self._strips(height, row_bytes, self.config.up_reach_px):
            begin, end = strip.rows.start, strip.rows.stop
            features = up(deep[:, :, begin // 2 : end // 2], None if skip is None else skip[:, :, begin:end])
            result = strip.inside(features)
            out.put(strip.top, self._network.classify(result) if is_last else result)
        return out.complete

    def _strips(self, height: int, row_bytes: int, reach_px: int) -> Iterator[_Strip]:
        rows = max(_LEAST_SHARE * 2 * reach_px, self._strip_bytes // row_bytes)
        rows += rows % 2  # Coarser levels have half of them.
        for top in range(0, height, rows):
            bottom = min(height, top + rows)
            looked_at = slice(max(0, top - reach_px), min(height, bottom + reach_px))
            yield _Strip(top, bottom, looked_at)


@dataclass(frozen=True, slots=True)
class _Strip:
    """Rows `top` to `bottom` of a plane, and the `rows` that are looked at for them."""

    top: int
    bottom: int
    rows: slice

    def inside(self, features: Tensor) -> Tensor:
        """Of the features of `rows`, those of the strip."""
        return features[:, :, self.top - self.rows.start : self.bottom - self.rows.start]


class _Gathered:
    """Features (N, C, height, W), strip by strip."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._features: Tensor | None = None

    def put(self, top: int, strip: Tensor) -> None:
        """Rows from `top` on."""
        if strip.shape[2] == self._height:
            self._features = strip
            return
        if self._features is None:
            shape = (*strip.shape[:2], self._height, strip.shape[3])
            self._features = torch.empty(
                shape, dtype=strip.dtype, device=strip.device, memory_format=torch.channels_last
            )
        self._features[:, :, top : top + strip.shape[2]] = strip

    @property
    def complete(self) -> Tensor:
        """All of them."""
        assert self._features is not None
        return self._features
