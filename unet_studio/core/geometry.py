"""Rectangles and tiles of the pixel plane. Points are (y, x); rectangles are half-open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

TILE_PX = 256
"""Side of a label tile, in pixels."""


class PixelPoint(NamedTuple):
    """A position on the plane in pixels; the centre of the top-left pixel is (0.5, 0.5)."""

    y: float
    x: float


class TileIndex(NamedTuple):
    """Row and column of a tile: it covers pixels [row*256, (row+1)*256) × [col*256, (col+1)*256)."""

    row: int
    col: int


@dataclass(frozen=True, slots=True, order=True)
class Rect:
    """Half-open pixel rectangle: rows top..bottom-1, columns left..right-1."""

    top: int
    left: int
    bottom: int
    right: int

    @staticmethod
    def of_size(height: int, width: int) -> Rect:
        """The rectangle of a whole plane, from (0, 0)."""
        return Rect(0, 0, height, width)

    @property
    def height(self) -> int:
        """Number of rows, 0 if empty."""
        return max(0, self.bottom - self.top)

    @property
    def width(self) -> int:
        """Number of columns, 0 if empty."""
        return max(0, self.right - self.left)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.height * self.width

    @property
    def is_empty(self) -> bool:
        """True if no pixel lies inside."""
        return self.bottom <= self.top or self.right <= self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index expression for an array of the whole plane."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def intersect(self, other: Rect) -> Rect:
        """The common part; empty rectangles may have bottom < top."""
        return Rect(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both; an empty one does not count."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Rect(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def shift(self, dy: int, dx: int) -> Rect:
        """Moved by whole pixels."""
        return Rect(self.top + dy, self.left + dx, self.bottom + dy, self.right + dx)

    def grown(self, by_px: int) -> Rect:
        """With so many more pixels on every side."""
        return Rect(self.top - by_px, self.left - by_px, self.bottom + by_px, self.right + by_px)

    def contains_point(self, y: float, x: float) -> bool:
        """True if the point lies on one of the pixels."""
        return self.top <= y < self.bottom and self.left <= x < self.right

    def subtract(self, other: Rect) -> tuple[Rect, ...]:
        """What remains of this rectangle without `other`: up to four disjoint rectangles."""
        cut = self.intersect(other)
        if cut.is_empty:
            return () if self.is_empty else (self,)
        parts = (
            Rect(self.top, self.left, cut.top, self.right),
            Rect(cut.bottom, self.left, self.bottom, self.right),
            Rect(cut.top, self.left, cut.bottom, cut.left),
            Rect(cut.top, cut.right, cut.bottom, self.right),
        )
        return tuple(part for part in parts if not part.is_empty)


def tile_rect(index: TileIndex) -> Rect:
    """The pixels a tile covers."""
    top, left = index.row * TILE_PX, index.col * TILE_PX
    return Rect(top, left, top + TILE_PX, left + TILE_PX)


def tiles_covering(rect: Rect) -> Iterator[TileIndex]:
    """Every tile that shares a pixel with `rect`, row by row."""
    if rect.is_empty:
        return
    for row in range(rect.top // TILE_PX, (rect.bottom - 1) // TILE_PX + 1):
        for col in range(rect.left // TILE_PX, (rect.right - 1) // TILE_PX + 1):
            yield TileIndex(row, col)
