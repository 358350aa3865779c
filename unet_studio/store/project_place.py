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

_LONGEST_NAME_BYTES = 200
CONTINUED_NAME = "continued-in.txt"


def is_project(path: Path) -> bool:
    """True for a project folder, even if only the backups of its database are left."""
    if path.suffix != PROJECT_ENDING:
        return False
    return (path / DATABASE_NAME).is_file() or bool(list_backups(path))


def project_for_folder(images: Path, *, fallback_root: Path) -> Path:
    """IMAGES/IMAGES.unetproject; of a folder that was renamed the one project that is in it; for a folder
    that cannot be written, or could not be, one of the same name under `fallback_root`."""
    images = images.absolute()
    digest = hashlib.sha256(os.fsencode(images)).hexdigest()[:8]
    name = _short(images.name)
    beside = images / f"{name or 'images'}{PROJECT_ENDING}"
    elsewhere = fallback_root / f"{name}-{digest}{PROJECT_ENDING}"
    if is_project(beside):
        return beside
    with contextlib.suppress(OSError):
        others = [folder for folder in images.glob(f"*{PROJECT_ENDING}") if is_project(folder)]
        if len(others) == 1:
            return others[0]
    if is_project(elsewhere):
        return elsewhere
    return beside if beside.is_dir() or _can_be_made(beside) else elsewhere


def _short(name: str) -> str:
    """As much of a name as leaves room for endings in the 255 bytes that a file's name may have."""
    return os.fsencode(name)[:_LONGEST_NAME_BYTES].decode(errors="ignore")


def _can_be_made(folder: Path) -> bool:
    # Tried, not asked: shares, and Windows, say that a folder can be written and then refuse.
    try:
        folder.mkdir()
    except FileExistsError:
        return folder.is_dir()  # Another window was faster.
    except OSError:
        return False
    with contextlib.suppress(OSError):  # One may be allowed to make but not to remove.
        folder.rmdir()
    return True


class ContinuedProjects:
    """Remembers which project was continued in another folder: in a file of the person's own and, where
    it can still be written, in the old project itself.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def newest(self, folder: Path) -> Path | None:
        """Where a project was continued, and from there again; None if it was not."""
        moves, place = self._read(), str(folder.absolute())
        seen = {place}
        while True:
            following = moves.get(place) or _read_note(Path(place))
            if following is None or following in seen:
                return Path(place) if len(seen) > 1 else None
            place = following
            seen.add(place)

    def add(self, old: Path, new: Path) -> bool:
        """`old` was continued in `new`. False if that could be noted in neither place."""
        moves = self._read()
        moves.pop(str(new.absolute()), None)
        in_file = self._write(moves | {str(old.absolute()): str(new.absolute())})
        with contextlib.suppress(OSError):
            (new / CONTINUED_NAME).unlink(missing_ok=True)
        try:
            (old / CONTINUED_NAME).write_text(str(new.absolute()), encoding="utf-8")
        except OSError:
            return in_file
        return True

    def forget(self, old: Path) -> None:
        """The project in `old` is the one to go on with again."""
        moves = self._read()
        if moves.pop(str(old.absolute()), None) is not None:
            self._write(moves)
        with contextlib.suppress(OSError):
            (old / CONTINUED_NAME).unlink(missing_ok=True)

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}

    def _write(self, moves: dict[str, str]) -> bool:
        data = msgspec.json.format(msgspec.json.encode(moves), indent=2)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, lambda path: path.write_bytes(data))
        except (OSError, FolderError):
            return False
        return True


def _read_note(project: Path) -> str | None:
    try:
        return (project / CONTINUED_NAME).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
