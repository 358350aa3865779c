"""How the engine keeps memory: what a layer has given back is there for the next one."""

from __future__ import annotations

import ctypes
import platform
import sys

# malloc.h of glibc
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_KEPT = 2**30
# What is larger would leave holes that nothing fits into: whole planes, features that are not in strips.
_LARGEST = 2**26
_LARGEST_OF_OLD = 2**25
"""Up to glibc 2.34 or so: half of what a thread's heap may take."""


def keep_memory() -> None:
    """Let the heap keep what is free, for the next layer, the next step, the next image.

    glibc asks the system anew for every array of more than 32 MiB, and for smaller ones of a thread: handing
    out and zeroing pages took a third of the time of a prediction. `give_memory_back` returns them. Nothing
    where the C library is another one.
    """
    if has_glibc():
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 1)
        # Without this the next line would let every array of more than 128 KiB be asked for anew.
        if libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST) or libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_OF_OLD):
            libc.mallopt(_M_TRIM_THRESHOLD, _KEPT)


def give_memory_back() -> None:
    """Return to the system what is free."""
    if has_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def has_glibc() -> bool:
    """True for the usual C library of Linux."""
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
