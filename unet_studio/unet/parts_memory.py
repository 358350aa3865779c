"""What parts of one plane have in common is predicted once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt
import torch

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tile_rect, tiles_covering
from unet_studio.segmentation.joining import UsualSize

Probabilities = npt.NDArray[np.float32]
"""Of every class but background, (H, W, K − 1)."""

_MOST_BYTES = 96 * 2**20


class PartsMemory:
    """The probabilities near the borders of the parts of one plane, in tiles of its grid.

    The windows of neighbouring parts overlap by their margins: half as much again as the parts themselves.
    Kept as float16, and what has just been predicted is rounded to it too, so that all parts see the same.
    Besides, how large the fragments of the plane are.
    """

    def __init__(self) -> None:
        self._key: Hashable = None
        self._tiles: OrderedDict[TileIndex, npt.NDArray[np.float16]] = OrderedDict()
        self._usual_key: Hashable = None
        self._usual = UsualSize()

    def usual_size(self, key: Hashable) -> UsualSize:
        """How large the plane's fragments are; `key`: what that depends on."""
        if key != self._usual_key:
            self._usual_key, self._usual = key, UsualSize()
        return self._usual

    def complete(
        self, key: Hashable, window: Rect, predict: Callable[[Rect], Probabilities]
    ) -> Probabilities:
        """Probabilities of a window whose corners lie on the grid, or at the plane's end. `predict` is asked
        for one rectangle that holds all that is not known; `key`: what the probabilities depend on besides.
        """
        if key != self._key:
            self.forget()
            self._key = key
        tiles = {index: tile_rect(index).intersect(window) for index in tiles_covering(window)}
        missing = [rect for index, rect in tiles.items() if index not in self._tiles]
        if missing:
            rect = Rect(
                min(r.top for r in missing), min(r.left for r in missing),
                max(r.bottom for r in missing), max(r.right for r in missing),
            )  # fmt: skip
            # By PyTorch: NumPy's own conversion takes a tenth of the time of predicting.
            fresh = torch.from_numpy(predict(rect)).half().numpy()
            for index, tile in tiles.items():
                if index not in self._tiles:
                    self._tiles[index] = fresh[tile.shift(-rect.top, -rect.left).slices].copy()
        classes = next(iter(self._tiles.values())).shape[2]
        out = np.empty((*window.shape, classes), np.float16)
        for index, tile in tiles.items():
            out[tile.shift(-window.top, -window.left).slices] = self._tiles[index]
            self._tiles.move_to_end(index)
        self._keep_borders(window)
        return torch.from_numpy(out).float().numpy()

    def forget(self) -> None:
        """Give the memory back."""
        self._key = None
        self._tiles.clear()

    def _keep_borders(self, window: Rect) -> None:
        """A part's margin is a tile: no window of another one reaches further into it than that."""
        inside = window.grown(-2 * TILE_PX)
        for index in [index for index in self._tiles if _contains(inside, tile_rect(index))]:
            del self._tiles[index]
        size = sum(tile.nbytes for tile in self._tiles.values())
        while size > _MOST_BYTES:
            size -= self._tiles.popitem(last=False)[1].nbytes


def _contains(outer: Rect, inner: Rect) -> bool:
    return not outer.is_empty and outer.intersect(inner) == inner
