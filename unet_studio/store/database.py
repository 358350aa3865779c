"""The database file of a project: opening it, and what to say when that does not work."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from unet_studio.core.errors import ClosedProjectError, DamagedProjectError, ProjectError
from unet_studio.store import schema
from unet_studio.store.backups import (
    BACKUPS_NAME,
    check_integrity,
    copy_database,
    forget_damage,
    list_backups,
    put_back,
    was_found_damaged,
)
from unet_studio.store.checksums import add_checksums, check_rows
from unet_studio.store.project_lock import OWNER_NAME, read_owner
from unet_studio.store.write_ahead_log import lost_commits

DATABASE_NAME = "project.sqlite"
_CHECKED_ON_OPENING_BYTES = 256 * 2**20
"""A larger database is checked by its first backup: opening must not read all of it from a share."""


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """What an open database refuses, in words: ProjectError or DamagedProjectError."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise ClosedProjectError("The project {name} was closed meanwhile.", name=folder.name) from error
    except sqlite3.OperationalError as error:
        raise ProjectError(
            "The project {name} cannot be read or written now: {reason}. Check the disk and its free space.",
            name=folder.name,
            reason=error,
        ) from error
    except (sqlite3.DatabaseError, zlib.error, msgspec.MsgspecError) as error:
        raise damaged_or_gone(folder, error) from error


def connect(folder: Path) -> sqlite3.Connection:
    """Open the database in `folder` for this process alone, made or brought forward where needed.

    Raises ProjectError if it is open elsewhere, from a newer version or cannot be written;
    DamagedProjectError, with the files untouched, if it is damaged.
    """
    path = folder / DATABASE_NAME
    try:
        if list_backups(folder) and not (path.is_file() and path.stat().st_size):
            # To SQLite, a file that is missing or empty is a new database.
            raise damaged(folder, "it is empty" if path.exists() else "it is gone")
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            add_checksums(connection)
            lost = lost_commits(path)
            if lost:
                raise sqlite3.DatabaseError(f"{lost} commits at the end of its log cannot be read")
            _lock(connection)
            schema.prepare(
                connection,
                name=folder.name,
                before_upgrade=lambda version: _keep_old(connection, folder, version),
            )
            if path.stat().st_size <= _CHECKED_ON_OPENING_BYTES or was_found_damaged(folder):
                check_integrity(connection, quick=True)
                check_rows(connection)
                forget_damage(folder)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise ProjectError(
            "The project {folder} cannot be opened or created: {reason}.",
            folder=folder,
            reason=error.strerror,
        ) from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ProjectError(
                "The project {name} is already open ({owner}): close it there first.",
                name=folder.name,
                owner=read_owner(folder),
            ) from error
        raise ProjectError(
            "The project {folder} cannot be opened: {reason}. Check that the folder can be written and the "
            "disk is not full.",
            folder=folder,
            reason=error,
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged_or_gone(folder, error) from error
    return connection


def _lock(connection: sqlite3.Connection) -> None:
    # Exclusive before WAL: no shared memory, so it works on a network share, and a second window is
    # refused.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # macOS: fsync alone leaves the data in the drive's own cache.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _keep_old(connection: sqlite3.Connection, folder: Path, version: int) -> None:
    """A copy of the database as the older program left it; it is never dropped."""
    copy_database(
        connection, threading.RLock(), folder / BACKUPS_NAME / f"before-upgrade-from-{version}.sqlite"
    )


def restore_backup(folder: Path, backup: Path) -> Path:
    """Make a backup the project's database. The damaged one is kept; returns the folder it is in.

    Raises ProjectError if the folder cannot be written.
    """
    try:
        return put_back(folder, backup, DATABASE_NAME)
    except OSError as error:
        raise ProjectError(
            "The backup cannot be put back in {folder}: {reason}. Copy the project to a folder that can be "
            "written and open it there.",
            folder=folder,
            reason=error.strerror,
        ) from error


def damaged_or_gone(folder: Path, error: Exception) -> ProjectError:
    """What to say when SQLite finds nonsense."""
    reason = lost_drive(folder)
    if reason is None:
        return damaged(folder, error)
    return ProjectError(
        "The project {name} cannot be read or written now: {reason}. Check that its drive is connected.",
        name=folder.name,
        reason=reason,
    )


def lost_drive(folder: Path) -> str | None:
    """Why the folder of a project cannot be read at all; None if it can, or is not there.

    On a drive that has just been lost SQLite may take what it has half read for a damaged database. The
    database itself is not opened to find out: closing it again would give up SQLite's lock on it (POSIX).
    """
    try:
        (folder / DATABASE_NAME).stat()
        # This asks the drive, where the other may be known from before.
        names = {path.name for path in folder.iterdir()}
        if OWNER_NAME in names:
            (folder / OWNER_NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _is_whole(backup: Path) -> bool:
    """False for a backup that is damaged itself."""
    try:
        with contextlib.closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            add_checksums(copy)
            check_integrity(copy, quick=True)
            check_rows(copy)
    except sqlite3.DatabaseError:
        return False
    return True


def damaged(folder: Path, reason: object) -> DamagedProjectError:
    """The error that names the newest backup that is whole. Raises OSError if the folder cannot be read."""
    backup = next((one for one in list_backups(folder) if _is_whole(one.path)), None)
    if backup is None:
        return DamagedProjectError(
            "The project database {path} is damaged ({reason}). It was left as it is. There is no automatic "
            "backup of it: restore the folder from your own.",
            folder=folder,
            backup=None,
            path=folder / DATABASE_NAME,
            reason=reason,
        )
    return DamagedProjectError(
        "The project database {path} is damaged ({reason}). It was left as it is. The newest automatic "
        "backup is {name} of {time}: what was drawn later is not in it.",
        folder=folder,
        backup=backup.path,
        path=folder / DATABASE_NAME,
        reason=reason,
        time=time.strftime("%Y-%m-%d %H:%M", time.localtime(backup.made_at)),
        name=f"{BACKUPS_NAME}/{backup.path.name}",
    )
