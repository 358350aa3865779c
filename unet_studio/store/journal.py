"""The journal: every finished edit becomes one committed transaction, in a writer thread.

The thread that edits only hands over references to immutable arrays. A commit that fails (disk full,
share gone) stays at the head of the queue and is tried again; nothing is dropped and nothing overtakes.
While it fails, what waits is compressed, so that hours of drawing fit in memory.

Nothing is ever taken out of the journal but by trimming: an undone edit that another one replaces stays,
and an undo is an entry of its own, so that every moment can be visited (`time_machine`).
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from unet_studio.core.document import Step
from unet_studio.core.edits import Edit, RowDelta
from unet_studio.core.geometry import TileIndex
from unet_studio.core.instances import counted
from unet_studio.core.label_tiles import FoldedTile, LabelArray, pack_tile, unfold_tile
from unet_studio.store.checksums import COVERED, checksum
from unet_studio.store.edit_codec import PackedEdit, pack_edit, rects_of
from unet_studio.store.priority import let_others_go_first

RETRY_S = 2.0
_HAND_FIRST_S = 0.004
JOURNAL_BUDGET_BYTES = 2**30
_TRIM_TO = 0.9
_TRIM_BATCH = 2000

_log = logging.getLogger("unet_studio")


@dataclass(frozen=True, slots=True, eq=False)
class EditCommit:
    """An edit that was made, undone or redone, and the state of the document after it."""

    plane_id: int
    step: Step
    edit: Edit
    tiles: tuple[tuple[TileIndex, LabelArray | FoldedTile | None], ...]
    next_id: int
    is_checked: bool
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True, eq=False)
class ProposalsCommit:
    """New proposals of a plane, or a new state of them; `pack` compresses them in the writer thread."""

    plane_id: int
    pack: Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class SettingCommit:
    """A value remembered with the project."""

    key: str
    value: str


Commit = EditCommit | ProposalsCommit | SettingCommit


@dataclass(frozen=True, slots=True, eq=False)
class _PackedCommit:
    """An EditCommit in the form that is written: no arrays."""

    plane_id: int
    step: Step
    name: str
    made_at: float
    at: float
    data: bytes | None
    tiles: tuple[tuple[TileIndex, bytes | None, bytes | None], ...]
    rows: tuple[RowDelta, ...]
    checked: bytes | None
    next_id: int
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the journal: the state of the plane after it can be visited.

    `id` 0 is the state before the first entry that is kept.
    """

    id: int
    at: float
    step: Step
    name: str


class Listener:
    """What the store tells, from its own threads. Override what is of interest."""

    def packed(self, plane_id: int, edit: Edit, packed: PackedEdit) -> None:
        """An edit that was made now exists in compressed form."""

    def committed(self, plane_id: int, moment: Moment) -> None:
        """An edit, an undo or a redo is on the disk."""

    def advanced(self) -> None:
        """One commit fewer is waiting."""

    def failing(self, reason: str, waiting: int) -> None:
        """A commit failed and will be tried again; `waiting` commits are in memory only."""

    def recovered(self) -> None:
        """The commits that had failed are on the disk now."""

    def trimmed(self) -> None:
        """The oldest entries were taken out of the journal to keep its budget."""

    def backup_failed(self, reason: str) -> None:
        """The automatic backup could not be made; it is tried again later."""

    def damaged(self, reason: str) -> None:
        """The check of a backup found the database itself damaged."""


class _PausedError(Exception):
    """The journal was paused between taking a commit and writing it."""


