"""LabelPyramid: labels for the screen at any zoom, without unfolding every tile at every look.

Looking at a whole 16,384² plane touches 4,096 tiles. What a screen needs of each is a few pixels, so those
are kept: every 2nd, 4th … pixel of the tiles looked at, and one small picture of the whole plane for the
coarsest zooms. Nothing is kept that could be wrong: who changes labels says where (`forget`).
"""

from __future__ import annotations

import time
from collections import OrderedDict

import numpy as np

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tiles_covering
from unet_studio.core.label_tiles import IndexArray, LabelArray, LabelTiles

_LARGEST_POWER = 8
_OVERVIEW_SIDE_PX = 2048
_BUDGET_BYTES = 24 * 2**20
_SURE_TILES = 64
"""So many tiles are reduced even when the time is over: small planes are always complete at once."""


class LabelPyramid:
    """Reads of one plane's labels, for showing only. `bounds`: the plane."""

    def __init__(self, tiles: LabelTiles, bounds: Rect) -> None:
        self._tiles = tiles
        side = max(bounds.height, bounds.width, 1)
        self._top = 0
        while side >> self._top > _OVERVIEW_SIDE_PX and self._top < _LARGEST_POWER:
            self._top += 1
        self._bounds = bounds
        self._overview: LabelArray | None = None
        self._missing: set[TileIndex] = set()
        """Tiles whose present labels are not in the overview yet."""
        self._reduced: OrderedDict[tuple[int, TileIndex], LabelArray] = OrderedDict()
        self._bytes = 0
        self._deadline = 0.0
        self._sure = 0

    def forget(self, rect: Rect) -> None:
        """The labels of `rect` have changed."""
        for index in tiles_covering(rect.intersect(self._bounds)):
            for power in range(1, _LARGEST_POWER + 1):
                old = self._reduced.pop((power, index), None)
                if old is not None:
                    self._bytes -= old.nbytes
            if self._overview is not None:
                self._missing.add(index)

    def sample(
        self, rows: IndexArray, cols: IndexArray, *, budget_s: float = float("inf")
    ) -> tuple[LabelArray, bool]:
        """Labels at every pair of ascending `rows` and `cols`, as `LabelTiles.sample`.

        Where these are 2ⁿ pixels apart or more, the label of a pixel less than 2ⁿ away may stand for that of
        the very one. False: `budget_s` was over before every tile was reduced, and some labels are missing:
        ask again.
        """
        power = _power(rows, cols)
        if power == 0:
            return self._tiles.sample(rows, cols), True
        self._deadline, self._sure = time.perf_counter() + budget_s, _SURE_TILES
        if power >= self._top > 0:
            return self._from_overview(rows, cols)
        return self._from_reduced(rows, cols, power)

    def _from_overview(self, rows: IndexArray, cols: IndexArray) -> tuple[LabelArray, bool]:
        step = 1 << self._top
        if self._overview is None:
            self._overview = np.zeros(
                (-(-self._bounds.height // step), -(-self._bounds.width // step)), np.int32
            )
            self._missing = self._tiles.indices()
        visible = tiles_covering(
            Rect(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1).intersect(self._bounds)
        )
        is_complete = True
        for index in visible if self._missing else ():
            if index not in self._missing:
                continue
            reduced = self._reduced_tile(index, self._top, keep=False)
            if reduced is None:
                is_complete = False
                break
            side = TILE_PX // step
            part = self._overview[
                index.row * side : (index.row + 1) * side, index.col * side : (index.col + 1) * side
            ]
            part[:] = reduced[: part.shape[0], : part.shape[1]]
            self._missing.discard(index)
        return _picked(self._overview, rows // step, cols // step), is_complete

    def _from_reduced(self, rows: IndexArray, cols: IndexArray, power: int) -> tuple[LabelArray, bool]:
        step, side = 1 << power, TILE_PX >> power
        area = Rect(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1).intersect(self._bounds)
        if area.is_empty:
            return np.zeros((rows.size, cols.size), np.int32), True
        tiles = list(tiles_covering(area))
        first, last = tiles[0], tiles[-1]
        whole = np.zeros(((last.row - first.row + 1) * side, (last.col - first.col + 1) * side), np.int32)
        is_complete = True
        for index in tiles:
            if index not in self._tiles:
                continue
            reduced = self._reduced_tile(index, power, keep=True)
            if reduced is None:
                is_complete = False
                continue
            top, left = (index.row - first.row) * side, (index.col - first.col) * side
            whole[top : top + side, left : left + side] = reduced
        return _picked(whole, rows // step - first.row * side, cols // step - first.col * side), is_complete

    def _reduced_tile(self, index: TileIndex, power: int, *, keep: bool) -> LabelArray | None:
        """Every 2ⁿth label of a tile; None if there is no time left to make it."""
        key = (power, index)
        found = self._reduced.get(key)
        if found is not None:
            self._reduced.move_to_end(key)
            return found
        if self._sure <= 0 and time.perf_counter() > self._deadline:
            return None
        self._sure -= 1
        half = (1 << power) // 2
        made = self._tiles.glance(index)[half :: 1 << power, half :: 1 << power]
        if keep:
            made = self._reduced[key] = made.copy()
            self._bytes += made.nbytes
            while self._bytes > _BUDGET_BYTES:
                self._bytes -= self._reduced.popitem(last=False)[1].nbytes
        return made


def _power(rows: IndexArray, cols: IndexArray) -> int:
    """n, if the samples are at least 2ⁿ pixels apart."""
    if rows.size < 2 or cols.size < 2:
        return 0
    step = max(1.0, min((rows[-1] - rows[0]) / (rows.size - 1), (cols[-1] - cols[0]) / (cols.size - 1)))
    # A hair more: samples exactly 2ⁿ apart come out a little less when they are rounded down.
    return min(_LARGEST_POWER, int(np.log2(step * 1.02)))


def _picked(labels: LabelArray, rows: IndexArray, cols: IndexArray) -> LabelArray:
    """`labels` at every pair; 0 outside."""
    height, width = labels.shape
    out: LabelArray = labels.take(rows, axis=0, mode="clip").take(cols, axis=1, mode="clip")
    out[(rows < 0) | (rows >= height), :] = 0
    out[:, (cols < 0) | (cols >= width)] = 0
    return out
