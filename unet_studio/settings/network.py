"""UNetConfig: everything that decides the shape of a network, its arithmetic, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct

Encoder = Literal[
    "plain", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2",
]  # fmt: skip

_RESNET_LEVELS = 5
# 3×3 convolutions one after another in layers 1 to 4; the first of layers 2 to 4 has stride 2.
_RESNET_CONVOLUTIONS: Mapping[str, tuple[int, int, int, int]] = MappingProxyType({
    "resnet18": (4, 4, 4, 4),
    "resnet34": (6, 8, 12, 6),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
    "resnext50_32x4d": (3, 4, 6, 3),
    "resnext101_32x8d": (3, 4, 23, 3),
    "wide_resnet50_2": (3, 4, 6, 3),
    "wide_resnet101_2": (3, 4, 23, 3),
})  # fmt: skip
# Interpolated between two coarse pixels (0: one gives all), and how many more beyond them on each side.
_INTERPOLATION_REACH = MappingProxyType({
    "transposed": (0, 0), "nearest": (0, 0), "bilinear": (1, 0), "bicubic": (1, 1),
})  # fmt: skip


class UNetConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The network of Ronneberger, Fischer, Brox 2015, figure 1, and the choices around it.

    Defaults: padded convolutions, batch normalisation, transposed convolution up; a quarter of the
    paper's width. `base_width` 64, 32 or 16 is what others call a feature scale of 1, 2 or 4.
    """

    in_channels: Annotated[int, Meta(ge=1, le=64, description="Input channels")] = 3
    classes: Annotated[int, Meta(ge=2, le=255, description="Output classes, background included")] = 2
    base_width: Annotated[int, Meta(ge=4, le=128, description="Channels of the first level")] = 16
    depth: Annotated[int, Meta(ge=1, le=6, description="Number of times the image is halved")] = 4
    padding: Literal["same", "valid"] = "same"
    normalization: Literal["batch", "group", "instance", "none"] = "batch"
    encoder: Encoder = "plain"
    blocks: Literal["plain", "residual", "preactivation"] = "plain"
    upsampling: Literal["transposed", "nearest", "bilinear", "bicubic"] = "transposed"
    squeeze_excitation: Annotated[int, Meta(ge=0, le=64, description="Reduction; 0: none")] = 0
    attention_gates: bool = False
    dropout: Annotated[float, Meta(ge=0, lt=1, description="At the end of the contracting path")] = 0.0
    norm_spread: Annotated[float, Meta(ge=0, le=1, description="First norm weights: 1 ± this")] = 0.0

    def __post_init__(self) -> None:
        if self.encoder != "plain" and self.depth > _RESNET_LEVELS:
            raise ValueError(
                f"depth {self.depth} is too much: a ResNet halves the image {_RESNET_LEVELS} times"
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of every level of the expanding path, and of the plain contracting path."""
        return tuple(self.base_width * 2**level for level in range(self.depth + 1))

    @property
    def size_multiple(self) -> int:
        """Windows whose corners are multiples of this fall on the same coarse pixels."""
        return int(2**self.depth)

    @property
    def margin_px(self) -> int:
        """Pixels a valid network loses on every side; 0 for padded ones. The paper's: (572 − 388) / 2."""
        if self.padding == "same":
            return 0
        expanding = 2 * (self.size_multiple - 1)
        if self.encoder != "plain":
            return expanding
        return expanding + 2 * (2 * self.size_multiple - 1)

    def fitting_size(self, at_least_px: int) -> int:
        """The smallest input side from `at_least_px` on that the network takes and that leaves an output.

        A padded network takes any: it pads by itself.
        """
        if self.padding == "same":
            return max(1, at_least_px)
        # Every pooling must see an even side: s = multiple · k + what the convolutions before it take.
        taken = 4 * (self.size_multiple - 1) if self.encoder == "plain" else 0
        smallest = max(at_least_px, 2 * self.margin_px + 1)
        steps = -(-(smallest - taken) // self.size_multiple)
        return taken + steps * self.size_multiple

    @property
    def is_local(self) -> bool:
        """False if every output pixel depends on the whole window: normalisation by the window's own
        statistics, or squeeze-and-excitation."""
        return self.normalization in ("batch", "none") and not self.squeeze_excitation

    @property
    def context_px(self) -> int:
        """Pixels around an output pixel that can influence it, if `is_local`."""
        reaches = ((at, *_input_span(self, at)) for at in range(self.size_multiple))
        return max(max(at - first, last - at) for at, first, last in reaches)

    @property
    def up_reach_px(self) -> int:
        """Pixels around one of a level of the expanding path that its block looks at, an even number: two
        convolutions, and what is interpolated before them."""
        between, beyond = _INTERPOLATION_REACH[self.upsampling]
        return 2 * (1 + between + beyond)

    @property
    def receptive_field_px(self) -> int | None:
        """Side of the square of input pixels that can influence one output pixel; None: all of them."""
        if not self.is_local:
            return None
        spans = (_input_span(self, at) for at in range(self.size_multiple))
        return max(last - first + 1 for first, last in spans)


def _input_span(config: UNetConfig, at: int) -> tuple[int, int]:
    """The first and the last input pixel, along one axis, that the output pixel `at` depends on.

    Followed backwards through the deepest path: up the expanding levels, then down the contracting ones.
    """
    first = last = at
    between, beyond = _INTERPOLATION_REACH[config.upsampling]
    for _ in range(config.depth):
        first, last = first - 2, last + 2  # Two 3×3 convolutions.
        first, last = (first - between) // 2 - beyond, (last + between) // 2 + beyond
    for level in range(config.depth, -1, -1):
        if config.encoder == "plain":
            first, last = first - 2, last + 2
            if level:
                first, last = 2 * first, 2 * last + 1
        elif level == 1:
            first, last = 2 * first - 3, 2 * last + 3  # 7×7 with stride 2.
        elif level > 1:
            convolutions = _RESNET_CONVOLUTIONS[config.encoder][level - 2]
            strided = 0 if level == 2 else 1
            first, last = first - (convolutions - strided), last + (convolutions - strided)
            first, last = 2 * first - 1, 2 * last + 1  # 3×3 with stride 2: convolution, or pooling.
    return first, last


PRESETS: Mapping[str, UNetConfig] = MappingProxyType({
    "paper2015": UNetConfig(in_channels=1, base_width=64, padding="valid", normalization="none", dropout=0.5),
    "standard": UNetConfig(),
    "compact": UNetConfig(base_width=8),
    "residual": UNetConfig(encoder="resnet34", depth=5, blocks="residual"),
    "attention": UNetConfig(attention_gates=True, blocks="residual"),
})  # fmt: skip
