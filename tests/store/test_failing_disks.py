"""Full disks, lost shares, read-only folders: told at once, drawing goes on, nothing is dropped."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import preloadable
from tests.store.drawing_session import SHAPE, step
from tests.store.failing_disk_session import STEPS_AFTER, STEPS_BEFORE, STEPS_WHILE
from tests.store.test_kill_while_drawing import same
from unet_studio.core.document import Document
from unet_studio.core.errors import DamagedProjectError, ProjectError
from unet_studio.store import project_store
from unet_studio.store.database import damaged_or_gone, lost_drive
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore, Timing

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


def new_project(home: Path) -> Path:
    image = home / "a.png"
    cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    store = ProjectStore(home / "p.unetproject")
    store.add_images([image])
    store.open_plane(1, height=SHAPE[0], width=SHAPE[1])
    assert store.close()
    return store.folder


def expected(steps: int) -> Document:
    document = Document(*SHAPE)
    for number in range(1, steps + 1):
        step(document, number)
    return document


def stored(folder: Path) -> Document:
    store = ProjectStore(folder)
    document = store.load_document(store.plane_places(1)[0].id)
    assert store.close()
    return document


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return preloadable(Path(__file__).with_name("failing_disk.c"), tmp_path_factory.mktemp("shim"))


def run_session(shim: Path, calls: str, folder: Path, flag: Path, other: str) -> list[str]:
    environment = os.environ | {"LD_PRELOAD": str(shim), "FAILING_DISK": str(flag), "FAILING_CALLS": calls}
    command = [sys.executable, "-m", "tests.store.failing_disk_session", str(folder), str(flag), other]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("calls", ["fsync fdatasync", "pwrite pwrite64"])
def test_a_share_that_fails_is_told_and_written_to_again_when_it_is_back(
    tmp_path: Path, shim: Path, calls: str
) -> None:
    folder = new_project(tmp_path)
    told = run_session(shim, calls, folder, tmp_path / "flag", "-")
    assert told[0] == "failing: disk I/O error"
    assert f"waiting: {STEPS_WHILE}" in told
    assert told[-2:] == ["recovered", "closed"]
    same(expected(STEPS_BEFORE + STEPS_WHILE + STEPS_AFTER), stored(folder))


def test_a_session_on_a_full_disk_goes_on_in_another_folder(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "400k") as home:
        folder = new_project(home)
        (folder / "models" / "mine").mkdir(parents=True)
        (folder / "models" / "mine" / "config.json").write_text("{}")
        heard = Heard()
        store = ProjectStore(folder, heard, timing=Timing(retry_s=0.1))
        plane = store.plane_places(1)[0].id
        document = store.load_document(plane)
        number = 0
        while not heard.problems:
            number += 1
            assert number < 3000
            store.record(plane, document, step(document, number))
            store.journal.flush(0.05)
        assert "full" in heard.problems[0]
        for number in range(number + 1, number + 40):  # noqa: B020 - goes on where the loop above ended
            store.record(plane, document, step(document, number))
        with pytest.raises(ProjectError, match=r"cannot be copied to .*Choose a folder on another drive"):
            store.continue_in(home / "also-full")
        assert store.folder == folder, "everything is as it was"
        elsewhere = tmp_path / "elsewhere" / "p.unetproject"
        store.continue_in(elsewhere)
        assert heard.back.wait(20)
        assert store.folder == elsewhere
        assert store.images()[0].path == home / "a.png", "the image stays where it is"
        with pytest.raises(ProjectError, match="There is a project in"):
            store.continue_in(elsewhere)
        assert store.close()
        assert (elsewhere / "models" / "mine" / "config.json").is_file()
        same(document, stored(elsewhere))
        same(expected(number), stored(elsewhere))


def test_a_full_disk_that_gets_room_again_takes_everything_that_waited(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "400k") as home:
        heard = Heard()
        store = ProjectStore(new_project(home), heard, timing=Timing(retry_s=0.1))
        plane = store.plane_places(1)[0].id
        document = store.load_document(plane)
        number = 0
        while not heard.problems or number < 200:
            number += 1
            store.record(plane, document, step(document, number))
            if not heard.problems:
                store.journal.flush(0.05)
        assert not store.journal.flush(0.3)
        assert not store.close(timeout_s=0.2), "the project stays open"
        subprocess.run(["mount", "-o", "remount,size=50m", str(home)], check=True)
        assert heard.back.wait(20)
        assert store.close()
        same(expected(number), stored(store.folder))


def test_what_waits_for_a_failing_disk_is_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    store = ProjectStore(new_project(tmp_path), heard, timing=Timing(retry_s=30))
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    store._connection.execute(
        f"PRAGMA max_page_count = {store._connection.execute('PRAGMA page_count').fetchone()[0]}"
    )
    for number in range(1, 150):
        store.record(plane, document, step(document, number))
    deadline = time.monotonic() + 20
    while any(hasattr(commit, "edit") for commit in store.journal._queue):
        assert time.monotonic() < deadline, "arrays are still waiting"
        time.sleep(0.05)
    waiting = sum(len(c.data or b"") + sum(len(t[1] or b"") for t in c.tiles) for c in store.journal._queue)
    assert waiting < 150 * 40_000, "149 strokes in 256 KiB tiles would be more than 40 MB"
    store._connection.execute("PRAGMA max_page_count = 1000000")
    with store.journal._changed:
        store.journal._retry_s = 0.05
    store.abandon()


def test_a_folder_made_read_only_in_mid_session_is_no_reason_to_stop(tmp_path: Path) -> None:
    """As a person without special rights: files that are open stay writable, a backup is told to fail."""
    code = """
