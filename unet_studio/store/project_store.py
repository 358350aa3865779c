"""ProjectStore: a project folder — its images, their labels, its settings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.document import Change, Document
from unet_studio.core.errors import ProjectError
from unet_studio.core.geometry import TileIndex
from unet_studio.core.history import History
from unet_studio.core.instances import Instance, InstanceTable, Origin
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.core.proposals import Proposals
from unet_studio.store import schema
from unet_studio.store.edit_codec import PackedEdit, area_from
from unet_studio.store.journal import (
    EditCommit,
    Journal,
    Listener,
    ProposalsCommit,
    SettingCommit,
    transaction,
)
from unet_studio.store.project_lock import read_owner, remove_owner, write_owner
from unet_studio.store.proposal_codec import pack_proposals, unpack_proposals

PROJECT_ENDING = ".unetproject"
DATABASE_NAME = "project.sqlite"
_FINGERPRINT_BYTES = 65536


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of a project."""

    id: int
    path: Path
    is_checked: bool
    instances: int


class ProjectStore:
    """An open project. One process at a time may hold it."""

    def __init__(self, folder: Path, listener: Listener | None = None) -> None:
        """Open the project in `folder`, creating what is missing.

        Raises ProjectError if it is open elsewhere, damaged, from a newer version or cannot be written.
        """
        self.folder = folder.absolute()
        self._lock = threading.RLock()
        self._connection = _connect(self.folder)
        write_owner(self.folder)
        self.journal = Journal(self._connection, self._lock, listener or Listener())

    @property
    def name(self) -> str:
        """The folder's name without its ending."""
        return self.folder.name.removesuffix(PROJECT_ENDING)

    def close(self, *, timeout_s: float = 30.0) -> bool:
        """Wait for the journal, then close. False (and still open) if not all could be written."""
        if not self.journal.flush(timeout_s):
            return False
        self.abandon()
        return True

    def abandon(self) -> None:
        """Close without waiting: commits that could not be written are lost."""
        self.journal.close()
        with self._lock:
            self._connection.close()
        remove_owner(self.folder)

    # Images

    def add_images(self, paths: Iterable[Path]) -> list[int]:
        """Add image files that are not in the project yet; returns the ids of all given."""
        ids = []
        with self._told(), self._lock, transaction(self._connection) as cursor:
            known = dict(cursor.execute("SELECT path, id FROM images").fetchall())
            for path in paths:
                stored = self._stored_path(path)
                if stored not in known:
                    cursor.execute(
                        "INSERT INTO images (path, fingerprint) VALUES (?, ?)", (stored, fingerprint(path))
                    )
                    known[stored] = int(cursor.lastrowid or 0)
                ids.append(known[stored])
        return ids

    def images(self) -> list[ImageRecord]:
        """All images in the order they were added."""
        query = (
            "SELECT id, path, is_checked, (SELECT COUNT(*) FROM instances WHERE image_id = images.id) "
            "FROM images ORDER BY id"
        )
        with self._told(), self._lock:
            rows = self._connection.execute(query).fetchall()
        return [
            ImageRecord(i, self._full_path(path), bool(checked), count) for i, path, checked, count in rows
        ]

    # Documents

    def load_document(self, image_id: int, *, height: int, width: int) -> Document:
        """The document of an image whose plane has this size.

        Raises ProjectError if the labels were made for another size.
        """
        with self._told(), self._lock:
            row = self._connection.execute(
                "SELECT height, width, next_id, checked, position, path FROM images WHERE id = ?", (image_id,)
            ).fetchone()
            if row[0] is None:
                with transaction(self._connection) as cursor:
                    cursor.execute(
                        "UPDATE images SET height = ?, width = ? WHERE id = ?", (height, width, image_id)
                    )
            elif (row[0], row[1]) != (height, width):
                raise ProjectError(
                    "{name} is now {height}×{width} px, but its labels were made at {old_height}×{old_width} "
                    "px: put the original image back, or add the new one under another name.",
                    name=PurePosixPath(row[5]).name,
                    height=height,
                    width=width,
                    old_height=row[0],
                    old_width=row[1],
                )
            labels, instances = self._load_labels(image_id)
            edits = self._connection.execute(
                "SELECT name, made_at, data FROM edits WHERE image_id = ? ORDER BY number", (image_id,)
            ).fetchall()
            done = self._connection.execute(
                "SELECT COUNT(*) FROM edits WHERE image_id = ? AND number <= ?", (image_id, row[4])
            ).fetchone()[0]
        checked = area_from(msgspec.msgpack.decode(row[3])) if row[3] else CheckedArea()
        history = History((PackedEdit(*edit) for edit in edits), done=done)
        return Document(
            height,
            width,
            labels=labels,
            instances=instances,
            checked=checked,
            history=history,
            next_id=row[2],
        )

    def load_stored_document(self, image_id: int) -> Document:
        """The document of an image that has been opened before; the image file is not needed."""
        with self._told(), self._lock:
            height, width = self._connection.execute(
                "SELECT height, width FROM images WHERE id = ?", (image_id,)
            ).fetchone()
        return self.load_document(image_id, height=height, width=width)

    def record(self, image_id: int, document: Document, change: Change) -> None:
        """Hand the edit of a change to the journal; returns at once."""
        if change.edit is None:
            return
        tiles = tuple((index, document.labels.tile(index)) for index in {d.index for d in change.edit.tiles})
        self.journal.submit(
            EditCommit(image_id, change.step, change.edit, tiles, document.next_id, document.is_checked)
        )

    # Proposals

    def load_proposals(self, image_id: int) -> Proposals | None:
        """The proposals that wait on an image."""
        with self._told(), self._lock:
            row = self._connection.execute(
                "SELECT data FROM proposals WHERE image_id = ?", (image_id,)
            ).fetchone()
        return unpack_proposals(row[0]) if row else None

    def record_proposals(self, image_id: int, proposals: Proposals) -> None:
        """Hand the proposals, as they are now, to the journal; returns at once."""
        # The tiles of proposals never change; the state does, so the writer gets its own copy.
        snapshot = Proposals(
            proposals.tiles.snapshot(),
            proposals.table,
            proposals.model,
            dict(proposals.accepted),
            set(proposals.rejected),
        )
        self.journal.submit(ProposalsCommit(image_id, lambda: pack_proposals(snapshot)))

    # Settings

    def setting(self, key: str) -> str | None:
        """A value remembered with the project."""
        with self._told(), self._lock:
            row = self._connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def record_setting(self, key: str, value: str) -> None:
        """Hand a value to remember to the journal; returns at once."""
        self.journal.submit(SettingCommit(key, value))

    # Inside

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the database refuses, in words."""
        try:
            yield
        except sqlite3.Error as error:
            raise ProjectError(
                "The project {name} cannot be read or written now: {reason}. Check the disk and its free "
                "space.",
                name=self.name,
                reason=error,
            ) from error

    def _load_labels(self, image_id: int) -> tuple[LabelTiles, InstanceTable]:
        rows = self._connection.execute(
            "SELECT id, class_index, origin FROM instances WHERE image_id = ?", (image_id,)
        ).fetchall()
        instances = InstanceTable({r[0]: Instance(r[0], r[1], Origin(r[2])) for r in rows})
        packed: dict[TileIndex, bytes] = {}
        tiles = self._connection.execute(
            "SELECT row, col, labels, counts FROM tiles WHERE image_id = ?", (image_id,)
        )
        for row, col, labels, counts in tiles:
            index = TileIndex(row, col)
            packed[index] = labels
            instances.set_counts(index, msgspec.msgpack.decode(counts, type=dict[int, int]))
        return LabelTiles(packed), instances

    def _stored_path(self, path: Path) -> str:
        try:
            return PurePosixPath(*Path(os.path.relpath(path.absolute(), self.folder.parent)).parts).as_posix()
        except ValueError:  # Another drive on Windows.
            return path.absolute().as_posix()

    def _full_path(self, stored: str) -> Path:
        return Path(os.path.normpath(self.folder.parent / stored))


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's size and its first and last 64 KiB: finds a moved file again, quickly.

    "" for a file that cannot be read.
    """
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_FINGERPRINT_BYTES))
            file.seek(max(0, size - _FINGERPRINT_BYTES))
            digest.update(file.read(_FINGERPRINT_BYTES))
    except OSError:
        return ""  # It is told when the person opens this very image.
    return digest.hexdigest()


def _connect(folder: Path) -> sqlite3.Connection:
    path = folder / DATABASE_NAME
    name = folder.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            # Exclusive before WAL: no shared memory, so it works on a network share, and a second
            # window is refused.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            schema.prepare(connection, name=name)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise ProjectError(
            "The project {folder} cannot be created: {reason}.", folder=folder, reason=error.strerror
        ) from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ProjectError(
                "The project {name} is already open ({owner}): close it there first.",
                name=name,
                owner=read_owner(folder),
            ) from error
        raise ProjectError(
            "The project {folder} cannot be opened: {reason}. Check that the folder can be written and the "
            "disk is not full.",
            folder=folder,
            reason=error,
        ) from error
    except sqlite3.DatabaseError as error:
        raise ProjectError(
            "The project database {path} is damaged ({reason}). It was left as it is: restore it from a "
            "backup.",
            path=path,
            reason=error,
        ) from error
    return connection
