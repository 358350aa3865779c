"""The project database: its tables, its version, its way forward from older versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from unet_studio.core.errors import ProjectError
from unet_studio.store.checksums import COVERED

VERSION = 3
APPLICATION_ID = 0x554E5354  # "UNST" in the file's header: no other program's database

_IMAGES = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,             -- POSIX, relative to the folder that holds the project, or absolute
    fingerprint TEXT NOT NULL,      -- see store.fingerprint; '' until it could be read
    file_bytes INTEGER,             -- NULL until it could be read
    scene INTEGER NOT NULL DEFAULT 0,       -- which of the images in the file
    scene_name TEXT NOT NULL DEFAULT '',    -- '' for the only one, or until the file was opened
    UNIQUE (path, scene)
);
"""
_TABLES = """
CREATE TABLE planes (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images(id),
    t INTEGER NOT NULL,
    z INTEGER NOT NULL,
    height INTEGER NOT NULL,
    width INTEGER NOT NULL,
    next_id INTEGER NOT NULL,       -- the next new instance gets this id
    checked BLOB,                   -- msgpack: [[top, left, bottom, right], …]
    is_checked INTEGER NOT NULL,    -- 1: the whole plane is checked
    trimmed_id INTEGER NOT NULL DEFAULT 0,  -- the newest journal entry that was trimmed; 0: none was
    trimmed_at REAL,                -- its time
    checksum INTEGER NOT NULL,      -- see checksums.py, here and below
    UNIQUE (image_id, t, z)
);
CREATE TABLE tiles (
    plane_id INTEGER NOT NULL REFERENCES planes(id),
    row INTEGER NOT NULL,
    col INTEGER NOT NULL,
    labels BLOB NOT NULL,           -- zlib of little-endian int32 (256, 256)
    counts BLOB NOT NULL,           -- msgpack: {instance id: pixels in this tile}
    checksum INTEGER NOT NULL,
    PRIMARY KEY (plane_id, row, col)
) WITHOUT ROWID;
CREATE TABLE instances (
    plane_id INTEGER NOT NULL REFERENCES planes(id),
    id INTEGER NOT NULL,
    class_index INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (plane_id, id)
) WITHOUT ROWID;
CREATE TABLE journal (              -- append only, but for trimming: see journal.py and time_machine.py
    id INTEGER PRIMARY KEY,         -- in the order of the commits, over all planes
    plane_id INTEGER NOT NULL REFERENCES planes(id),
    at REAL NOT NULL,               -- seconds since the epoch
    step INTEGER NOT NULL,          -- 1 an edit was made, 2 undone, 3 made again
    edit_id INTEGER,                -- step 2, 3: the entry that made the edit; NULL if that was trimmed
    state INTEGER,                  -- step 1: 0 the edit is in effect, 1 undone, 2 undone and replaced
    name TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB                       -- step 1: see edit_codec
);
CREATE INDEX journal_of_plane ON journal(plane_id, id);
CREATE INDEX journal_in_effect ON journal(plane_id, id) WHERE state = 0;
CREATE INDEX journal_undone ON journal(plane_id, id) WHERE state = 1;
CREATE INDEX journal_cuts ON journal(plane_id, id) WHERE step != 1 AND edit_id IS NULL;
CREATE TABLE journal_size (bytes INTEGER NOT NULL);
INSERT INTO journal_size VALUES (0);
CREATE TRIGGER journal_grows AFTER INSERT ON journal BEGIN
    UPDATE journal_size SET bytes = bytes + 100 + COALESCE(LENGTH(NEW.data), 0);
END;
CREATE TRIGGER journal_shrinks AFTER DELETE ON journal BEGIN
    UPDATE journal_size SET bytes = bytes - 100 - COALESCE(LENGTH(OLD.data), 0);
END;
CREATE TABLE proposals (
    plane_id INTEGER PRIMARY KEY REFERENCES planes(id),
    data BLOB NOT NULL,             -- see proposal_codec
    checksum INTEGER NOT NULL
);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_IMAGES_2 = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    file_bytes INTEGER
);
"""

