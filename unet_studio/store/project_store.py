"""ProjectStore: a project folder — its images, their planes' labels, its settings."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from unet_studio.core.checked_area import CheckedState
from unet_studio.core.classes import ClassTable
from unet_studio.core.document import Change, Document
from unet_studio.core.errors import ImageFileError, PlaneSizeError, ProjectError
from unet_studio.core.history import DEFAULT_BUDGET_BYTES, DEFAULT_STEPS, History
from unet_studio.core.past import Past
from unet_studio.core.proposals import Proposals
from unet_studio.store.backups import FIRST_AFTER_S, INTERVAL_S, BackupKeeper, copy_database
from unet_studio.store.checksums import COVERED
from unet_studio.store.database import DATABASE_NAME, connect, lost_drive, told
from unet_studio.store.edit_codec import PackedEdit
from unet_studio.store.fingerprint import UNKNOWN, Fingerprint, find_near, fingerprint
from unet_studio.store.journal import (
    JOURNAL_BUDGET_BYTES,
    RETRY_S,
    EditCommit,
    Journal,
    Listener,
    Moment,
    ProposalsCommit,
    SettingCommit,
    seal_plane,
    transaction,
)
from unet_studio.store.plane_rows import load_plane
from unet_studio.store.project_lock import remove_owner, write_owner
from unet_studio.store.proposal_codec import pack_proposals, unpack_proposals
from unet_studio.store.time_machine import Timeline, TimeMachine, read_timeline

PROJECT_ENDING = ".unetproject"
MODELS_NAME = "models"
_HANG_S = 3.0
_BUDGET_KEY = "journal_budget_bytes"
_CLASSES_KEY = "classes"
_USED = " UNION ALL ".join(
    [
        f"SELECT 1 FROM {table} WHERE plane_id IN (SELECT id FROM planes WHERE image_id = :image)"
        for table in ("tiles", "journal", "proposals")
    ]
    + ["SELECT 1 FROM planes WHERE image_id = :image AND trimmed_id > 0 LIMIT 1"]
)
"""A row if something was drawn on an image."""
_HAS_CHECKED = "checked IS NOT NULL AND LENGTH(checked) > 1"
"""Of a plane; no rectangles are one byte."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of a project."""

    id: int
    path: Path
    is_checked: bool
    """Every plane is, and all of it."""
    checked_planes: int
    """Planes of which something is."""
    instances: int
    fingerprint: Fingerprint
    scene: int = 0
    """Which of the images in the file."""
    scene_name: str = ""
    """Empty for the only one."""

    @property
    def title(self) -> str:
        """What a person calls it: the file's name, and the scene's where there are several."""
        return f"{self.path.name} – {self.scene_name}" if self.scene_name else self.path.name

    @property
    def stem(self) -> str:
        """What files about it are called."""
        return f"{self.path.stem}_s{self.scene + 1:02}" if self.scene_name else self.path.stem


@dataclass(frozen=True, slots=True)
class PlanePlace:
    """A plane's id, where in its image it is, and its height and width."""

    id: int
    t: int
    z: int
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class StackState:
    """All planes of an image: how much is checked, by plane id, and the first free instance number."""

    checked: dict[int, CheckedState]
    next_id: int


