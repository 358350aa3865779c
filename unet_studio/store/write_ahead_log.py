"""Does a write-ahead log hold commits that SQLite would silently drop?

SQLite reads a log up to the first frame whose checksum fails. After a power cut that is the unfinished
last transaction, and right. But if a byte in the middle was overwritten, everything after it was
committed, told as saved, and would be gone without a word.
Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MAGIC = (0x377F0682, 0x377F0683)  # checksums over little-endian, big-endian words


def lost_commits(database: Path) -> int:
    """How many whole transactions stand behind a frame that cannot be read; 0 for a sound log.

    The last transaction may be torn by a power cut: it was never reported as committed and does not
    count. Files that cannot be read count as sound: opening the database says what is wrong with them.
    """
    try:
        log = database.with_name(database.name + "-wal").read_bytes()
    except OSError:
        return 0
    if len(log) < _HEADER_BYTES:
        return 0
    magic, _, page_bytes, _, *salts = struct.unpack(">6I", log[:24])
    if magic not in _MAGIC or page_bytes < 512:
        return 0
    words = "<" if magic == _MAGIC[0] else ">"
    if _checksum(log[:24], (0, 0), words) != struct.unpack(">2I", log[24:32]):
        return 0  # SQLite takes such a log for empty; whether it was cannot be known.
    return _commits_behind_damage(log, page_bytes, salts, words)


def _commits_behind_damage(log: bytes, page_bytes: int, salts: list[int], words: str) -> int:
    running = struct.unpack(">2I", log[24:32])
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes
    is_sound, commits = True, 0
    for start in range(_HEADER_BYTES, len(log) - frame_bytes + 1, frame_bytes):
        _, pages_after_commit, *frame_salts = struct.unpack(">4I", log[start : start + 16])
        if frame_salts != salts:
            if is_sound and log[start : start + 8] == bytes(8):
                break
            if is_sound:
                is_sound = False  # The rest is of an earlier log, or this very header is damaged.
            continue
        if is_sound:
            body = log[start : start + 8] + log[start + _FRAME_HEADER_BYTES : start + frame_bytes]
            running = _checksum(body, running, words)
            is_sound = running == struct.unpack(">2I", log[start + 16 : start + 24])
        if not is_sound and pages_after_commit:
            commits += 1
    return max(0, commits - 1)


def _checksum(data: bytes, start: tuple[int, ...], words: str) -> tuple[int, int]:
    first, second = start
    values = struct.unpack(f"{words}{len(data) // 4}I", data)
    for even, odd in zip(values[::2], values[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
