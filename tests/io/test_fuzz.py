"""Damaged files end in a sentence or open; none ends the program, hangs, or takes all memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

MOST_S = 5.0
MOST_MB = 1024


def fuzz(data: Path, scratch: Path, first: int, count: int) -> list[dict[str, Any]]:
    """The rows that fuzz.py prints; fails if it did not come to its end."""
    command = [sys.executable, "-m", "tests.io.fuzz", str(data), str(scratch), str(first), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, f"ended by {run.returncode} at {rows[-1]}: {run.stderr[-500:]}"
    return [row for row in rows if "end" in row]


def judge(rows: list[dict[str, Any]]) -> None:
    ends = Counter(row["end"] if row["end"] in ("opened", "refused") else "error" for row in rows)
    slowest, largest = max(row["seconds"] for row in rows), max(row["mb"] for row in rows)
    print(f"{len(rows)} damaged files: {dict(ends)}, the slowest {slowest} s, the largest {largest} MB")
    assert not [row for row in rows if row["end"] not in ("opened", "refused")]
    assert not [row for row in rows if row["seconds"] > MOST_S or row["mb"] > MOST_MB]
    assert ends["refused"] > len(rows) // 10, "the damage is damage"


def test_damaged_files_end_in_a_sentence(data: Path, tmp_path: Path) -> None:
    judge(fuzz(data, tmp_path, 10_000, 300))


@pytest.mark.slow
def test_two_thousand_damaged_files_end_in_a_sentence(data: Path, tmp_path: Path) -> None:
    judge(fuzz(data, tmp_path, 0, 2000))