# Version 1 knew one plane per image, kept only the undo stack, and forgot an undone edit when another one
# was made. Its undone edits become entries with an undo each, so that the journal tells the present.
_FROM_1 = f"""
ALTER TABLE images RENAME TO images_1;
ALTER TABLE tiles RENAME TO tiles_1;
ALTER TABLE instances RENAME TO instances_1;
ALTER TABLE proposals RENAME TO proposals_1;
ALTER TABLE settings RENAME TO settings_1;
{_IMAGES_2}
{_TABLES}
INSERT INTO images SELECT id, path, fingerprint, NULL FROM images_1;
INSERT INTO planes SELECT id, id, 0, 0, height, width, next_id, checked, is_checked, 0, NULL, 0
    FROM images_1 WHERE height IS NOT NULL;
INSERT INTO tiles SELECT *, 0 FROM tiles_1;
INSERT INTO instances SELECT *, 0 FROM instances_1;
INSERT INTO proposals SELECT *, 0 FROM proposals_1;
INSERT INTO settings SELECT * FROM settings_1;
INSERT INTO journal (plane_id, at, step, state, name, checksum, data)
    SELECT image_id, made_at, 1, number > position, name, 0, data FROM (
        SELECT edits.*, position,
            MAX(made_at) OVER (PARTITION BY image_id ORDER BY number) AS not_before
        FROM edits JOIN images_1 ON images_1.id = image_id)
    ORDER BY not_before, image_id, number;
INSERT INTO journal (plane_id, at, step, edit_id, name, checksum)
    SELECT plane_id, at, 2, id, name, 0 FROM journal WHERE state = 1 ORDER BY plane_id, id DESC;
{"".join(f"UPDATE {table} SET checksum = row_checksum({columns});" for table, columns in COVERED.items())}
DROP TABLE edits; DROP TABLE tiles_1; DROP TABLE instances_1; DROP TABLE proposals_1; DROP TABLE settings_1;
DROP TABLE images_1;
"""

# Version 2 knew one image per file. The table is replaced: its constraint cannot be altered, and a renamed
# one would take the references of the other tables along.
_FROM_2 = f"""
{_IMAGES.replace("TABLE images", "TABLE images_3")}
INSERT INTO images_3 (id, path, fingerprint, file_bytes) SELECT id, path, fingerprint, file_bytes FROM images;
DROP TABLE images;
ALTER TABLE images_3 RENAME TO images;
"""

_MIGRATIONS = {1: _FROM_1, 2: _FROM_2}
"""From this version to the next one."""


class NotAProject(sqlite3.DatabaseError):
    """A database that holds something else, or whose header is destroyed."""


def prepare(connection: sqlite3.Connection, *, name: str, before_upgrade: Callable[[int], None]) -> None:
    """Create the tables of a new database, or bring an older one forward, step by step.

    `before_upgrade` gets the old version before anything is altered. Raises ProjectError for a newer
    database, NotAProject for a foreign one, sqlite3.Error (with nothing altered) if it does not work.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    is_empty = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0
    if is_empty != (version == 0) or (version > 1 and application != APPLICATION_ID):
        raise NotAProject("it is not a database of U-Net Studio, or its header is destroyed")
    if version > VERSION:
        raise ProjectError(
            "The project {name} was made by a newer version of U-Net Studio (format {theirs}, this program "
            "knows {ours}): update the program.",
            name=name,
            theirs=version,
            ours=VERSION,
        )
    if version == 0:
        _run(connection, _IMAGES + _TABLES, VERSION)
    elif version < VERSION:
        before_upgrade(version)
        for step in range(version, VERSION):
            _run(connection, _MIGRATIONS[step], step + 1)


def _run(connection: sqlite3.Connection, script: str, version: int) -> None:
    stamp = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};"
    try:
        connection.executescript(f"BEGIN IMMEDIATE;{script}{stamp}COMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
