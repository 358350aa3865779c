"""Automatic backups of the project database, and the way back to one."""

from __future__ import annotations

import calendar
import contextlib
import errno
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unet_studio.store.checksums import add_checksums, check_rows
from unet_studio.store.journal import Journal, Listener
from unet_studio.store.priority import let_others_go_first
from unet_studio.store.schema import VERSION

BACKUPS_NAME = "backups"
KEPT = 3
FIRST_AFTER_S = 20.0
INTERVAL_S = 600.0
_INTERVAL_PER_COPY_S = 100.0
"""A backup that takes long is made less often: at most 1 % of the time is spent on them."""
_PAGES_PER_STEP = 256
_STEPS_BETWEEN_QUESTIONS = 100_000
_FREE_PER_COPY = 3
_DAMAGE_NAME = "found-damaged"
_NAME = re.compile(r"project-(\d+)-(\d{8}T\d{6})Z")
_TIME_FORMAT = "%Y%m%dT%H%M%S"


class _Stopped(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup file. `number` counts them; `made_at` in seconds since the epoch."""

    number: int
    path: Path
    made_at: float


def list_backups(project: Path) -> list[Backup]:
    """The automatic backups of a project, newest first. Raises OSError if its drive is lost."""
    found = []
    for path in (project / BACKUPS_NAME).glob("project-*.sqlite"):
        # The number and time in the name, not the file's: copying a project must not reorder them.
        name = _NAME.fullmatch(path.stem)
        if name is not None:
            with contextlib.suppress(ValueError):  # Not a time: a file of somebody else's.
                made_at = calendar.timegm(time.strptime(name[2], _TIME_FORMAT))
                found.append(Backup(int(name[1]), path, made_at))
    return sorted(found, key=lambda backup: backup.number, reverse=True)


def make_backup(
    connection: sqlite3.Connection,
    lock: threading.RLock,
    project: Path,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Path:
    """Copy the database by SQLite's backup API, check the copy, then drop the oldest beyond three.

    The lock is free between steps of 1 MiB, so commits go on meanwhile. Raises sqlite3.DatabaseError
    (with the older backups untouched) if the copy is damaged: then the database is. OSError if the
    folder cannot be written.
    """
    room, size = shutil.disk_usage(project).free, _database_bytes(connection, lock)
    if room < _FREE_PER_COPY * size:
        # The disk would be full, and then the strokes themselves could not be written.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    for left_over in (project / BACKUPS_NAME).glob("*.partial*"):
        left_over.unlink(missing_ok=True)  # The program was killed while it made a backup.
    number = max((backup.number for backup in list_backups(project)), default=0) + 1
    # Counted, and in UTC: clocks are put back now and then.
    name = f"project-{number:04}-{time.strftime(_TIME_FORMAT, time.gmtime())}Z.sqlite"
    path = project / BACKUPS_NAME / name
    copy_database(connection, lock, path, stopped=stopped)
    for old in list_backups(project)[KEPT:]:
        old.path.unlink(missing_ok=True)
    return path


def copy_database(
    connection: sqlite3.Connection,
    lock: threading.RLock,
    target: Path,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """A checked copy of an open database in a new file that appears only when it is whole."""

    def give_way(*_: int) -> None:
        if stopped():
            raise _Stopped
        lock.release()
        time.sleep(0.0005)  # A lock released and taken at once is never seen free.
        lock.acquire()

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    copy = sqlite3.connect(partial, isolation_level=None, check_same_thread=False)
    try:
        with lock:
            connection.backup(copy, pages=_PAGES_PER_STEP, progress=give_way)
        # The copy holds the mark of a WAL database; without WAL it is one plain file.
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.set_progress_handler(stopped, _STEPS_BETWEEN_QUESTIONS)
        check_integrity(copy)
        if copy.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            add_checksums(copy)
            check_rows(copy)
    except BaseException:
        copy.close()
        partial.unlink(missing_ok=True)
        raise
    copy.close()
    partial.replace(target)


def check_integrity(connection: sqlite3.Connection, *, quick: bool = False) -> None:
    """Raise sqlite3.DatabaseError with SQLite's own words if the database is damaged."""
    pragma = "quick_check" if quick else "integrity_check"
    found = connection.execute(f"PRAGMA {pragma}(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(" ".join(found.split()))


def put_back(project: Path, backup: Path, database_name: str) -> Path:
    """Make a backup the project's database; the damaged files are kept in a folder beside it.

    Returns that folder. Raises OSError if the folder cannot be written; then everything is as it was.
    """
    fresh = project / f"{database_name}.from-backup"
    shutil.copyfile(backup, fresh)
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    numbers = (f"damaged-{number}" for number in range(1, 10_000))
    aside = next(project / name for name in numbers if not (project / name).exists())
    aside.mkdir()
    for ending in ("", "-wal", "-shm", "-journal"):
        # The write-ahead log above all: it belongs to the damaged file and would be applied to the other.
        old = project / (database_name + ending)
        if old.exists():
            old.rename(aside / old.name)
    fresh.replace(project / database_name)
    forget_damage(project)
    return aside


def remember_damage(project: Path) -> None:
    """A backup's check found the database damaged: the next opening must look at all of it."""
    with contextlib.suppress(OSError):
        (project / BACKUPS_NAME / _DAMAGE_NAME).touch()


def was_found_damaged(project: Path) -> bool:
    """True after `remember_damage`."""
    return (project / BACKUPS_NAME / _DAMAGE_NAME).exists()


def forget_damage(project: Path) -> None:
    """The database was checked, or replaced."""
    with contextlib.suppress(OSError):
        (project / BACKUPS_NAME / _DAMAGE_NAME).unlink(missing_ok=True)


def _database_bytes(connection: sqlite3.Connection, lock: threading.RLock) -> int:
    with lock:
        pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
        page: int = connection.execute("PRAGMA page_size").fetchone()[0]
    return pages * page


class BackupKeeper:
    """A thread that backs an open project up: soon after opening and every ten minutes of work."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.RLock,
        project: Path,
        journal: Journal,
        listener: Listener,
        *,
        first_after_s: float = FIRST_AFTER_S,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._project = project
        self._journal = journal
        self._listener = listener
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(first_after_s,), name="backups", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """End the thread; a backup under way is given up. One that hangs is left alone after `timeout_s`."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self, wait_s: float) -> None:
        let_others_go_first()
        backed_up = 0 if self._is_older_than_journal() else None
        while not self._stop.wait(wait_s):
            wait_s = self._interval_s
            edits = self._journal.edits_written
            if (backed_up is None and edits == 0) or (backed_up == edits and edits > 0):
                continue  # Nothing new since the last one.
            started = time.monotonic()
            try:
                make_backup(self._connection, self._lock, self._project, stopped=self._stop.is_set)
                backed_up = edits or None
            except _Stopped:
                return
            except sqlite3.OperationalError as error:
                if self._stop.is_set():
                    return
                self._listener.backup_failed(str(error))
            except sqlite3.ProgrammingError:
                return  # The project was closed.
            except sqlite3.DatabaseError as error:
                remember_damage(self._project)
                self._listener.damaged(str(error))
            except OSError as error:
                self._listener.backup_failed(error.strerror or str(error))
            wait_s = max(self._interval_s, _INTERVAL_PER_COPY_S * (time.monotonic() - started))

    def _is_older_than_journal(self) -> bool:
        """True if the last session's last edits are in no backup."""
        newest = list_backups(self._project)
        try:
            with self._lock:
                last = _last_entry(self._connection)
            if not newest:
                return last > 0
            with contextlib.closing(
                sqlite3.connect(f"{newest[0].path.as_uri()}?mode=ro", uri=True)
            ) as backup:
                return _last_entry(backup) < last
        except sqlite3.Error:
            return True


def _last_entry(connection: sqlite3.Connection) -> int:
    last: int = connection.execute("SELECT COALESCE(MAX(id), 0) FROM journal").fetchone()[0]
    return last