import os, pwd, sys, threading
import numpy.random
from pathlib import Path
from tests.store.drawing_session import step
from unet_studio.store import project_store
from unet_studio.store import project_store
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore, Timing
if os.getuid() == 0: os.setuid(65534)
told = threading.Event()
class Heard(Listener):
    def backup_failed(self, reason): print('backup failed:', reason); told.set()
    def failing(self, reason, waiting): print('failing:', reason)
folder = Path(sys.argv[1])
store = ProjectStore(folder, Heard(), timing=Timing(first_backup_s=0.5, backup_interval_s=0.5))
plane = store.plane_places(1)[0].id; document = store.load_document(plane)
store.record(plane, document, step(document, 1))
os.chmod(folder, 0o555)
for number in range(2, 40): store.record(plane, document, step(document, number))
assert store.journal.flush(10)
assert told.wait(10)
os.chmod(folder, 0o755)
assert store.close()
os.chmod(folder, 0o555); os.chmod(folder / 'project.sqlite', 0o444)
try: ProjectStore(folder)
except Exception as error: print(type(error).__name__, error)
os.chmod(folder, 0o755); os.chmod(folder / 'project.sqlite', 0o644)
"""
    home = tmp_path / "home"
    home.mkdir()
    folder = new_project(home)
    if os.getuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        for path in (tmp_path, *tmp_path.parents[:3]):
            path.chmod(path.stat().st_mode | 0o011)
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "backup failed: Permission denied" in lines
    assert not [line for line in lines if line.startswith("failing")]
    assert lines[-1].startswith("ProjectError The project")
    assert "Check that the folder can be written" in lines[-1]
    same(expected(39), stored(folder))


def test_a_disk_that_answers_again_while_the_project_is_copied_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ProjectStore(new_project(tmp_path))
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    store.record(plane, document, step(document, 1))
    assert store.journal.flush(10)
    real_connect = project_store.connect

    def draw_meanwhile(folder: Path) -> sqlite3.Connection:
        store.record(plane, document, step(document, 2))
        assert not store.journal.flush(0.3), "nothing may go to the old place any more"
        return real_connect(folder)

    monkeypatch.setattr(project_store, "connect", draw_meanwhile)
    store.continue_in(tmp_path / "other" / "p.unetproject")
    store.record(plane, document, step(document, 3))
    assert store.close()
    monkeypatch.undo()
    same(document, stored(tmp_path / "other" / "p.unetproject"))
    same(expected(3), document)


def test_paths_that_change_places_do_not_stop_a_move(tmp_path: Path) -> None:
    deep = tmp_path / "sub"
    deep.mkdir()
    for image in (tmp_path / "x.png", deep / "x.png"):
        cv2.imwrite(str(image), np.zeros(SHAPE, np.uint8))
    store = ProjectStore(deep / "p.unetproject")
    store.add_images([deep / "x.png", tmp_path / "x.png"])
    store.continue_in(tmp_path / "p.unetproject")
    assert [record.path for record in store.images()] == [deep / "x.png", tmp_path / "x.png"]
    assert store.close()


def test_a_disk_that_hangs_is_told_and_closing_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_store, "_HANG_S", 0.2)
    store = ProjectStore(new_project(tmp_path))
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    hanging, release = threading.Event(), threading.Event()

    def hang() -> None:
        with store._lock:
            hanging.set()
            release.wait(20)

    threading.Thread(target=hang).start()
    assert hanging.wait(5)
    store.record(plane, document, step(document, 1))
    with pytest.raises(ProjectError, match="does not answer"):
        store.continue_in(tmp_path / "other")
    started = time.monotonic()
    store.abandon()
    assert time.monotonic() - started < 3
    release.set()
    time.sleep(0.2)


def test_a_listener_that_fails_does_not_end_the_journal(tmp_path: Path) -> None:
    class Broken(Listener):
        def committed(self, plane_id: int, moment: object) -> None:
            raise RuntimeError("a bug in the window")

    store = ProjectStore(new_project(tmp_path), Broken())
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    for number in range(1, 6):
        store.record(plane, document, step(document, number))
    assert store.close()
    same(expected(5), stored(store.folder))


class Heard(Listener):
    def __init__(self) -> None:
        self.problems: list[str] = []
        self.back = threading.Event()

    def failing(self, reason: str, waiting: int) -> None:
        self.problems.append(reason)

    def recovered(self) -> None:
        self.back.set()


class small_disk:  # noqa: N801 - reads as a statement
    """A real file system of the given size."""

    def __init__(self, place: Path, size: str) -> None:
        self.place, self.size = place, size

    def __enter__(self) -> Path:
        self.place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.place)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small disk here")
        return self.place

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture(autouse=True)
def no_leftover_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name in ("journal", "backups")]


def test_nonsense_from_a_drive_that_is_lost_is_not_called_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_project(tmp_path)
    nonsense = sqlite3.DatabaseError("database disk image is malformed")
    assert isinstance(damaged_or_gone(folder, nonsense), DamagedProjectError)

    def lost(*_: object, **__: object) -> None:
        raise OSError(errno.EHOSTDOWN, "Host is down")

    monkeypatch.setattr(Path, "stat", lost)
    error = damaged_or_gone(folder, nonsense)
    assert not isinstance(error, DamagedProjectError)
    assert "Host is down" in str(error)


def test_asking_whether_the_drive_is_lost_does_not_give_up_the_lock(tmp_path: Path) -> None:
    """Closing any file handle of the database would, on POSIX."""
    store = ProjectStore(new_project(tmp_path))
    assert lost_drive(store.folder) is None
    code = "import sys; from pathlib import Path; from unet_studio.store.project_store import ProjectStore; "
    code += "ProjectStore(Path(sys.argv[1]))"
    other = subprocess.run(
        [sys.executable, "-c", code, store.folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "is already open" in other.stderr
    assert store.close()
