"""Which project belongs to a folder of images."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from unet_studio.core.errors import FolderError
from unet_studio.io.atomic import write_atomically
from unet_studio.store.backups import list_backups
from unet_studio.store.database import DATABASE_NAME
from unet_studio.store.project_store import PROJECT_ENDING


def is_project(path: Path) -> bool:
    """True for a project folder, even if only the backups of its database are left."""
    if path.suffix != PROJECT_ENDING:
        return False
    return (path / DATABASE_NAME).is_file() or bool(list_backups(path))


def project_for_folder(images: Path, *, fallback_root: Path) -> Path:
    """IMAGES/IMAGES.unetproject; for a folder that cannot be written, one of the same name under
    `fallback_root`."""
    images = images.absolute()
    beside = images / f"{images.name or 'images'}{PROJECT_ENDING}"
    if beside.is_dir() or os.access(images, os.W_OK):
        return beside
    digest = hashlib.sha256(os.fsencode(images)).hexdigest()[:8]
    return fallback_root / f"{images.name}-{digest}{PROJECT_ENDING}"


class ContinuedProjects:
    """Remembers, in a file of the person's own, which project was continued in another folder.

    The old folder cannot say so: it is full, read-only or gone.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def newest(self, folder: Path) -> Path | None:
        """Where a project was continued, and from there again; None if it was not."""
        moves, place = self._read(), str(folder.absolute())
        seen = {place}
        while moves.get(place, place) not in seen:
            place = moves[place]
            seen.add(place)
        return Path(place) if len(seen) > 1 else None

    def add(self, old: Path, new: Path) -> None:
        """`old` was continued in `new`. What cannot be remembered is only inconvenient: no error."""
        moves = self._read()
        moves.pop(str(new.absolute()), None)
        self._write(moves | {str(old.absolute()): str(new.absolute())})

    def forget(self, old: Path) -> None:
        """The project in `old` is the one to go on with again."""
        moves = self._read()
        if moves.pop(str(old.absolute()), None) is not None:
            self._write(moves)

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}

    def _write(self, moves: dict[str, str]) -> None:
        with contextlib.suppress(OSError, FolderError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            data = msgspec.json.format(msgspec.json.encode(moves), indent=2)
            write_atomically(self._file, lambda path: path.write_bytes(data))
