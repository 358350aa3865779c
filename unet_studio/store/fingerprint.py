"""Fingerprints of image files (and of folders that are one image): a moved file is found again by what is in
it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_KIND = "2:"
"""Before the digests of files that places between the ends count in, too."""
_ENDS_BYTES = 65536
_PLACES = 16
_PLACE_BYTES = 4096
_DEPTH = 4
_MOST_FILES = 16
_IMAGE_FOLDER = ".zarr"
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`digest`: SHA-256 of the file's size, its first and last 64 KiB and sixteen places in between (the ends
    of an image are often empty); of a folder that is one image, of the names, sizes and beginnings of the
    first files in it. "" if it cannot be read. `former`: what older programs stored of the file."""

    digest: str
    file_bytes: int | None
    former: str = field(default="", compare=False)

    def is_of(self, stored: str) -> bool:
        """True if a stored digest is that of this file."""
        return bool(stored) and stored in (self.digest, self.former)


UNKNOWN = Fingerprint("", None)


def fingerprint(path: Path) -> Fingerprint:
    """Read a file's fingerprint, quickly however large it is. UNKNOWN if it cannot be read."""
    try:
        if path.is_dir():
            return Fingerprint(_of_folder(path), None)
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_ENDS_BYTES))
            file.seek(max(0, size - _ENDS_BYTES))
            digest.update(file.read(_ENDS_BYTES))
            former = digest.hexdigest()
            for place in range(1, _PLACES + 1):
                file.seek(size * place // (_PLACES + 1))
                digest.update(file.read(_PLACE_BYTES))
    except OSError:
        return UNKNOWN
    return Fingerprint(f"{_KIND}{digest.hexdigest()}", size, former)


def _of_folder(path: Path) -> str:
    digest, left = hashlib.sha256(), _MOST_FILES
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            digest.update(f"{file.relative_to(path)} {file.stat().st_size}".encode(errors="replace"))
            with file.open("rb") as content:
                digest.update(content.read(_ENDS_BYTES))
            left -= 1
            if not left:
                return digest.hexdigest()
    return digest.hexdigest()


def find_near(
    path: Path, wanted: Fingerprint, roots: Iterable[Path], *, not_these: Container[Path] = ()
) -> Path | None:
    """A file with this fingerprint in the folders `roots` or up to four levels below; None if none is.

    Near folders are searched first. Gives up after five seconds: a network share may hold millions of
    files.
    """
    if not wanted.digest:
        return None
    deadline = time.monotonic() + _SECONDS
    for candidate in _files_below(roots, deadline):
        if candidate.suffix.lower() != path.suffix.lower() or candidate == path or candidate in not_these:
            continue
        if _is(candidate, wanted):
            return candidate
        if time.monotonic() > deadline:
            return None
    return None


def _is(path: Path, wanted: Fingerprint) -> bool:
    try:
        # The size alone rules almost every file out, without reading it.
        if wanted.file_bytes is not None and (path.is_dir() or path.stat().st_size != wanted.file_bytes):
            return False
    except OSError:
        return False
    return fingerprint(path).is_of(wanted.digest)


def _files_below(roots: Iterable[Path], deadline: float) -> Iterator[Path]:
    """Files, and folders that are one image, in the roots and below, near ones first, each folder once."""
    waiting = [(root, 0) for root in roots]
    seen: set[str] = set()
    while waiting and time.monotonic() < deadline:
        folder, depth = waiting.pop(0)
        key = os.path.realpath(folder)
        if key in seen:
            continue
        seen.add(key)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # One folder that may not be looked into is no reason to stop.
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name.lower().endswith(_IMAGE_FOLDER):
                    yield Path(entry.path)
                elif depth < _DEPTH and not entry.name.startswith("."):
                    waiting.append((Path(entry.path), depth + 1))
            else:
                yield Path(entry.path)
