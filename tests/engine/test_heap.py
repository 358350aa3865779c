"""What the engine does with memory that is free."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unet_studio.engine.heap import has_glibc

PROGRAM = """
import sys
import numpy as np
from unet_studio.engine.heap import give_memory_back, keep_memory

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

if sys.argv[1] == "keep":
    keep_memory()
before = resident()
arrays = [np.ones(10 * 2**20, np.uint8) for _ in range(10)]
del arrays
print(resident() - before)
give_memory_back()
print(resident() - before)
"""


def resident_mib(how: str) -> list[float]:
    """What is held after 100 MiB became free, and after free memory was given back."""
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], check=True, capture_output=True, text=True, timeout=60
    )
    return [float(line) for line in out.stdout.split()]


@pytest.mark.skipif(not has_glibc(), reason="another C library")
def test_free_memory_is_kept_for_the_next_layer_until_it_is_given_back() -> None:
    kept, given_back = resident_mib("keep")
    assert kept > 90
    assert given_back < 20
    assert resident_mib("plain")[0] < 20
