"""Overlap-tile: predicting a plane tile by tile, with real context where there is some and mirrored
context at the plane's edge (Ronneberger et al. 2015, figure 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import Rect


@dataclass(frozen=True, slots=True)
class TileWindow:
    """One tile: read `read` from the plane, mirror-pad by `pad`, predict, take `crop`, put at `write`.

    `pad`: (top, bottom, left, right) pixels. `crop` is in the padded window's own pixels.
    """

    read: Rect
    pad: tuple[int, int, int, int]
    crop: Rect
    write: Rect


@dataclass(frozen=True, slots=True)
class TilePlan:
    """How a plane of (height, width) is cut; the `write` rectangles partition it.

    `tile_px`: side of the written square. `context_px`: context around a tile, real where the plane
    goes on. `edge_px`: mirrored context at the plane's edge. `multiple`: the padded windows' sides and
    corners are multiples of this. `wanted`: only this rectangle of the plane, whose corner is on that grid.

    The windows are cut from one and the same mirror-extended plane, so the result does not depend on
    the tile size as soon as `context_px` covers the network's receptive field.
    """

    height: int
    width: int
    tile_px: int
    context_px: int
    edge_px: int = 0
    multiple: int = 1
    wanted: Rect | None = None

    def __post_init__(self) -> None:
        if (
            min(self.height, self.width, self.tile_px, self.multiple) < 1
            or min(self.context_px, self.edge_px) < 0
        ):
            raise ValueError(f"no tile plan with {self}")

    def __len__(self) -> int:
        height, width = self.wanted.shape if self.wanted is not None else (self.height, self.width)
        return -(-height // self._step) * -(-width // self._step)

    def __iter__(self) -> Iterator[TileWindow]:
        plane = Rect.of_size(self.height, self.width)
        wanted = self.wanted or plane
        for top in range(wanted.top, wanted.bottom, self._step):
            for left in range(wanted.left, wanted.right, self._step):
                write = Rect(top, left, top + self._step, left + self._step).intersect(wanted)
                yield self._window(write, plane)

    @property
    def _step(self) -> int:
        # Every tile's corner on the network's coarse grid: pooling then falls on the same pixels
        # whatever the tile size.
        return max(self.multiple, self.tile_px // self.multiple * self.multiple)

    def _window(self, write: Rect, plane: Rect) -> TileWindow:
        edge = self._up(self.edge_px)
        extended = Rect(-edge, -edge, self._up(self.height + edge), self._up(self.width + edge))
        context = self._up(self.context_px)
        window = Rect(
            write.top - context,
            write.left - context,
            self._up(write.bottom) + context,
            self._up(write.right) + context,
        ).intersect(extended)
        read = window.intersect(plane)
        pad = (
            read.top - window.top,
            window.bottom - read.bottom,
            read.left - window.left,
            window.right - read.right,
        )
        return TileWindow(read, pad, write.shift(-window.top, -window.left), write)

    def _up(self, length: int) -> int:
        """Rounded up to the multiple."""
        return -(-length // self.multiple) * self.multiple


def mirror_pad(window: npt.NDArray[np.float32], pad: tuple[int, int, int, int]) -> npt.NDArray[np.float32]:
    """Pad float32 (H, W, C) by (top, bottom, left, right), mirrored without repeating the edge pixel.

    Works for any image size: where the window is smaller than the padding the mirror image repeats.
    """
    if not any(pad):
        return window
    rows = _mirror(window.shape[0], pad[0], pad[1])
    cols = _mirror(window.shape[1], pad[2], pad[3])
    return window[rows][:, cols]


def _mirror(size: int, before: int, after: int) -> npt.NDArray[np.intp]:
    """Indices 0..size-1 extended on both sides as 2 1 | 0 1 2 3 | 2 1 …"""
    if size == 1:
        return np.zeros(before + 1 + after, np.intp)
    period = 2 * (size - 1)
    place = np.arange(-before, size + after) % period
    return np.where(place < size, place, period - place)


def predict_tiled(
    plan: TilePlan,
    read: Callable[[Rect], npt.NDArray[np.float32]],
    predict: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
    out: npt.NDArray[np.float32],
    on_tile: Callable[[Rect], None] = lambda rect: None,
) -> None:
    """Fill `out` (H, W[, K]), the plane or what is wanted of it, tile by tile.

    `read` gives float32 (h, w, C) of a rectangle; `predict` maps a padded window (h, w, C) to
    (h, w[, K]); `on_tile` is told each finished rectangle and may raise to stop.
    """
    top, left = (plan.wanted.top, plan.wanted.left) if plan.wanted is not None else (0, 0)
    for window in plan:
        result = predict(mirror_pad(read(window.read), window.pad))
        out[window.write.shift(-top, -left).slices] = result[window.crop.slices]
        on_tile(window.write)
