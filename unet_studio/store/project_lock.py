"""Who has a project open, in words. The lock itself is SQLite's."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import time
from pathlib import Path

import msgspec

OWNER_NAME = "owner.json"


class Owner(msgspec.Struct, frozen=True):
    """The window that holds a project."""

    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since}"


def write_owner(project: Path) -> None:
    """Leave word that this process holds the project. Only informative: a failure changes nothing."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "?"
    owner = Owner(user, socket.gethostname(), os.getpid(), time.strftime("%Y-%m-%d %H:%M"))
    with contextlib.suppress(OSError):
        (project / OWNER_NAME).write_bytes(msgspec.json.encode(owner))


def read_owner(project: Path) -> str:
    """Who holds the project, as well as is known."""
    try:
        return str(msgspec.json.decode((project / OWNER_NAME).read_bytes(), type=Owner))
    except (OSError, msgspec.DecodeError):
        return "another program"


def remove_owner(project: Path) -> None:
    """The project is free again."""
    with contextlib.suppress(OSError):
        (project / OWNER_NAME).unlink(missing_ok=True)
