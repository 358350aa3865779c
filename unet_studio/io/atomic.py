"""Write beside, flush to the disk, replace: a file is either the old one or the whole new one."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from unet_studio.core.errors import FolderError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path beside `path`, then put the result in its place.

    Raises FolderError if the folder cannot be written or the disk is full; `path` is untouched then.
    """
    # Short whatever the name: one of 250 bytes leaves no room for more.
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    partial = path.with_name(f".{digest}.{os.getpid()}.partial{path.suffix}")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise FolderError(
            "Cannot write {path}: {reason}. Choose another folder or free some space.",
            path=path,
            reason=error.strerror or error,
        ) from error


def writable_folder(path: Path) -> Path:
    """`path`, created if missing. Raises FolderError if it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise FolderError(
            "Cannot write into the folder {path}: {reason}. Choose another folder.",
            path=path,
            reason=error.strerror or error,
        ) from error
    return path
