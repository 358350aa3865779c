"""The instance table: what every id is, and which tiles hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from unet_studio.core.geometry import TileIndex
from unet_studio.core.label_tiles import LabelArray

MAX_INSTANCE_ID = 2**31 - 1


class Origin(IntEnum):
    """Where an instance came from."""

    DRAWN = 0
    PROPOSED = 1


@dataclass(frozen=True, slots=True)
class Instance:
    """One row of the table. `class_index`: its label class; 1 is the first one."""

    id: int
    class_index: int = 1
    origin: Origin = Origin.DRAWN


def counted(ids: LabelArray) -> list[tuple[int, int]]:
    """How often each id occurs, ascending."""
    # Most tiles hold few ids near each other: there counting beats sorting.
    if ids.size == 0:
        return []
    least, most = int(ids.min()), int(ids.max())
    if most - least <= 4 * ids.size:
        counts = np.bincount(ids - least)
        places = counts.nonzero()[0]
        return list(zip((places + least).tolist(), counts[places].tolist(), strict=True))
    found, many = np.unique(ids, return_counts=True)
    return list(zip(found.tolist(), many.tolist(), strict=True))


class InstanceTable:
    """Rows by id, and the pixel count of every instance in every tile that holds it."""

    def __init__(self, rows: Mapping[int, Instance] | None = None) -> None:
        self._rows: dict[int, Instance] = dict(rows or {})
        self._pixels: dict[int, dict[TileIndex, int]] = {}

    def __contains__(self, instance_id: object) -> bool:
        return instance_id in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self._rows.values())

    def get(self, instance_id: int) -> Instance | None:
        """The row, or None if there is no such instance."""
        return self._rows.get(instance_id)

    def put(self, instance_id: int, row: Instance | None) -> None:
        """Set or (None) remove a row. Pixel counts are kept apart: see `count_change`."""
        if row is None:
            self._rows.pop(instance_id, None)
        else:
            self._rows[instance_id] = row

    def copy(self) -> InstanceTable:
        """An independent copy."""
        copy = InstanceTable(self._rows)
        copy._pixels = {instance_id: tiles.copy() for instance_id, tiles in self._pixels.items()}
        return copy

    def tiles_of(self, instance_id: int) -> set[TileIndex]:
        """The tiles that hold at least one pixel of the instance."""
        return set(self._pixels.get(instance_id, ()))

    def area_px(self, instance_id: int) -> int:
        """Number of pixels of the instance."""
        return sum(self._pixels.get(instance_id, {}).values())

    def free_ids(self, last: int) -> Iterator[int]:
        """Ids from 1 to `last` that no row has, ascending."""
        return (i for i in range(1, last + 1) if i not in self._rows)

    def count_change(self, index: TileIndex, before: LabelArray, after: LabelArray) -> list[int]:
        """Account for pixels of one tile that changed from `before` to `after` (same shape).

        Returns the ids that lost pixels.
        """
        changed = before != after
        lost: list[int] = []
        for values, sign in ((before, -1), (after, 1)):
            if any(values.strides):
                found = counted(values[changed & (values > 0)])
            else:  # One value in all of it, background as a rule.
                value, count = int(values.flat[0]) if values.size else 0, int(np.count_nonzero(changed))
                found = [(value, count)] if value > 0 and count else []
            for instance_id, count in found:
                self._add(instance_id, index, sign * count)
            if sign < 0:
                lost = [instance_id for instance_id, _ in found]
        return lost

    def set_counts(self, index: TileIndex, counts: Mapping[int, int]) -> None:
        """Load the stored pixel counts of one tile."""
        for instance_id, count in counts.items():
            self._add(instance_id, index, count)

    def _add(self, instance_id: int, index: TileIndex, count: int) -> None:
        tiles = self._pixels.setdefault(instance_id, {})
        total = tiles.get(index, 0) + count
        if total > 0:
            tiles[index] = total
        else:
            tiles.pop(index, None)
            if not tiles:
                del self._pixels[instance_id]