@dataclass(frozen=True, slots=True)
class JournalSize:
    """Bytes the journal takes and may take."""

    used: int
    budget: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds until a failed commit is tried again, and between backups."""

    retry_s: float = RETRY_S
    first_backup_s: float = FIRST_AFTER_S
    backup_interval_s: float = INTERVAL_S


class ProjectStore:
    """An open project. One process at a time may hold it."""

    def __init__(
        self, folder: Path, listener: Listener | None = None, *, timing: Timing | None = None
    ) -> None:
        """Open the project in `folder`, creating what is missing.

        Raises DamagedProjectError, or ProjectError if it is open elsewhere, from a newer version or cannot
        be written.
        """
        self._listener = listener or Listener()
        self._timing = timing or Timing()
        self._lock = threading.RLock()
        self._direct_writes = threading.Lock()
        self.folder = folder.absolute()
        self._connection = connect(self.folder)
        self._settings: dict[str, str] = dict(self._connection.execute("SELECT key, value FROM settings"))
        write_owner(self.folder)
        self.journal = Journal(
            self._connection,
            self._lock,
            self._listener,
            retry_s=self._timing.retry_s,
            budget_bytes=int(self._settings.get(_BUDGET_KEY, JOURNAL_BUDGET_BYTES)),
            explain=lambda error: lost_drive(self.folder) or str(error) or type(error).__name__,
        )
        self._keep_backups()

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
        """Close without waiting: commits that could not be written are lost.

        What hangs in a write to a lost disk is left alone after a moment.
        """
        self._backups.close(_HANG_S)
        self.journal.close(_HANG_S)
        letting_go = threading.Thread(target=self._let_go, name="close", daemon=True)
        letting_go.start()
        letting_go.join(_HANG_S)

    def _let_go(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()
        remove_owner(self.folder)

    def continue_in(self, folder: Path) -> None:
        """Copy the project to `folder` and go on there: what waits in the journal is written there.

        For a disk that is full or fails. The old folder stays as it is. Raises ProjectError, with
        everything as it was, if the copy cannot be made.
        """
        folder = folder.absolute()
        if (folder / DATABASE_NAME).exists():
            raise ProjectError(
                "There is a project in {folder} already: choose another folder.", folder=folder
            )
        if not self._lock.acquire(timeout=_HANG_S):
            raise ProjectError(
                "The disk of {name} does not answer, so the project cannot be copied now: reconnect it. What "
                "you draw is kept in memory.",
                name=self.name,
            )
        # Nothing may be written to the old place once the copy has begun.
        self.journal.pause()
        self._lock.release()
        with self._direct_writes:
            try:
                connection = self._copied_to(folder)
            except ProjectError:
                with self._lock:
                    self.journal.resume(self._connection)
                raise
            with self._lock:
                old_folder, self.folder = self.folder, folder
                old, self._connection = self._connection, connection
                self.journal.resume(connection)
        self._backups.close(_HANG_S)
        with contextlib.suppress(sqlite3.Error):
            old.close()  # It may fail for the reason that brought us here.
        remove_owner(old_folder)
        write_owner(folder)
        self._keep_backups()

    def _copied_to(self, folder: Path) -> sqlite3.Connection:
        """The open copy of this project in `folder`, with its models. Raises ProjectError."""
        connection = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            copy_database(self._connection, self._lock, folder / DATABASE_NAME)
            models = self.folder / MODELS_NAME
            if models.is_dir():
                shutil.copytree(models, folder / MODELS_NAME, dirs_exist_ok=True)
            connection = connect(folder)
            rows = connection.execute("SELECT id, path FROM images").fetchall()
            moved = [(_stored_path(self._full_path(path), folder), image_id) for image_id, path in rows]
            with transaction(connection) as cursor:
                # In two steps: one image's new path may be another one's old path.
                cursor.execute("UPDATE images SET path = '//' || id")
                cursor.executemany("UPDATE images SET path = ? WHERE id = ?", moved)
        except (OSError, sqlite3.Error, ProjectError) as error:
            if connection is not None:
                connection.close()
            with contextlib.suppress(OSError):
                (folder / DATABASE_NAME).unlink(missing_ok=True)
            raise ProjectError(
                "The project cannot be copied to {folder}: {reason}. Choose a folder on another drive.",
                folder=folder,
                reason=error,
            ) from error
        return connection

    # Images

    def add_images(self, paths: Iterable[Path]) -> list[int]:
        """Add image files that are not in the project yet; returns the ids of all given.

        A file with the fingerprint of an image whose own file is gone is that image, renamed or moved.
        """
        ids, found = [], {}
        known = {record.path for record in self.images()}
        for path in paths:
            # Before the lock: a share may take its time.
            found[path] = UNKNOWN if path.absolute() in known else fingerprint(path)
        with self._told(), self._writing() as cursor:
            rows = cursor.execute("SELECT path, id, fingerprint FROM images WHERE scene = 0").fetchall()
            known_ids = {path: image_id for path, image_id, _ in rows}
            missing: dict[str, int] | None = None
            for path, mark in found.items():
                stored = self._stored_path(path)
                if stored not in known_ids:
                    if missing is None:
                        missing = {d: i for p, i, d in rows if d and is_gone(self._full_path(p))}
                    values = (stored, mark.digest, mark.file_bytes)
                    moved = next((one for one in (mark.digest, mark.former) if one in missing), None)
                    if moved is not None:
                        image_id = missing.pop(moved)
                        cursor.execute(
                            "UPDATE images SET path = ?, fingerprint = ?, file_bytes = ? "
                            "WHERE path = (SELECT path FROM images WHERE id = ?)",
                            (*values, image_id),
                        )
                    else:
                        query = "INSERT INTO images (path, fingerprint, file_bytes) VALUES (?, ?, ?)"
                        image_id = int(cursor.execute(query, values).lastrowid or 0)
                    known_ids[stored] = image_id
                ids.append(known_ids[stored])
        return ids

    def images(self) -> list[ImageRecord]:
        """All images in the order their files were added; those of one file together."""
        query = (
            "SELECT id, path, "
            "COALESCE((SELECT MIN(is_checked) FROM planes WHERE image_id = images.id), 0), "
            f"(SELECT COUNT(*) FROM planes WHERE image_id = images.id AND {_HAS_CHECKED}), "
            "(SELECT COUNT(*) FROM instances JOIN planes ON planes.id = plane_id "
            " WHERE image_id = images.id), "
            "fingerprint, file_bytes, scene, scene_name FROM images "
            "ORDER BY (SELECT MIN(id) FROM images AS one WHERE one.path = images.path), scene"
        )
        with self._told(), self._lock:
            rows = self._connection.execute(query).fetchall()
        return [
            ImageRecord(
                i, self._full_path(path), bool(all_), some, count, Fingerprint(digest, size), scene, name
            )
            for i, path, all_, some, count, digest, size, scene, name in rows
        ]

    def image_file(self, image_id: int) -> tuple[Path, Fingerprint]:
        """Where an image's file is, and its fingerprint, as they are known now."""
        with self._told(), self._lock:
            path, digest, size = self._connection.execute(
                "SELECT path, fingerprint, file_bytes FROM images WHERE id = ?", (image_id,)
            ).fetchone()
        return self._full_path(path), Fingerprint(digest, size)

    def images_of_file(self, path: Path) -> list[int]:
        """The images (scenes) of one file."""
        with self._told(), self._lock:
            rows = self._connection.execute(
                "SELECT id FROM images WHERE path = ?", (self._stored_path(path),)
            ).fetchall()
        return [row[0] for row in rows]

    def add_scenes(self, image_id: int, names: Sequence[str]) -> bool:
        """The file of an image holds several, of these names, the image being the first of them. True if some
        were not known yet."""
        with self._told(), self._writing() as cursor:
            path, digest, size = cursor.execute(
                "SELECT path, fingerprint, file_bytes FROM images WHERE id = ?", (image_id,)
            ).fetchone()
            known = {
                row[0]
                for row in cursor.execute("SELECT scene FROM images WHERE path = ?", (path,)).fetchall()
            }
            for scene, name in enumerate(names):
                if scene in known:
                    query = "UPDATE images SET scene_name = ? WHERE path = ? AND scene = ?"
                    cursor.execute(query, (name, path, scene))
                else:
                    cursor.execute(
                        "INSERT INTO images (path, fingerprint, file_bytes, scene, scene_name) "
                        "VALUES (?, ?, ?, ?, ?)",
                        (path, digest, size, scene, name),
                    )
        return len(names) > len(known)

    def set_image_file(self, image_id: int, path: Path) -> Fingerprint:
        """The image is in this file from now on; its labels stay. Returns the file's fingerprint.

        If the file was another image's, and the fingerprints show that it was not that one's own, the two
        change places. Raises ProjectError if it is another image's own file.
        """
        stored, found = self._stored_path(path), fingerprint(path)
        with self._told(), self._writing() as cursor:
            old, own = cursor.execute(
                "SELECT path, fingerprint FROM images WHERE id = ?", (image_id,)
            ).fetchone()
            other = cursor.execute(
                "SELECT path, fingerprint FROM images WHERE path = ? AND path != ?", (stored, old)
            ).fetchone()
            if other is not None:
                if not found.is_of(own) or found.is_of(other[1]):
                    raise ProjectError(
                        "{name} is an image of this project already: choose the file the labels were "
                        "drawn on.",
                        name=path.name,
                    )
                away = f"//{image_id}"
                cursor.execute("UPDATE images SET path = ? WHERE path = ?", (away, old))
                cursor.execute("UPDATE images SET path = ? WHERE path = ?", (old, stored))
                old = away
            # All images of the file go along.
            cursor.execute(
                "UPDATE images SET path = ?, fingerprint = ?, file_bytes = ? WHERE path = ?",
                (stored, found.digest, found.file_bytes, old),
            )
        return found

    def find_image_file(self, record: ImageRecord) -> Path | None:
        """Where an image that is missing or altered is now, by its fingerprint; None if not near by.

        Near: the project's surroundings, the image's old folder, and that folder's parent.
        """
        roots = (record.path.parent, self.folder.parent, record.path.parent.parent)
        # A twin, the same picture added twice, is in its own place.
        twins = set()
        for other in self.images():
            if other.id == record.id and other.path != record.path and not is_gone(other.path):
                return other.path  # Another image of the same file was looked for before.
            if other.fingerprint.digest == record.fingerprint.digest:
                twins.add(other.path)
        return find_near(record.path, record.fingerprint, roots, not_these=twins)

    # Documents

    def open_plane(self, image_id: int, *, height: int, width: int, t: int = 0, z: int = 0) -> int:
        """The id of an image's plane, which has this size; made when it is first opened.

        Raises ProjectError if its labels were made for another size.
        """
        with self._told(), self._writing() as cursor:
            row = cursor.execute(
                "SELECT planes.id, height, width, path FROM planes JOIN images ON images.id = image_id "
                "WHERE image_id = ? AND t = ? AND z = ?",
                (image_id, t, z),
            ).fetchone()
            if row is None:
                cursor.execute(
                    "INSERT INTO planes (image_id, t, z, height, width, next_id, is_checked, checksum) "
                    "VALUES (?, ?, ?, ?, ?, 1, 0, 0)",
                    (image_id, t, z, height, width),
                )
                plane_id = int(cursor.lastrowid or 0)
                seal_plane(cursor, plane_id)
                return plane_id
        if (row[1], row[2]) != (height, width):
            raise PlaneSizeError(
                "{name} is now {height}×{width} px, but its labels were made at {old_height}×{old_width} "
                "px: put the original image back, or add the new one under another name.",
                name=PurePosixPath(row[3]).name,
                height=height,
                width=width,
                old_height=row[1],
                old_width=row[2],
            )
        return int(row[0])

    def know_planes(self, image_id: int, *, t: int, z: int, height: int, width: int) -> StackState:
        """Make the planes of a stack known, so that one checked plane does not stand for all of them.

        Returns what they are, and the first number no instance of any of them has had.
        """
        with self._told(), self._writing() as cursor:
            known = set(cursor.execute("SELECT t, z FROM planes WHERE image_id = ?", (image_id,)))
            for place in ((at, deep) for at in range(t) for deep in range(z)):
                if place not in known:
                    cursor.execute(
                        "INSERT INTO planes (image_id, t, z, height, width, next_id, is_checked, checksum) "
                        "VALUES (?, ?, ?, ?, ?, 1, 0, 0)",
                        (image_id, *place, height, width),
                    )
                    seal_plane(cursor, int(cursor.lastrowid or 0))
            rows = cursor.execute(
                f"SELECT id, is_checked + ({_HAS_CHECKED}), next_id FROM planes WHERE image_id = ?",
                (image_id,),
            ).fetchall()
        return StackState({row[0]: CheckedState(row[1]) for row in rows}, max(row[2] for row in rows))

    def is_drawn_on(self, image_id: int) -> bool:
        """True if something was ever drawn or proposed on an image, as far as the disk knows."""
        with self._told(), self._lock:
            return self._connection.execute(_USED, {"image": image_id}).fetchone() is not None

    def forget_blank_planes(self, image_id: int) -> bool:
        """Forget the size of an image nothing was ever drawn on; False, and nothing done, if it was."""
        with self._told(), self._writing() as cursor:
            if cursor.execute(_USED, {"image": image_id}).fetchone() is not None:
                return False
            cursor.execute("DELETE FROM planes WHERE image_id = ?", (image_id,))
        return True

    def plane_places(self, image_id: int) -> list[PlanePlace]:
        """The planes of an image that have been opened, and where in it they are."""
        with self._told(), self._lock:
            rows = self._connection.execute(
                "SELECT id, t, z, height, width FROM planes WHERE image_id = ? ORDER BY t, z", (image_id,)
            ).fetchall()
        return [PlanePlace(plane_id, t, z, (height, width)) for plane_id, t, z, height, width in rows]

    def classes(self) -> ClassTable:
        """The project's label classes; the usual one if there are none, or a newer program's."""
        stored = self._settings.get(_CLASSES_KEY)
        try:
            return msgspec.json.decode(stored, type=ClassTable) if stored else ClassTable()
        except msgspec.DecodeError:
            return ClassTable()

    def record_classes(self, classes: ClassTable) -> None:
        """Remember the label classes."""
        self.record_setting(_CLASSES_KEY, msgspec.json.encode(classes).decode())

    def load_document(self, plane_id: int) -> Document:
        """A plane's labels with the newest edits for undo; the image file is not needed."""
        with self._told(), self._lock:
            plane = load_plane(self._connection, plane_id)
            done, undone = self._load_edits(plane_id)
        return Document(
            plane.height,
            plane.width,
            labels=plane.labels,
            instances=plane.instances,
            checked=plane.checked,
            history=History([*done, *undone], done=len(done)),
            next_id=plane.next_id,
        )

    def record(self, plane_id: int, document: Document, change: Change) -> None:
        """Hand the edit of a change to the journal; returns at once."""
        if change.edit is None:
            return
        touched = {delta.index for delta in change.edit.tiles}
        tiles = tuple((index, document.labels.settled(index)) for index in touched)
        self.journal.submit(
            EditCommit(plane_id, change.step, change.edit, tiles, document.next_id, document.is_checked)
        )

    # The past

    def timeline(self, plane_id: int, *, older_than: int | None = None, count: int = 500) -> Timeline:
        """The moments of a plane that can be visited, newest first."""
        with self._told(), self._lock:
            return read_timeline(self._connection, plane_id, older_than=older_than, count=count)

    def time_machine(self, plane_id: int) -> TimeMachine:
        """A walk through the past of a plane."""
        with self._told():
            return TimeMachine(lambda: self._connection, self._lock, plane_id)

    def visit(self, machine: TimeMachine, moment: Moment) -> Past:
        """The plane of a time machine after a moment. Raises ProjectError if that was trimmed meanwhile."""
        with self._told():
            return machine.visit(moment.id)

    def journal_size(self) -> JournalSize:
        """How large the journal is and may become."""
        with self._told(), self._lock:
            used = self._connection.execute("SELECT bytes FROM journal_size").fetchone()[0]
        return JournalSize(used, self.journal.budget_bytes)

    def set_journal_budget(self, budget_bytes: int) -> None:
        """How much the journal of this project may take, from the next edit on."""
        self.journal.budget_bytes = budget_bytes
        self.record_setting(_BUDGET_KEY, str(budget_bytes))

    # Proposals

    def load_proposals(self, plane_id: int) -> Proposals | None:
        """The proposals that wait on a plane."""
        with self._told(), self._lock:
            row = self._connection.execute(
                f"SELECT data, checksum = row_checksum({COVERED['proposals']}) FROM proposals "
                "WHERE plane_id = ?",
                (plane_id,),
            ).fetchone()
            if row and not row[1]:
                raise sqlite3.DatabaseError("a row of proposals is not what was written")
            return unpack_proposals(row[0]) if row else None

    def record_proposals(self, plane_id: int, proposals: Proposals) -> None:
        """Hand the proposals, as they are now, to the journal; returns at once."""
        # What is in a tile never changes; the rest does, so the writer gets its own copy.
        snapshot = Proposals(
            proposals.tiles.snapshot(),
            dict(proposals.table),
            proposals.model,
            dict(proposals.accepted),
            set(proposals.rejected),
            proposals.made_at,
            None if proposals.covered is None else list(proposals.covered),
            proposals.scale,
        )
        self.journal.submit(ProposalsCommit(plane_id, lambda: pack_proposals(snapshot)))

    # Settings

    def setting(self, key: str) -> str | None:
        """A value remembered with the project; from memory, never from the disk."""
        return self._settings.get(key)

    def record_setting(self, key: str, value: str) -> None:
        """Hand a value to remember to the journal; returns at once."""
        self._settings[key] = value
        self.journal.submit(SettingCommit(key, value))

    # Inside

    def _keep_backups(self) -> None:
        self._backups = BackupKeeper(
            self._connection,
            self._lock,
            self.folder,
            self.journal,
            self._listener,
            first_after_s=self._timing.first_backup_s,
            interval_s=self._timing.backup_interval_s,
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        """A transaction beside the journal's; it waits while the project is copied to another folder."""
        with self._direct_writes, self._lock, transaction(self._connection) as cursor:
            yield cursor

    def _told(self) -> contextlib.AbstractContextManager[None]:
        return told(self.folder)

    def _load_edits(self, plane_id: int) -> tuple[list[PackedEdit], list[PackedEdit]]:
        """The newest edits in effect, oldest first, and the undone ones, next first."""
        out: list[list[PackedEdit]] = []
        # An edit that is in effect, or not, but no longer known: nothing before it can be undone or redone.
        cut = self._connection.execute(
            "SELECT COALESCE(MAX(id), 0) FROM journal WHERE plane_id = ? AND step != 1 AND edit_id IS NULL",
            (plane_id,),
        ).fetchone()[0]
        for state in (1, 0):
            edits: list[PackedEdit] = []
            room = DEFAULT_BUDGET_BYTES
            order = "ASC" if state else "DESC"
            rows = self._connection.execute(
                f"SELECT name, at, data, checksum = row_checksum({COVERED['journal']}) FROM journal "
                f"WHERE plane_id = ? AND state = {state} AND id > ? "
                f"ORDER BY id {order} LIMIT {DEFAULT_STEPS}",
                (plane_id, cut),
            )
            for name, at, data, is_whole in rows:
                if not is_whole:
                    raise sqlite3.DatabaseError("a row of journal is not what was written")
                room -= len(data)
                if room < 0:
                    break
                edits.append(PackedEdit(name, at, data))
            out.append(edits)
        return out[1][::-1], out[0]

    def _stored_path(self, path: Path) -> str:
        return _stored_path(path, self.folder)

    def _full_path(self, stored: str) -> Path:
        return Path(os.path.normpath(self.folder.parent / stored))


def is_gone(path: Path) -> bool:
    """True if there is no such file; False where nobody knows."""
    try:
        return not path.exists()
    except OSError:
        return False  # A folder that may not be looked into now: nobody knows.


def _stored_path(path: Path, project: Path) -> str:
    """As it is in the database: relative to the folder that holds the project, where that is possible.

    Raises ImageFileError for a name that is not text.
    """
    try:
        stored = PurePosixPath(*Path(os.path.relpath(path.absolute(), project.parent)).parts).as_posix()
    except ValueError:  # Another drive on Windows.
        stored = path.absolute().as_posix()
    try:
        stored.encode()
    except UnicodeEncodeError as error:
        raise ImageFileError(
            "The name of {name} holds bytes that are no text: rename the file.",
            name=path.name.encode(errors="replace").decode(),
        ) from error
    return stored
