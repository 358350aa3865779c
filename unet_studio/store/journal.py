"""The journal: every finished edit becomes one committed transaction, in a writer thread.

The thread that edits only hands over references to immutable arrays. A commit that fails (disk full,
share gone) stays at the head of the queue and is tried again; nothing is dropped and nothing overtakes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np

from unet_studio.core.document import Step
from unet_studio.core.edits import Edit
from unet_studio.core.geometry import TileIndex
from unet_studio.core.label_tiles import LabelArray, pack_tile
from unet_studio.store.edit_codec import PackedEdit, pack_edit, rects_of

RETRY_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class EditCommit:
    """An edit that was made, undone or redone, and the state of the document after it."""

    image_id: int
    step: Step
    edit: Edit
    tiles: tuple[tuple[TileIndex, LabelArray], ...]
    next_id: int
    is_checked: bool


@dataclass(frozen=True, slots=True, eq=False)
class ProposalsCommit:
    """New proposals of an image, or a new state of them; `pack` compresses them in the writer thread."""

    image_id: int
    pack: Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class SettingCommit:
    """A value remembered with the project."""

    key: str
    value: str


Commit = EditCommit | ProposalsCommit | SettingCommit


class Listener:
    """What the journal tells, from the writer thread. Override what is of interest."""

    def committed(self, commit: Commit, packed: PackedEdit | None) -> None:
        """The commit is on the disk; `packed` is the edit's compressed form if it was made now."""

    def advanced(self) -> None:
        """One commit fewer is waiting."""

    def failing(self, reason: str, waiting: int) -> None:
        """A commit failed and will be tried again; `waiting` commits are in memory only."""

    def recovered(self) -> None:
        """The commits that had failed are on the disk now."""


class Journal:
    """The writer thread of one project's connection. `lock` guards the connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.RLock,
        listener: Listener,
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._listener = listener
        self._retry_s = retry_s
        self._queue: deque[Commit] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit) -> None:
        """Hand over a commit; returns at once."""
        with self._changed:
            self._queue.append(commit)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Commits that are not on the disk yet."""
        return len(self._queue)

    def has_waiting(self, image_id: int) -> bool:
        """True if a commit of this image is not on the disk yet."""
        with self._changed:
            return any(
                commit.image_id == image_id for commit in self._queue if not isinstance(commit, SettingCommit)
            )

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is on the disk; False if it is not within the time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._queue:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def close(self) -> None:
        """End the thread. Call `flush` first: what still waits is lost."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if self._closing:
                    return
                commit = self._queue[0]
            try:
                packed = self._write(commit)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must go on and nothing be lost
                self._failing = True
                self._listener.failing(str(error) or type(error).__name__, len(self._queue))
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, self._retry_s)
                continue
            # Told before it leaves the queue: after flush() everything has been told.
            self._listener.committed(commit, packed)
            with self._changed:
                self._queue.popleft()
                self._changed.notify_all()
            self._listener.advanced()
            if self._failing:
                self._failing = False
                self._listener.recovered()

    def _write(self, commit: Commit) -> PackedEdit | None:
        # Compressing is most of the work and needs no lock.
        if isinstance(commit, SettingCommit):
            with self._lock, transaction(self._connection) as cursor:
                cursor.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (commit.key, commit.value))
            return None
        if isinstance(commit, ProposalsCommit):
            data = commit.pack()
            with self._lock, transaction(self._connection) as cursor:
                cursor.execute("INSERT OR REPLACE INTO proposals VALUES (?, ?)", (commit.image_id, data))
            return None
        packed = pack_edit(commit.edit) if commit.step is Step.MAKE else None
        tiles = [(index, *_tile_row(tile)) for index, tile in commit.tiles]
        with self._lock, transaction(self._connection) as cursor:
            _write_edit(cursor, commit, packed)
            _write_state(cursor, commit, tiles)
        return packed


class transaction:  # noqa: N801 - reads as a statement
    """BEGIN IMMEDIATE … COMMIT, rolled back on any error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Cursor:
        return self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some errors, a full disk for one.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _tile_row(tile: LabelArray) -> tuple[bytes, bytes] | tuple[None, None]:
    ids, counts = np.unique(tile[tile > 0], return_counts=True)
    if ids.size == 0:
        return None, None
    table = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    return pack_tile(tile), msgspec.msgpack.encode(table)


def _write_edit(cursor: sqlite3.Cursor, commit: EditCommit, packed: PackedEdit | None) -> None:
    image = commit.image_id
    position = cursor.execute("SELECT position FROM images WHERE id = ?", (image,)).fetchone()[0]
    if packed is not None:
        cursor.execute("DELETE FROM edits WHERE image_id = ? AND number > ?", (image, position))
        cursor.execute(
            "INSERT INTO edits VALUES (?, ?, ?, ?, ?)",
            (image, position + 1, packed.name, packed.made_at, packed.data),
        )
    position += -1 if commit.step is Step.UNDO else 1
    cursor.execute(
        "UPDATE images SET position = ?, next_id = ?, is_checked = ? WHERE id = ?",
        (position, commit.next_id, commit.is_checked, image),
    )


def _write_state(
    cursor: sqlite3.Cursor,
    commit: EditCommit,
    tiles: list[tuple[TileIndex, bytes | None, bytes | None]],
) -> None:
    image, forward = commit.image_id, commit.step is not Step.UNDO
    for index, labels, counts in tiles:
        if labels is None:
            cursor.execute("DELETE FROM tiles WHERE image_id = ? AND row = ? AND col = ?", (image, *index))
        else:
            cursor.execute(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?)", (image, *index, labels, counts)
            )
    for delta in commit.edit.rows:
        row = delta.after if forward else delta.before
        if row is None:
            cursor.execute("DELETE FROM instances WHERE image_id = ? AND id = ?", (image, delta.instance_id))
        else:
            cursor.execute(
                "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?)",
                (image, row.id, row.class_index, int(row.origin)),
            )
    if commit.edit.checked is not None:
        area = commit.edit.checked[1 if forward else 0]
        cursor.execute(
            "UPDATE images SET checked = ? WHERE id = ?", (msgspec.msgpack.encode(rects_of(area)), image)
        )
