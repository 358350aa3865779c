"""A plane that is too large to be held, as the canvas shows it: what the screen needs is read tile by tile.

An overview is always there. Painting never waits: what has not been read is painted from what is coarser, and
noted; a thread reads it, the last noted first, and tells when it has come.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.image_layer import (
    CANVAS_COLOUR,
    DisplayImage,
    Level,
    Pixels,
    Stored,
    as_stored,
    sample_linearly,
)
from unet_studio.io.image_source import ImageSource, PlaneArray, first_line
from unet_studio.io.overview import Overview, level_for, read_reduced

_SIDE_PX = 512
_BUDGET_BYTES = 2**27
_MOST_WANTED = 192
_TRY_AGAIN_S = 5.0
_MARGIN_PX = 3
"""So much more than the screen shows is put together: interpolation looks at neighbours."""


class TileKey(NamedTuple):
    """A square of 512² pixels, each the mean of 4ⁿ (n: `power`) of the plane's."""

    power: int
    row: int
    col: int


class TiledImage:
    """A Picture whose tiles are read when they are wanted, the most recently used 128 MiB kept."""

    def __init__(
        self, source: ImageSource, overview: Overview, sample: PlaneArray, *, t: int = 0, z: int = 0
    ) -> None:
        self._source, self._t, self._z = source, t, z
        self._size = source.levels[0]
        self._near = DisplayImage.from_overview(overview.pixels, overview.factor, sample)
        self._top_power = overview.factor.bit_length() - 1
        self._tiles: OrderedDict[TileKey, Stored] = OrderedDict()
        self._bytes = self._on_screen = 0
        """Bytes of the tiles that are kept, and of those the screen has needed at once."""
        self._wanted: OrderedDict[TileKey, None] = OrderedDict()
        self._unreadable: dict[TileKey, float] = {}
        """And when that was found out: a drive may come back."""
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self._began = 0.0
        self.listen(_nobody, _nobody)

    @property
    def auto(self) -> Contrast:
        """See Picture."""
        return self._near.auto

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """See Picture."""
        return self._near.histogram

    @property
    def histogram_range(self) -> tuple[float, float]:
        """See Picture."""
        return self._near.histogram_range

    @property
    def channels(self) -> int:
        """See Picture."""
        return self._near.channels

    def with_auto(self, auto: Contrast) -> TiledImage:
        """See Picture."""
        self._near = self._near.with_auto(auto)
        return self

    def listen(self, on_tile: Callable[[Rect], None], on_failure: Callable[[ImageFileError], None]) -> None:
        """Whom to tell, from the reading thread, which pixels of the plane have come, and (once) that the
        file cannot be read any more."""
        self._tell: Callable[[Rect], None] = on_tile
        self._tell_failure: Callable[[ImageFileError], None] = on_failure

    def rest(self) -> None:
        """Forget all tiles, read and wanted, and who listens: the plane is not shown any more."""
        self.listen(_nobody, _nobody)
        with self._lock:
            self._wanted.clear()
            self._unreadable.clear()
            self._tiles.clear()
            self._bytes = self._on_screen = 0

    def paint(self, pixels: Pixels, top: float, left: float, step: float, contrast: Contrast) -> None:
        """See DisplayImage.paint; returns at once, whatever has been read."""
        power = min(self._top_power, max(0, int(np.log2(max(step * 1.0001, 1.0)))))
        if power == self._top_power:
            self._near.paint(pixels, top, left, step, contrast)
            return
        factor, (height, width) = 1 << power, pixels.shape[:2]
        area = Rect(
            int(top // factor) - _MARGIN_PX,
            int(left // factor) - _MARGIN_PX,
            int((top + height * step) // factor) + 1 + _MARGIN_PX,
            int((left + width * step) // factor) + 1 + _MARGIN_PX,
        ).intersect(self._bounds(power))
        if area.is_empty:
            pixels[:, :, :3] = CANVAS_COLOUR
            return
        part = Level(factor, self._gather(power, area))
        near = self._near
        picture = DisplayImage(
            (part,), near.auto, near.offset, near.gain, near.histogram, near.histogram_range
        )
        picture.paint(pixels, top - area.top * factor, left - area.left * factor, step, contrast)

    def shown(self, rect: Rect, contrast: Contrast) -> Pixels:
        """See DisplayImage.shown; coarse where the pixels have not come yet."""
        out = np.empty((*rect.shape, 4), np.uint8)
        self.paint(out, rect.top, rect.left, 1.0, contrast)
        return np.ascontiguousarray(out[:, :, :3])

    def values_at(self, y: int, x: int) -> list[float] | None:
        """The grey values of a pixel of the plane; None while it has not been read."""
        with self._lock:
            tile = self._tiles.get(TileKey(0, y // _SIDE_PX, x // _SIDE_PX))
        if tile is None:
            return None
        return [self._near.offset + self._near.gain * v for v in tile[y % _SIDE_PX, x % _SIDE_PX].tolist()]

    @property
    def is_waiting(self) -> bool:
        """True while something is to be read."""
        with self._lock:
            return bool(self._wanted) or self._reader is not None

    @property
    def reading_s(self) -> float:
        """Seconds since the tile that is being read was begun; 0 while none is."""
        with self._lock:
            return time.monotonic() - self._began if self._reader is not None else 0.0

    # Putting together

    def _bounds(self, power: int) -> Rect:
        height, width = self._size
        return Rect(0, 0, -(-height >> power), -(-width >> power))

    def _gather(self, power: int, area: Rect) -> Stored:
        """The pixels of an area (of this power), the missing ones from coarser tiles."""
        stored = self._near.levels[0].pixels
        out = np.empty((*area.shape, stored.shape[2]), stored.dtype)
        tiles_across = [(end - 1) // _SIDE_PX - start // _SIDE_PX + 1 for start, end in _spans(area)]
        tile_bytes = _SIDE_PX**2 * out.shape[2] * out.itemsize
        self._on_screen = max(self._on_screen, tiles_across[0] * tiles_across[1] * tile_bytes)
        missing = []
        for key, cell in self._cells(power, area):
            part = cell.intersect(area)
            target = out[part.shift(-area.top, -area.left).slices]
            tile = self._kept(key)
            if tile is not None:
                target[:] = tile[part.shift(-cell.top, -cell.left).slices]
            else:
                missing.append(key)
                target[:] = self._coarser(power, part)
        self._want(missing)
        return out

    @staticmethod
    def _cells(power: int, area: Rect) -> Iterator[tuple[TileKey, Rect]]:
        for row in range(area.top // _SIDE_PX, (area.bottom - 1) // _SIDE_PX + 1):
            for col in range(area.left // _SIDE_PX, (area.right - 1) // _SIDE_PX + 1):
                cell = Rect(row, col, row + 1, col + 1)
                yield TileKey(power, row, col), Rect(*(n * _SIDE_PX for n in _ends(cell)))

    def _kept(self, key: TileKey) -> Stored | None:
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def _coarser(self, power: int, part: Rect) -> Stored:
        """A part (inside one tile) from the finest coarser tile there is, or from the overview."""
        for up in range(1, self._top_power - power):
            row, col = part.top >> up, part.left >> up
            key = TileKey(power + up, row // _SIDE_PX, col // _SIDE_PX)
            tile = self._kept(key)
            if tile is not None:
                return _enlarged(tile, part, up, (key.row * _SIDE_PX, key.col * _SIDE_PX))
        return _enlarged(self._near.levels[0].pixels, part, self._top_power - power, (0, 0))

    # Reading

    def _want(self, keys: list[TileKey]) -> None:
        if not keys:
            return
        with self._lock:
            # The first in the row is read last: what is in the middle of the screen comes early.
            for key in sorted(keys, key=lambda one: -_distance_to_middle(one, keys)):
                if time.monotonic() - self._unreadable.get(key, -math.inf) > _TRY_AGAIN_S:
                    self._wanted[key] = None
                    self._wanted.move_to_end(key)
            while len(self._wanted) > _MOST_WANTED:
                self._wanted.popitem(last=False)
            if self._wanted and self._reader is None:
                self._began = time.monotonic()
                self._reader = threading.Thread(target=self._read_wanted, name="tiles", daemon=True)
                self._reader.start()

    def _read_wanted(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._reader = None
                    return
                key, self._began = self._wanted.popitem()[0], time.monotonic()
                if key in self._tiles:
                    continue
            factor = 1 << key.power
            area = Rect(
                key.row * _SIDE_PX, key.col * _SIDE_PX, (key.row + 1) * _SIDE_PX, (key.col + 1) * _SIDE_PX
            ).intersect(self._bounds(key.power))
            try:
                tile = self._read(area, factor)
            except ImageFileError as error:
                self._failed(key, error)
                continue
            except Exception as error:  # noqa: BLE001 - the border of the thread: no tile may end it
                text = "A part of the image cannot be shown ({reason})."
                self._failed(key, ImageFileError(text, reason=first_line(error)))
                continue
            with self._lock:
                self._unreadable.pop(key, None)
                self._tiles[key] = tile
                self._bytes += tile.nbytes
                # Never so few that what is on the screen pushes itself out.
                while self._bytes > max(_BUDGET_BYTES, 2 * self._on_screen):
                    self._bytes -= self._tiles.popitem(last=False)[1].nbytes
            self._tell(Rect(*(n * factor for n in _ends(area))))

    def _read(self, area: Rect, factor: int) -> Stored:
        pixels = read_reduced(
            self._source, area, factor=factor, level=level_for(self._source, factor), t=self._t, z=self._z
        )
        stored = as_stored(pixels, self._near.offset, self._near.gain)
        return stored.astype(self._near.levels[0].pixels.dtype, copy=False)

    def _failed(self, key: TileKey, error: ImageFileError) -> None:
        with self._lock:
            is_first = not self._unreadable
            self._unreadable[key] = time.monotonic()
        if is_first:
            self._tell_failure(error)


def _nobody(_: object) -> None:
    """Hears what nobody listens to."""


def _ends(rect: Rect) -> tuple[int, int, int, int]:
    return rect.top, rect.left, rect.bottom, rect.right


def _spans(rect: Rect) -> tuple[tuple[int, int], tuple[int, int]]:
    return (rect.top, rect.bottom), (rect.left, rect.right)


def _distance_to_middle(key: TileKey, keys: list[TileKey]) -> float:
    row = (keys[0].row + keys[-1].row) / 2
    col = (keys[0].col + keys[-1].col) / 2
    return abs(key.row - row) + abs(key.col - col)


def _enlarged(pixels: Stored, part: Rect, up: int, origin: tuple[int, int]) -> Stored:
    """`part` from pixels 2ⁿ (n: `up`) as coarse, of which the first lies at `origin`; linear between them."""
    scale = 1 / (1 << up)
    return sample_linearly(
        pixels, part.top * scale - origin[0], part.left * scale - origin[1], scale, part.shape
    )
