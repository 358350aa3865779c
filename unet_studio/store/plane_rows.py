"""The rows of one plane as labels, instance table and checked area."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import msgspec

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.geometry import TileIndex
from unet_studio.core.instances import Instance, InstanceTable, Origin
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.store.checksums import check_rows
from unet_studio.store.edit_codec import area_from


@dataclass(frozen=True, slots=True, eq=False)
class PlaneRows:
    """One plane as it is on the disk. No tile is unpacked."""

    height: int
    width: int
    next_id: int
    labels: LabelTiles
    instances: InstanceTable
    checked: CheckedArea


def load_plane(connection: sqlite3.Connection, plane_id: int) -> PlaneRows:
    """Read a plane; the caller holds the lock. Raises sqlite3.DatabaseError if a row is damaged."""
    check_rows(connection, plane_id=plane_id)
    height, width, next_id, checked = connection.execute(
        "SELECT height, width, next_id, checked FROM planes WHERE id = ?", (plane_id,)
    ).fetchone()
    rows = connection.execute(
        "SELECT id, class_index, origin FROM instances WHERE plane_id = ?", (plane_id,)
    ).fetchall()
    instances = InstanceTable({r[0]: Instance(r[0], r[1], Origin(r[2])) for r in rows})
    packed: dict[TileIndex, bytes] = {}
    tiles = connection.execute("SELECT row, col, labels, counts FROM tiles WHERE plane_id = ?", (plane_id,))
    for row, col, labels, counts in tiles:
        index = TileIndex(row, col)
        packed[index] = labels
        instances.set_counts(index, msgspec.msgpack.decode(counts, type=dict[int, int]))
    return PlaneRows(
        height,
        width,
        next_id,
        LabelTiles(packed),
        instances,
        area_from(msgspec.msgpack.decode(checked)) if checked else CheckedArea(),
    )
