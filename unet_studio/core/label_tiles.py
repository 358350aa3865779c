"""LabelTiles: the sparse label image of a plane, in 256-px tiles.

A tile that was never written costs nothing. Written tiles are immutable arrays that are replaced on
write (copy on first write), so a snapshot is a shallow copy and an edit can keep the old tile for
free. Tiles that have not been looked at for a while are put away as runs of equal labels, so that a
large, fully labelled plane stays small in memory; runs are made and read five times as fast as zlib, and
one label can be looked up in them without unfolding the tile. Tiles that come from a project stay in its
form, zlib, until they are first looked at.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from unet_studio.core.geometry import TILE_PX, Rect, TileIndex, tile_rect, tiles_covering

LabelArray = npt.NDArray[np.int32]
MaskArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.intp]

_TILE_SHAPE = (TILE_PX, TILE_PX)
_MOST_RUNS = TILE_PX * TILE_PX // 4
_EMPTY = np.zeros(_TILE_SHAPE, np.int32)
_EMPTY.flags.writeable = False


def pack_tile(tile: LabelArray) -> bytes:
    """Compress a tile: zlib over little-endian int32, row by row."""
    # Level 1: label tiles are long runs; higher levels cost time and gain almost nothing.
    return zlib.compress(np.ascontiguousarray(tile, "<i4").tobytes(), 1)


def unpack_tile(data: bytes) -> LabelArray:
    """The read-only int32 (256, 256) tile that `pack_tile` compressed."""
    return np.frombuffer(zlib.decompress(data), "<i4").reshape(_TILE_SHAPE)


@dataclass(frozen=True, slots=True, eq=False)
class TileRuns:
    """A tile, row by row, as runs of equal labels: `labels[i]` up to but not including place `ends[i]`."""

    labels: LabelArray
    ends: npt.NDArray[np.int32]

    @staticmethod
    def of(tile: LabelArray) -> TileRuns | None:
        """None for a tile whose runs would take more memory than its pixels."""
        flat = tile.reshape(-1)
        changes = (flat[1:] != flat[:-1]).nonzero()[0]
        if changes.size >= _MOST_RUNS:
            return None
        ends = np.empty(changes.size + 1, np.int32)
        ends[:-1], ends[-1] = changes + 1, flat.size
        return TileRuns(flat[ends - 1], ends)

    def unfold(self) -> LabelArray:
        """The read-only (256, 256) tile."""
        tile = np.repeat(self.labels, np.diff(self.ends, prepend=0)).reshape(_TILE_SHAPE)
        tile.flags.writeable = False
        return tile

    def at(self, y: int, x: int) -> int:
        """The label of one pixel of the tile."""
        return int(self.labels[self.ends.searchsorted(y * TILE_PX + x, "right")])


FoldedTile = bytes | TileRuns
"""A tile that is put away: as runs, or zlib as in a project."""


def fold_tile(tile: LabelArray) -> FoldedTile:
    """Put a tile away."""
    return TileRuns.of(tile) or pack_tile(tile)


def unfold_tile(data: FoldedTile) -> LabelArray:
    """The read-only int32 (256, 256) tile that was put away."""
    return unpack_tile(data) if isinstance(data, bytes) else data.unfold()


class LabelTiles:
    """Sparse int32 plane, 0 = background. Rectangles may reach outside: reads give 0 there."""

    def __init__(
        self, packed: Mapping[TileIndex, FoldedTile] | None = None, *, unpacked_limit: int = 128
    ) -> None:
        """`packed`: tiles as `pack_tile` made them."""
        self._packed: dict[TileIndex, FoldedTile] = dict(packed or {})
        self._unpacked: OrderedDict[TileIndex, LabelArray] = OrderedDict()
        self._unpacked_limit = unpacked_limit
        self._open: dict[TileIndex, LabelArray] = {}

    def __contains__(self, index: object) -> bool:
        return index in self._open or index in self._unpacked or index in self._packed

    def indices(self) -> set[TileIndex]:
        """All tiles that hold at least one label."""
        return set(self._packed) | set(self._unpacked) | set(self._open)

    def tile(self, index: TileIndex) -> LabelArray:
        """The tile as an int32 (256, 256) array nobody may write to; zeros where nothing was written."""
        if index in self._open:
            return self._open[index]
        found = self._unpacked.get(index)
        if found is not None:
            self._unpacked.move_to_end(index)
            return found
        data = self._packed.get(index)
        if data is None:
            return _EMPTY
        tile = unfold_tile(data)
        self._remember(index, tile)
        return tile

    def glance(self, index: TileIndex) -> LabelArray:
        """As `tile`, for one look: a tile that is put away does not push another one out of memory."""
        data = self._packed.get(index)
        if data is None or index in self._open or index in self._unpacked:
            return self.tile(index)
        return unfold_tile(data)

    def replace(self, index: TileIndex, tile: LabelArray) -> None:
        """Put a whole tile; it becomes read-only. An all-zero tile frees the place."""
        self._packed.pop(index, None)
        if tile is _EMPTY or not tile.any():
            self._unpacked.pop(index, None)
            return
        tile.flags.writeable = False
        self._remember(index, tile)

    def open_for_writing(self, index: TileIndex) -> LabelArray:
        """A writable copy of the tile that stands for it until `close_written`."""
        if index not in self._open:
            self._open[index] = self.tile(index).copy()
        return self._open[index]

    def close_written(self) -> None:
        """End of an edit: the open tiles become immutable."""
        written, self._open = self._open, {}
        for index, tile in written.items():
            self.replace(index, tile)

    def discard_written(self) -> None:
        """Forget the open tiles: the labels are as they were before the edit."""
        self._open = {}

    def read(self, rect: Rect) -> LabelArray:
        """A new int32 (rect.height, rect.width) array of the labels in `rect`."""
        out = np.zeros(rect.shape, np.int32)
        for index in tiles_covering(rect):
            if index not in self:
                continue
            cell = tile_rect(index)
            part = rect.intersect(cell)
            out[part.shift(-rect.top, -rect.left).slices] = self.tile(index)[
                part.shift(-cell.top, -cell.left).slices
            ]
        return out

    def sample(self, rows: IndexArray, cols: IndexArray) -> LabelArray:
        """Labels at every pair of `rows` (ascending, ints) and `cols` (ascending): int32 (rows, cols).

        Costs what the samples cost, however far apart they are; outside the plane they are 0.
        """
        out = np.zeros((rows.size, cols.size), np.int32)
        row_spans, col_spans = dict(_runs(rows // TILE_PX)), dict(_runs(cols // TILE_PX))
        indices: Iterable[TileIndex]
        if len(row_spans) * len(col_spans) < len(self._packed) + len(self._unpacked):
            indices = (TileIndex(row, col) for row in row_spans for col in col_spans)
        else:
            indices = self.indices()
        for index in indices:
            if index.row in row_spans and index.col in col_spans and index in self:
                row_span, col_span = row_spans[index.row], col_spans[index.col]
                # Whole rows first: they are copied at the speed of memory.
                picked = self.tile(index).take(rows[row_span] % TILE_PX, axis=0)
                out[row_span, col_span] = picked.take(cols[col_span] % TILE_PX, axis=1)
        return out

    def value_at(self, y: int, x: int) -> int:
        """The label of one pixel."""
        index = TileIndex(y // TILE_PX, x // TILE_PX)
        put_away = self._packed.get(index)
        if isinstance(put_away, TileRuns) and index not in self._open:
            return put_away.at(y % TILE_PX, x % TILE_PX)
        return int(self.tile(index)[y % TILE_PX, x % TILE_PX])

    def snapshot(self) -> LabelTiles:
        """An independent copy that shares the immutable tiles."""
        copy = LabelTiles(self._packed, unpacked_limit=self._unpacked_limit)
        copy._unpacked = self._unpacked.copy()
        return copy

    def folded(self, index: TileIndex) -> FoldedTile | None:
        """A tile as it is put away; None where it holds no label."""
        data, tile = self._packed.get(index), self._unpacked.get(index)
        if data is None and tile is not None:
            data = self._packed[index] = fold_tile(tile)
        return data

    def settled(self, index: TileIndex) -> LabelArray | FoldedTile | None:
        """A tile in whatever form is at hand, immutable; None where it holds no label."""
        return self._unpacked.get(index, self._packed.get(index))

    def packed(self, indices: Iterable[TileIndex]) -> Iterator[tuple[TileIndex, bytes | None]]:
        """Each tile in its compressed form; None where it holds no label."""
        for index in indices:
            data = self.folded(index)
            yield index, pack_tile(data.unfold()) if isinstance(data, TileRuns) else data

    def _remember(self, index: TileIndex, tile: LabelArray) -> None:
        self._unpacked[index] = tile
        self._unpacked.move_to_end(index)
        while len(self._unpacked) > self._unpacked_limit:
            old_index, old = self._unpacked.popitem(last=False)
            if old_index not in self._packed:
                self._packed[old_index] = fold_tile(old)


def _runs(values: IndexArray) -> list[tuple[int, slice]]:
    """Consecutive equal values: (value, where)."""
    if values.size == 0:
        return []
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), values.size]
    return [(int(values[a]), slice(a, b)) for a, b in pairwise(edges)]
