"""The project database: its tables, its version, its way forward from older versions."""

from __future__ import annotations

import sqlite3

from unet_studio.core.errors import ProjectError

VERSION = 1

_TABLES = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,      -- POSIX, relative to the folder that holds the project, or absolute
    fingerprint TEXT NOT NULL,
    height INTEGER,                 -- NULL until the image was first opened
    width INTEGER,
    next_id INTEGER NOT NULL DEFAULT 1,
    checked BLOB,                   -- msgpack: [[top, left, bottom, right], …]
    is_checked INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0  -- number of the last edit in effect
);
CREATE TABLE tiles (
    image_id INTEGER NOT NULL REFERENCES images(id),
    row INTEGER NOT NULL,
    col INTEGER NOT NULL,
    labels BLOB NOT NULL,           -- zlib of little-endian int32 (256, 256)
    counts BLOB NOT NULL,           -- msgpack: {instance id: pixels in this tile}
    PRIMARY KEY (image_id, row, col)
) WITHOUT ROWID;
CREATE TABLE instances (
    image_id INTEGER NOT NULL REFERENCES images(id),
    id INTEGER NOT NULL,
    class_index INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    PRIMARY KEY (image_id, id)
) WITHOUT ROWID;
CREATE TABLE edits (
    image_id INTEGER NOT NULL REFERENCES images(id),
    number INTEGER NOT NULL,        -- 1, 2, …; those above images.position are undone
    name TEXT NOT NULL,
    made_at REAL NOT NULL,
    data BLOB NOT NULL,             -- see edit_codec
    PRIMARY KEY (image_id, number)
) WITHOUT ROWID;
CREATE TABLE proposals (
    image_id INTEGER PRIMARY KEY REFERENCES images(id),
    data BLOB NOT NULL              -- see proposal_codec
);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def prepare(connection: sqlite3.Connection, *, name: str) -> None:
    """Create the tables of a new database; refuse a newer one in words."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ProjectError(
            "The project {name} was made by a newer version of U-Net Studio (format {theirs}, this program "
            "knows {ours}): update the program.",
            name=name,
            theirs=version,
            ours=VERSION,
        )
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}PRAGMA user_version = {VERSION};COMMIT;")