class Journal:
    """The writer thread of one project's connection. `lock` guards the connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.RLock,
        listener: Listener,
        *,
        retry_s: float = RETRY_S,
        budget_bytes: int = JOURNAL_BUDGET_BYTES,
        explain: Callable[[Exception], str] = lambda error: str(error) or type(error).__name__,
    ) -> None:
        self._connection = connection
        self._explain = explain
        self._lock = lock
        self._listener = listener
        self._retry_s = retry_s
        self.budget_bytes = budget_bytes
        self.edits_written = 0
        """Edits, undos and redos that were committed since the project was opened."""
        self._queue: deque[Commit | _PackedCommit] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._paused = False
        self._failing = False
        self._flushing = False
        self._head_since = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit) -> None:
        """Hand over a commit; returns at once."""
        with self._changed:
            if not self._queue:
                self._head_since = time.monotonic()
            self._queue.append(commit)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Commits that are not on the disk yet."""
        return len(self._queue)

    @property
    def waiting_s(self) -> float:
        """For how long the oldest of them has been the next one to be written; 0 if none waits."""
        return time.monotonic() - self._head_since if self._queue else 0.0

    def has_waiting(self, plane_id: int) -> bool:
        """True if a commit of this plane is not on the disk yet."""
        with self._changed:
            return any(
                commit.plane_id == plane_id for commit in self._queue if not isinstance(commit, SettingCommit)
            )

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is on the disk; False if it is not within the time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            try:
                while self._queue:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    self._changed.wait(left)
            finally:
                self._flushing = False
        return True

    def pause(self) -> None:
        """Write nothing from now on until `resume`; the caller holds the lock."""
        self._paused = True

    def resume(self, connection: sqlite3.Connection) -> None:
        """Go on, in this database, at once; the caller holds the lock."""
        self._connection = connection
        self._paused = False
        with self._changed:
            self._changed.notify_all()

    def close(self, timeout_s: float) -> None:
        """End the thread. Call `flush` first: what still waits is lost.

        A thread that hangs in a write is left alone after `timeout_s`.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        let_others_go_first()
        while True:
            with self._changed:
                while (not self._queue or self._paused) and not self._closing:
                    self._changed.wait()
                if len(self._queue) == 1 and not self._flushing:
                    # The hand has just let go: a few milliseconds later nobody waits for the processor.
                    self._changed.wait_for(lambda: self._flushing or self._closing, _HAND_FIRST_S)
                if self._closing:
                    return
            try:
                moment = self._write(self._packed(0))
            except _PausedError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must go on and nothing be lost
                self._tell_failing(error)
                continue
            self._tell_written(moment)

    def _tell_failing(self, error: Exception) -> None:
        self._failing = True
        self._tell(self._listener.failing, self._explain(error), len(self._queue))
        tried, deadline = self._connection, time.monotonic() + self._retry_s
        while time.monotonic() < deadline and not self._closing and self._connection is tried:
            if self._pack_one_waiting():
                continue
            with self._changed:
                self._changed.wait(min(self._retry_s, 0.1))

    def _pack_one_waiting(self) -> bool:
        """Compress one of the commits that wait, so that they take less memory; False if there is none."""
        with self._changed:
            place = next((i for i, c in enumerate(self._queue) if isinstance(c, EditCommit)), None)
        if place is None:
            return False
        try:
            self._packed(place)
        except MemoryError:
            return False
        return True

    def _tell(self, word: Callable[..., None], *arguments: object) -> None:
        """Say a word to the listener; what it does wrong must not end this thread."""
        try:
            word(*arguments)
        except Exception:  # noqa: BLE001 - logged with its story; the edits are what matters here
            _log.exception("a listener of the journal failed")

    def _tell_written(self, moment: tuple[int, Moment] | None) -> None:
        # Told before it leaves the queue: after flush() everything has been told.
        if moment is not None:
            self.edits_written += 1
            self._tell(self._listener.committed, *moment)
        with self._changed:
            self._queue.popleft()
            self._head_since = time.monotonic()
            self._changed.notify_all()
        self._tell(self._listener.advanced)
        if self._failing and not self._queue:
            self._failing = False
            self._tell(self._listener.recovered)
        if moment is not None:
            self._trim()

    def _packed(self, place: int) -> _PackedCommit | ProposalsCommit | SettingCommit:
        """The commit at this place of the queue, compressed; compressing needs no lock."""
        commit = self._queue[place]
        if not isinstance(commit, EditCommit):
            return commit
        edit = commit.edit
        packed = pack_edit(edit) if commit.step is Step.MAKE else None
        area = edit.checked[0 if commit.step is Step.UNDO else 1] if edit.checked else None
        written = _PackedCommit(
            plane_id=commit.plane_id,
            step=commit.step,
            name=edit.name,
            made_at=edit.made_at,
            at=commit.at,
            data=packed.data if packed else None,
            tiles=tuple((index, *_tile_row(tile)) for index, tile in commit.tiles),
            rows=edit.rows,
            checked=msgspec.msgpack.encode(rects_of(area)) if area is not None else None,
            next_id=commit.next_id,
            is_checked=commit.is_checked,
        )
        with self._changed:
            self._queue[place] = written
        if packed is not None:
            self._tell(self._listener.packed, commit.plane_id, edit, packed)
        return written

    def _write(self, commit: _PackedCommit | ProposalsCommit | SettingCommit) -> tuple[int, Moment] | None:
        if isinstance(commit, SettingCommit):
            with self._lock, self._transaction() as cursor:
                cursor.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (commit.key, commit.value))
            return None
        if isinstance(commit, ProposalsCommit):
            data = commit.pack()
            with self._lock, self._transaction() as cursor:
                row = (commit.plane_id, data)
                cursor.execute("INSERT OR REPLACE INTO proposals VALUES (?, ?, ?)", (*row, checksum(*row)))
            return None
        with self._lock, self._transaction() as cursor:
            entry = _write_entry(cursor, commit)
            _write_state(cursor, commit)
        return commit.plane_id, Moment(entry, commit.at, commit.step, commit.name)

    def _transaction(self) -> transaction:
        if self._paused:
            raise _PausedError
        return transaction(self._connection)

    def _trim(self) -> None:
        """Take the oldest entries out until the journal is within its budget again."""
        try:
            with self._lock:
                size = self._connection.execute("SELECT bytes FROM journal_size").fetchone()[0]
                if size <= self.budget_bytes:
                    return
                with transaction(self._connection) as cursor:
                    _trim_to(cursor, size, int(self.budget_bytes * _TRIM_TO))
        except sqlite3.Error as error:
            _log.warning("the journal could not be trimmed: %s", error)  # The next commit tries again.
            return
        self._tell(self._listener.trimmed)


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


def _tile_row(settled: LabelArray | FoldedTile | None) -> tuple[bytes, bytes] | tuple[None, None]:
    if settled is None:
        return None, None
    tile = settled if isinstance(settled, np.ndarray) else unfold_tile(settled)
    counts = msgspec.msgpack.encode(dict(counted(tile[tile > 0])))
    return settled if isinstance(settled, bytes) else pack_tile(tile), counts


def _write_entry(cursor: sqlite3.Cursor, commit: _PackedCommit) -> int:
    """The journal's new row, and the state of the edit it concerns; returns the row's id."""
    plane = commit.plane_id
    if commit.step is Step.MAKE:
        cursor.execute("UPDATE journal SET state = 2 WHERE plane_id = ? AND state = 1", (plane,))
        cursor.execute(
            "INSERT INTO journal (plane_id, at, step, name, data, checksum, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 0)",
            _sealed(plane, commit.made_at, commit.step.value, commit.name, commit.data),
        )
        return int(cursor.lastrowid or 0)
    was, order = (0, "DESC") if commit.step is Step.UNDO else (1, "ASC")
    found = cursor.execute(
        f"SELECT id, at FROM journal WHERE plane_id = ? AND state = {was} ORDER BY id {order} LIMIT 1",
        (plane,),
    ).fetchone()
    # The edit itself may have been trimmed while the person still had it in memory.
    edit_id = found[0] if found and found[1] == commit.made_at else None
    if edit_id is not None:
        cursor.execute("UPDATE journal SET state = ? WHERE id = ?", (1 - was, edit_id))
    cursor.execute(
        "INSERT INTO journal (plane_id, at, step, name, data, checksum, edit_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*_sealed(plane, commit.at, commit.step.value, commit.name, None), edit_id),
    )
    return int(cursor.lastrowid or 0)


def _write_state(cursor: sqlite3.Cursor, commit: _PackedCommit) -> None:
    plane, forward = commit.plane_id, commit.step is not Step.UNDO
    cursor.execute(
        "UPDATE planes SET next_id = ?, is_checked = ? WHERE id = ?",
        (commit.next_id, commit.is_checked, plane),
    )
    if commit.checked is not None:
        cursor.execute("UPDATE planes SET checked = ? WHERE id = ?", (commit.checked, plane))
    seal_plane(cursor, plane)
    gone = [(plane, *index) for index, labels, _ in commit.tiles if labels is None]
    there = [_sealed(plane, *index, labels, counts) for index, labels, counts in commit.tiles if labels]
    cursor.executemany("DELETE FROM tiles WHERE plane_id = ? AND row = ? AND col = ?", gone)
    cursor.executemany("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)", there)
    rows = [(delta.instance_id, delta.after if forward else delta.before) for delta in commit.rows]
    cursor.executemany(
        "DELETE FROM instances WHERE plane_id = ? AND id = ?", [(plane, i) for i, row in rows if row is None]
    )
    cursor.executemany(
        "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?)",
        [_sealed(plane, i, row.class_index, int(row.origin)) for i, row in rows if row is not None],
    )


def seal_plane(cursor: sqlite3.Cursor, plane_id: int) -> None:
    """Bring the checksum of a plane's row up to date."""
    cursor.execute(
        f"UPDATE planes SET checksum = row_checksum({COVERED['planes']}) WHERE id = ?", (plane_id,)
    )


