"""A network drive that is lost while its images and its project are open: told in words, nothing waits for
it, nothing is taken for moved or damaged, and all goes on when it is back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from tests.conftest import RESOURCES, preloadable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return preloadable(Path(__file__).with_name("lost_drive.c"), tmp_path_factory.mktemp("shim"))


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Three images of the same pixels, and a slide that is read by tiles."""
    folder = tmp_path / "drive" / "images"
    folder.mkdir(parents=True)
    field = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_GRAYSCALE)
    for name in "abc":
        cv2.imwrite(str(folder / f"{name}.png"), field)
    tifffile.imwrite(folder / "slide.tif", np.tile(field, (12, 12)), tile=(256, 256), metadata={"axes": "YX"})
    return folder


def heard(shim: Path, drive: Path, ending: str) -> list[str]:
    home = drive.parent.parent
    local = home / "here" / "local.png"
    local.parent.mkdir()
    shutil.copy(drive / "a.png", local)
    environment = os.environ | {
        "LD_PRELOAD": str(shim),
        "LOST_DRIVE": str(drive.parent),
        "LOST_DRIVE_FLAG": str(home / "flag"),
        "UNET_STUDIO_HOME": str(home / "home"),
    }
    command = [sys.executable, "-m", "tests.e2e.lost_drive_session", drive, local, home / "flag", ending]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_drive_that_fails_is_told_and_nothing_on_it_is_taken_for_moved(shim: Path, drive: Path) -> None:
    lines = heard(shim, drive, "eio")
    assert not [line for line in lines if "NOT DONE" in line], lines
    assert any(line.startswith("slide: slide.tif cannot be read any more") for line in lines), lines
    assert "because: Input/output error" in lines, "and not that the database is damaged"
    for name in ("b.png", "c.png"):
        assert (
            f"failed: {name} cannot be reached (Input/output error): connect its drive, then choose it again."
            in lines
        )
    assert "longest: short" in lines
    assert "instances: 1" in lines, "what was drawn meanwhile is kept"
    assert "closed: True, all threads at their end: True" in lines


@pytest.mark.slow
def test_a_drive_that_hangs_lets_the_person_work_elsewhere_and_leave(shim: Path, drive: Path) -> None:
    lines = heard(shim, drive, "hang")
    assert not [line for line in lines if "NOT DONE" in line], lines
    for name in ("slide.tif", "b.png", "c.png"):
        assert f"said: {name} is still being read: its drive answers slowly or not at all." in lines
    assert "because: the disk does not answer" in lines
    assert "longest: short" in lines, "the window answers all the time"
    assert "instances: 1" in lines
    assert "closed: True, all threads at their end: False" in lines
