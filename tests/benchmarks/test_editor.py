"""The editor in a window of 1920×1080 under Xvfb: the table of docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark

MOST_TIMES_FLOOR = 5.0
MOST_LARGE_TO_SMALL = 1.3
"""The target is 1.2; two medians of one run on a shared machine differ by more than the rest."""


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    """A screen of its own; without Xvfb the offscreen platform, which flushes to nowhere."""
    if shutil.which("Xvfb") is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    server = subprocess.Popen(["Xvfb", ":77", "-screen", "0", "1920x1080x24"], stderr=subprocess.DEVNULL)
    time.sleep(2)
    yield {"DISPLAY": ":77", "QT_QPA_PLATFORM": "xcb"}
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def rows(display: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    work = tmp_path_factory.mktemp("editor")
    out = work / "rows.json"
    env = os.environ | display | {"UNET_STUDIO_HOME": str(work / "home")}
    command = [sys.executable, "-m", "tests.benchmarks.editor_session", str(out), "--work", str(work)]
    subprocess.run(command, env=env, check=True, timeout=600)
    found: dict[str, Any] = json.loads(out.read_text())
    print_table(found)
    return found


def print_table(rows: dict[str, Any]) -> None:
    print()
    for name, row in rows.items():
        if isinstance(row, list):
            print(f"| {name} | {', '.join(f'{value:.2f} s' for value in row)} |")
            continue
        floor = row.get("floor")
        for what, times in row.items():
            if isinstance(times, dict) and what != "floor":
                beside = (
                    f", floor {floor['median']:.2f}: {times['median'] / floor['median']:.1f} ×"
                    if floor
                    else ""
                )
                print(
                    f"| {name}, {what} | median {times['median']:.2f} ms, p99 {times['p99']:.2f} ms{beside} |"
                )
            elif not isinstance(times, dict):
                print(f"| {name}, {what} | {times:.2f} |")


def test_a_move_of_the_brush_costs_a_few_times_the_floor(rows: dict[str, Any]) -> None:
    for side in (1024, 4096, 16384):
        row = rows[f"brush 40 {side}"]
        assert row["moves"]["median"] <= MOST_TIMES_FLOOR * row["floor"]["median"]


def test_a_move_of_the_brush_costs_the_same_on_every_plane(rows: dict[str, Any]) -> None:
    small, large = (rows[f"brush 40 {side}"]["moves"]["median"] for side in (1024, 16384))
    assert large <= MOST_LARGE_TO_SMALL * small
