"""The journal read backwards: a plane as it was at any moment that is kept."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.document import Step
from unet_studio.core.edits import apply
from unet_studio.core.errors import ProjectError
from unet_studio.core.instances import InstanceTable
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.core.past import Past
from unet_studio.store.checksums import COVERED
from unet_studio.store.edit_codec import PackedEdit
from unet_studio.store.journal import Moment
from unet_studio.store.plane_rows import load_plane

_ENTRIES_PER_READ = 200


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some moments of a plane, newest first.

    `older_than`: give it to the next read; None at the beginning. `trimmed_at`: at the beginning, the
    time up to which entries were trimmed, None if none was.
    """

    moments: tuple[Moment, ...]
    older_than: int | None
    trimmed_at: float | None = None


def read_timeline(
    connection: sqlite3.Connection, plane_id: int, *, older_than: int | None, count: int
) -> Timeline:
    """At most `count` moments before the entry `older_than` (None: from now). The caller holds the lock."""
    query = (
        "SELECT j.id, j.at, j.step, j.name, j.step != 1 AND made.id IS NULL FROM journal j "
        "LEFT JOIN journal made ON made.id = j.edit_id "
        "WHERE j.plane_id = ? AND j.id < ? ORDER BY j.id DESC LIMIT ?"
    )
    newest = older_than if older_than is not None else 2**62
    rows = connection.execute(query, (plane_id, newest, count)).fetchall()
    trimmed_at = connection.execute("SELECT trimmed_at FROM planes WHERE id = ?", (plane_id,)).fetchone()[0]
    moments: list[Moment] = []
    for entry, at, step, name, is_cut in rows:
        moments.append(Moment(entry, at, Step(step), name))
        if is_cut:
            # What was undone here is no longer known: before this entry nothing can be shown.
            return Timeline(tuple(moments), None, trimmed_at or at)
    if len(rows) == count:
        return Timeline(tuple(moments), moments[-1].id)
    if moments or older_than is not None:
        first_at = moments[-1].at if moments else 0.0
        moments.append(Moment(0, trimmed_at or first_at, Step.MAKE, ""))
    return Timeline(tuple(moments), None, trimmed_at)


class TimeMachine:
    """Walks a copy of one plane to and fro in time. Belongs to one thread at a time.

    The journal goes on meanwhile: the walk begins at the newest entry there is when it is made.
    """

    def __init__(
        self, connection: Callable[[], sqlite3.Connection], lock: threading.RLock, plane_id: int
    ) -> None:
        """`connection` gives the project's database, which may move to another folder meanwhile."""
        self._connection = connection
        self._lock = lock
        self._plane_id = plane_id
        with lock:
            row = load_plane(connection(), plane_id)
            newest = (
                connection()
                .execute("SELECT COALESCE(MAX(id), 0) FROM journal WHERE plane_id = ?", (plane_id,))
                .fetchone()[0]
            )
        self._labels: LabelTiles = row.labels
        self._instances: InstanceTable = row.instances
        self._checked: CheckedArea = row.checked
        self._at: int = newest

    def visit(self, moment_id: int) -> Past:
        """The plane after the entry `moment_id`; 0: before the first entry that is kept.

        Raises ProjectError if that moment was trimmed meanwhile.
        """
        target = moment_id or self._trimmed_id()
        while self._at > target and self._back(target):
            pass
        while self._at < target and self._forward(target):
            pass
        return Past(self._labels.snapshot(), self._instances.copy(), self._checked)

    def _trimmed_id(self) -> int:
        with self._lock:
            row = self._connection().execute("SELECT trimmed_id FROM planes WHERE id = ?", (self._plane_id,))
            trimmed: int = row.fetchone()[0]
        return trimmed

    def _back(self, target: int) -> bool:
        rows = self._read("j.id > ? AND j.id <= ?", (target, self._at), "DESC")
        for entry, step, name, at, data in rows:
            self._apply(PackedEdit(name, at, _kept(data)), forward=step is Step.UNDO)
            self._at = entry - 1
        if not rows:
            self._at = target
        return bool(rows)

    def _forward(self, target: int) -> bool:
        rows = self._read("j.id > ? AND j.id <= ?", (self._at, target), "ASC")
        for entry, step, name, at, data in rows:
            self._apply(PackedEdit(name, at, _kept(data)), forward=step is not Step.UNDO)
            self._at = entry
        if not rows:
            self._at = target
        return bool(rows)

    def _read(
        self, where: str, between: tuple[int, int], order: str
    ) -> list[tuple[int, Step, str, float, bytes | None]]:
        query = (
            "SELECT j.id, j.step, j.name, j.at, COALESCE(j.data, made.data), "
            f"j.checksum = row_checksum({_columns('j')}) "
            f"AND (made.id IS NULL OR made.checksum = row_checksum({_columns('made')})) FROM journal j "
            f"LEFT JOIN journal made ON made.id = j.edit_id WHERE j.plane_id = ? AND {where} "
            f"ORDER BY j.id {order} LIMIT {_ENTRIES_PER_READ}"
        )
        with self._lock:
            if between[0] < self._trimmed_id():
                raise _no_longer_kept()
            rows = self._connection().execute(query, (self._plane_id, *between)).fetchall()
        if not all(row[-1] for row in rows):
            raise sqlite3.DatabaseError("a row of journal is not what was written")
        return [(entry, Step(step), name, at, data) for entry, step, name, at, data, _ in rows]

    def _apply(self, packed: PackedEdit, *, forward: bool) -> None:
        edit = packed.load()
        apply(edit, self._labels, self._instances, forward=forward)
        if edit.checked is not None:
            self._checked = edit.checked[1 if forward else 0]


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in COVERED["journal"].split(", "))


def _kept(data: bytes | None) -> bytes:
    if data is None:
        raise _no_longer_kept()
    return data


def _no_longer_kept() -> ProjectError:
    return ProjectError(
        "This moment is no longer kept: the history was trimmed to its size. Choose a later one."
    )
