"""Fixtures for every test: isolated settings, real data where it is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The window speaks the machine's language, the tests know English.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("LANGUAGE", None)

# A landing must not depend on the luck of the draw; at the desk new cases are tried every time.
# How long an example takes depends on who else uses the machine: none has a deadline.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("desk")
if os.environ.get("CI"):
    settings.load_profile("ci")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RESOURCES = Path(__file__).resolve().parents[1] / "resources"


@pytest.fixture(scope="session")
def converted_networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What OpenVINO made of networks: once for all tests."""
    return tmp_path_factory.mktemp("openvino")


@pytest.fixture(autouse=True)
def isolated_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, converted_networks: Path
) -> Path:
    """Nothing a test does reaches the person's own models, demo or logs."""
    home = tmp_path_factory.mktemp("home")
    if os.name == "posix":
        (home / "openvino").symlink_to(converted_networks)
    monkeypatch.setenv("UNET_STUDIO_HOME", str(home))
    return home


def preloadable(source: Path, folder: Path) -> Path:
    """A library made of a C file whose system calls stand before the real ones; skips without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler here to make system calls fail")
    library = folder / source.with_suffix(".so").name
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture
def data() -> Path:
    """The real images; the test is skipped where they are not."""
    if not DATA.is_dir():
        pytest.skip(f"the development data is not here ({DATA})")
    return DATA


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def quiet() -> QuietContext:
    return QuietContext()


class QuietContext:
    """A JobContext that lets everything run and keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, note: str = "") -> None:
        self.seen.append((done, total))

    def check_cancelled(self) -> None:
        pass

    def stop_requested(self) -> bool:
        return False


def discs(shape: tuple[int, int], *centres: tuple[int, int, int]) -> np.ndarray:
    """int32 label image of discs (y, x, radius), ids 1, 2, …; later ones do not cover earlier ones."""
    labels = np.zeros(shape, np.int32)
    y, x = np.ogrid[: shape[0], : shape[1]]
    for number, (cy, cx, radius) in enumerate(centres, 1):
        labels[((y - cy) ** 2 + (x - cx) ** 2 <= radius**2) & (labels == 0)] = number
    return labels