def _sealed(*values: object) -> tuple[object, ...]:
    """A row with its checksum behind it."""
    return (*values, checksum(*values))


def _trim_to(cursor: sqlite3.Cursor, size: int, target: int) -> None:
    """Delete the oldest entries, in one transaction, until `target` bytes are left; the last one stays."""
    last = cursor.execute("SELECT MAX(id) FROM journal").fetchone()[0]
    oldest = cursor.execute(
        "SELECT id, plane_id, at, 100 + COALESCE(LENGTH(data), 0) FROM journal WHERE id < ? ORDER BY id "
        "LIMIT ?",
        (last, _TRIM_BATCH),
    ).fetchall()
    cut, newest = 0, dict[int, tuple[int, float]]()
    for entry, plane, at, entry_bytes in oldest:
        if size <= target:
            break
        size -= entry_bytes
        cut, newest[plane] = entry, (entry, at)
    # Without the first undone edit the others cannot be made again: redo ends here.
    cursor.execute(
        "UPDATE journal SET state = 2 WHERE state = 1 AND plane_id IN "
        "(SELECT plane_id FROM journal WHERE id <= ? AND state = 1)",
        (cut,),
    )
    cursor.execute("DELETE FROM journal WHERE id <= ?", (cut,))
    cursor.executemany(
        "UPDATE planes SET trimmed_id = ?, trimmed_at = ? WHERE id = ?",
        [(*last_one, plane) for plane, last_one in newest.items()],
    )
