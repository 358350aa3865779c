"""Opens damaged copies of image files, one by one: `python -m tests.io.fuzz DATA SCRATCH FIRST COUNT`.

Prints a line of JSON for every file: number, file, what was done to it, how it ended (opened, refused, or the
name of an error that is no sentence), seconds, and the most memory it took in MB. Damage number n of a file is
the same on every machine.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.image_source import ImageSource
from unet_studio.io.open_image import is_image, open_image, scenes_of

LARGEST_BYTES = 3_000_000
LIMIT_S = 20
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1_000_000)


def originals(data: Path, scratch: Path) -> list[Path]:
    """The files that are damaged: of every format, none large; an OME-Zarr folder as a zip."""
    found = (p for p in sorted((data / "formats").rglob("*")) if p.is_file() and is_image(p))
    files = [p for p in found if p.stat().st_size <= LARGEST_BYTES and ".zarr/" not in str(p)]
    for folder in sorted((data / "formats" / "ome_zarr").iterdir()):
        files.append(Path(shutil.make_archive(str(scratch / folder.name), "zip", folder)))
    return files


def damaged(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """A damaged copy, and in words what was done."""
    kind = rng.choice(["flip", "header", "extreme", "cut", "zeros", "insert", "swap", "header", "extreme"])
    out = bytearray(content)
    if kind == "cut":
        return bytes(out[: rng.randrange(len(out))]), kind
    near = min(len(out), rng.choice([64, 512, 4096, len(out)]))
    if kind in ("flip", "header"):
        for _ in range(rng.choice([1, 3, 20])):
            place = rng.randrange(near if kind == "header" else len(out))
            out[place] ^= 1 << rng.randrange(8) if kind == "flip" else rng.randrange(1, 256)
    elif kind == "extreme":
        for _ in range(rng.choice([1, 2, 5])):
            size, order = rng.choice([1, 2, 4, 8]), rng.choice(["little", "big"])
            value = rng.choice(EXTREMES) % (1 << 8 * size)
            place = rng.randrange(max(1, near - size))
            out[place : place + size] = value.to_bytes(size, order)  # type: ignore[arg-type]
    elif kind == "zeros":
        place = rng.randrange(near)
        out[place : place + rng.choice([4, 64, 4096])] = bytes(rng.choice([4, 64, 4096]))
    elif kind == "insert":
        place = rng.randrange(near)
        out[place:place] = rng.randbytes(rng.choice([1, 7, 300]))
    else:
        first, second = rng.randrange(len(out)), rng.randrange(len(out))
        out[first : first + 64], out[second : second + 64] = (
            out[second : second + 64],
            out[first : first + 64],
        )
    return bytes(out), kind


def look_at(source: ImageSource) -> None:
    """What a window would read first."""
    axes = source.axes
    source.read(Rect(0, 0, min(256, axes.y), min(256, axes.x)))
    height, width = source.levels[-1]
    source.read(Rect(max(0, height - 64), max(0, width - 64), height, width), level=len(source.levels) - 1)


def peak_mb() -> int:
    """The most memory since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Count the most memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """See the module."""
    data, scratch, first, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    files = originals(data, scratch)
    for file in files:  # Readers import what they need when they are first used.
        try:
            look_at(open_image(file))
        except ImageFileError:
            continue
    for number in range(first, first + count):
        file = files[number % len(files)]
        content, kind = damaged(file.read_bytes(), random.Random(number))
        path = scratch / f"{number}{''.join(file.suffixes[-2:])}"
        path.write_bytes(content)
        forget_peak()
        before = peak_mb()
        print(json.dumps({"begun": number, "file": file.name, "kind": kind}), flush=True)
        began = time.perf_counter()
        signal.alarm(LIMIT_S)  # Ends the process: whoever watches sees which one hung.
        try:
            scenes_of(path)
            look_at(open_image(path))
            end = "opened"
        except ImageFileError:
            end = "refused"
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            end = f"{type(error).__name__}: {error}"[:200]
        signal.alarm(0)
        row = {"number": number, "file": file.name, "kind": kind, "end": end}
        row |= {"seconds": round(time.perf_counter() - began, 3), "mb": peak_mb() - before}
        print(json.dumps(row), flush=True)
        path.unlink()


if __name__ == "__main__":
    main()
