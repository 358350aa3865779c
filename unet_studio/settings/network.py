"""UNetConfig: everything that decides the shape of a network."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class UNetConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The network of Ronneberger, Fischer, Brox 2015, figure 1, and the choices around it.

    Defaults: padded convolutions, batch normalisation, transposed convolution up.
    """

    in_channels: Annotated[int, Meta(ge=1, le=64, description="Input channels")] = 3
    classes: Annotated[int, Meta(ge=2, le=255, description="Output classes, background included")] = 2
    base_width: Annotated[int, Meta(ge=4, le=128, description="Channels of the first level")] = 16
    depth: Annotated[int, Meta(ge=1, le=6, description="Number of times the image is halved")] = 4
    normalization: Literal["batch", "none"] = "batch"
    upsampling: Literal["transposed", "bilinear"] = "transposed"

    @property
    def size_multiple(self) -> int:
        """Input height and width must be a multiple of this."""
        return int(2**self.depth)

    @property
    def context_px(self) -> int:
        """Pixels around an output pixel that can influence it (half the receptive field).

        Two 3×3 convolutions per level reach 2 px on that level's grid, on the way down and again on
        the way up; the coarsest level counts once; the pooling windows add up to one coarse pixel.
        """
        reach = sum(2 * 2 * 2**level for level in range(self.depth)) + 2 * 2**self.depth
        return int(reach + 2**self.depth)
