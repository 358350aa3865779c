"""A network on a processor, strip by strip of rows.

A block of two convolutions looks two rows around. So every level computes rows of its features as soon as the
rows they look at are there, hands them on to the next level, and forgets what nobody will look at any more.
What lies in memory then, beside the input and the logits, is some rows of every level, whatever the height of
a window. Numbers: docs/adr/0020-prediction.md.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.blocks import Up
from unet_studio.unet.encoders import PlainEncoder
from unet_studio.unet.network import UNet

_STRIP_BYTES = 16 * 2**20
# How far two convolutions look.
_REACH_PX = 2
# Rows of a strip on the coarsest level: a block computes two more than are wanted of it.
_LEAST_COARSE_ROWS = 8
# A window whose features take no more than so many strips is faster at once.
_WHOLE_STRIPS = 8


class InStrips:
    """Gives the logits that a UNet gives, in evaluation mode.

    `strip_bytes`: what the widest features of a strip take, about; a strip is at least so high that little is
    computed twice. ValueError where the network is not one of those that `is_possible`.
    """

    def __init__(self, network: UNet, strip_bytes: int = _STRIP_BYTES) -> None:
        if not self.is_possible(network.config):
            raise ValueError("this network cannot be computed in strips")
        self._network = network
        self._strip_bytes = strip_bytes
        encoder = cast(PlainEncoder, network.encoder)
        self._contract = [_Rowwise(block, _REACH_PX) for block in encoder.blocks]
        self._expand = [_Rowwise(cast(Up, up), network.config.up_reach_px) for up in network.up]

    @staticmethod
    def is_possible(config: UNetConfig) -> bool:
        """Not with layers that look at the whole window, nor with convolutions that make it smaller; of the
        encoders the paper's alone."""
        return config.is_local and config.padding == "same" and config.encoder == "plain"

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

    def __call__(self, x: Tensor, between: Callable[[], None] = lambda: None) -> Tensor:
        """(N, C, H, W) → logits (N, K, H, W). `between` is called between the strips and may raise."""
        height, width = x.shape[2:]
        x = self._network.padded(x)
        rows, strip = x.shape[2], self._strip_rows(x)
        finest, logits = self._levels(rows), list[Tensor]()
        for top in range(0, rows, strip):
            if top:
                between()
            features = finest.push(x[:, :, top : top + strip], ends=top + strip >= rows)
            if features is not None:
                logits.append(self._network.classify(features))
        whole = logits[0] if len(logits) == 1 else torch.cat(logits, 2)
        return whole[:, :, :height, :width]

    def _strip_rows(self, x: Tensor) -> int:
        multiple = self.config.size_multiple
        row_bytes = x.shape[0] * x.shape[3] * 2 * self.config.base_width * x.element_size()
        rows = max(_LEAST_COARSE_ROWS, self._strip_bytes // row_bytes // multiple) * multiple
        is_small = x.shape[2] * row_bytes <= _WHOLE_STRIPS * self._strip_bytes
        return x.shape[2] if is_small else rows

    def _levels(self, rows: int) -> _Level:
        """The finest level, and through it the others, of a window of so many rows."""
        level = _Level(self._contract[-1], None, None, rows // self.config.size_multiple)
        for contract, expand in zip(reversed(self._contract[:-1]), self._expand, strict=True):
            level = _Level(contract, expand, level, 2 * level.height)
        return level


class _Level:
    """Takes rows of what a level contracts and gives rows of what comes out of its expanding block; the
    coarsest one, which has no `below`, of its only block."""

    def __init__(
        self, contract: _Rowwise, expand: _Rowwise | None, below: _Level | None, height: int
    ) -> None:
        self.height = height
        self._contract = contract
        self._expand = expand
        self._below = below
        self._seen, self._skip, self._deep = _Kept(), _Kept(), _Kept()
        self._contracted = self._expanded = 0

    def push(self, rows: Tensor, *, ends: bool) -> Tensor | None:
        """Take the rows that follow; give all that they decide. `ends`: they are the last ones."""
        self._seen.add(rows)
        until = self.height if ends else _even(self._seen.end - _REACH_PX)
        if until <= self._contracted:
            return None
        contracted = self._contract(self._contracted, until, self.height, self._seen)
        self._contracted = until
        self._seen.forget_before(until - _REACH_PX)
        if self._below is None or self._expand is None:
            return contracted
        self._skip.add(contracted)
        deep = self._below.push(F.max_pool2d(contracted, 2), ends=ends)
        return None if deep is None else self._expanded_by(deep, self._expand, ends=ends)

    def _expanded_by(self, deep: Tensor, expand: _Rowwise, *, ends: bool) -> Tensor | None:
        self._deep.add(deep)
        until = self.height if ends else _even(2 * self._deep.end - expand.reach_px)
        if until <= self._expanded:
            return None
        expanded = expand(self._expanded, until, self.height, self._deep, self._skip)
        self._expanded = until
        self._skip.forget_before(until - expand.reach_px)
        self._deep.forget_before((until - expand.reach_px) // 2)
        return expanded


class _Rowwise:
    """A block applied to some of its rows."""

    def __init__(self, block: nn.Module, reach_px: int) -> None:
        self.reach_px = reach_px
        self._block = block
        # The same weights, not padded in height: at a border inside the window there are no zeros.
        shared = {id(value): value for value in (*block.parameters(), *block.buffers())}
        self._inner = copy.deepcopy(block, shared)
        for module in self._inner.modules():
            if isinstance(module, nn.Conv2d) and module.padding == (1, 1):
                module.padding = (0, 1)

    def __call__(self, top: int, bottom: int, height: int, *inputs: _Kept) -> Tensor:
        """Its rows `top` to `bottom` of `height`; the first of two inputs is that of half the size."""
        first, last = max(0, top - self.reach_px), min(height, bottom + self.reach_px)
        sizes = (1,) if len(inputs) == 1 else (2, 1)
        rows = [kept.part(first // size, last // size) for kept, size in zip(inputs, sizes, strict=True)]
        # Only beyond the window's own edges there are zeros.
        if first > 0 and last < height:
            first += _REACH_PX
            out: Tensor = self._inner(*rows)
        else:
            out = self._block(*rows)
        return out[:, :, top - first : bottom - first]


class _Kept:
    """The rows of features that are still looked at."""

    def __init__(self) -> None:
        self._first = 0
        self._rows: Tensor | None = None

    @property
    def end(self) -> int:
        """How many rows there have been."""
        return self._first + (0 if self._rows is None else self._rows.shape[2])

    def add(self, rows: Tensor) -> None:
        """Those that follow."""
        self._rows = rows if self._rows is None else torch.cat([self._rows, rows], 2)

    def part(self, first: int, last: int) -> Tensor:
        """Rows `first` to `last`."""
        assert self._rows is not None
        return self._rows[:, :, first - self._first : last - self._first]

    def forget_before(self, row: int) -> None:
        """Rows that nobody will ask for."""
        if row > self._first:
            self._rows = self.part(row, self.end)
            self._first = row


def _even(rows: int) -> int:
    """Of which the next level has half."""
    return rows // 2 * 2
