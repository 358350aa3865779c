"""A checksum in every row that a person's work depends on.

SQLite notices a broken page, not a flipped byte inside a value. The SQL function `row_checksum` is
registered with every connection, so that rows are written, migrated and checked by the same words.
"""

from __future__ import annotations

import sqlite3
import zlib

COVERED = {
    "planes": "id, image_id, t, z, height, width, next_id, checked, is_checked",
    "tiles": "plane_id, row, col, labels, counts",
    "instances": "plane_id, id, class_index, origin",
    "journal": "plane_id, at, step, name, data",
    "proposals": "plane_id, data",
}
"""Table → the columns its `checksum` covers."""


def checksum(*values: object) -> int:
    """CRC-32 over the values in order."""
    crc = 0
    for value in values:
        crc = zlib.crc32(value if isinstance(value, bytes) else repr(value).encode(), crc)
        crc = zlib.crc32(b"\0", crc)
    return crc


def add_checksums(connection: sqlite3.Connection) -> None:
    """Make `row_checksum` known to a connection."""
    connection.create_function("row_checksum", -1, checksum, deterministic=True)


def check_rows(connection: sqlite3.Connection, *, plane_id: int | None = None) -> None:
    """Raise sqlite3.DatabaseError if a row of a plane's labels, or of any table, is not what was written."""
    for table in COVERED if plane_id is None else ("planes", "tiles", "instances"):
        key = "id" if table == "planes" else "plane_id"
        where = "" if plane_id is None else f"{key} = {plane_id:d} AND "
        query = f"SELECT 1 FROM {table} WHERE {where}checksum != row_checksum({COVERED[table]}) LIMIT 1"
        if connection.execute(query).fetchone() is not None:
            raise sqlite3.DatabaseError(f"a row of {table} is not what was written")
