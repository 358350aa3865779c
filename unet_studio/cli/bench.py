"""`unet-studio bench`: what prediction costs here, beside a plain program and the machine's limit."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import cv2
import msgspec
import numpy as np
import tifffile

from unet_studio.cli.predict import PlaneToPredict, PredictTask, predict_plane
from unet_studio.core.errors import UserError
from unet_studio.core.proposals import Proposals
from unet_studio.io.open_image import open_image
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import Bench, Benched, BenchRow, Describe, Predict
from unet_studio.settings.locations import DEFAULT_MODEL, resources_folder, shipped_models_folder

_RUNS = 5
_SIDE = 512
_FIELD_SIDE = 2048
_SLIDE_SIDE = 20_000
_DEMO = "fluorescence.png"


def bench(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    cold = _cold_start(options.device)
    slide = _slide(options.device) if options.slide else []
    engine = EngineConnection()
    try:
        first = _first_proposals(engine, options.device)
        outcome, _ = engine.run(Bench(job=0, device=options.device, quick=options.quick), [])
    finally:
        engine.close()
    measured = cast(Benched, outcome)
    rows = [*measured.rows, first, cold, *slide]
    print(
        f"{measured.device}; {measured.threads} threads; "
        f"largest matrix product {measured.peak_gflops} GFLOP/s"
    )
    print(f"{'':44} {'ours':>9} {'plain':>9} {'ratio':>6} {'of the limit':>13}")
    for row in rows:
        plain = f"{row.plain_s:8.3f} s" if row.plain_s is not None else ""
        ratio = f"{row.ratio:6.2f}" if row.ratio is not None else ""
        share = f"{100 * row.peak_fraction:11.0f} %" if row.peak_fraction is not None else ""
        print(f"{row.name:44} {row.ours_s:7.3f} s {plain:>9} {ratio:>6} {share:>13}".rstrip())
    if options.json:
        print(json.dumps({"rows": msgspec.to_builtins(rows)}))
    return 0


def _cold_start(device: str) -> BenchRow:
    """From nothing to an engine that has answered; beside a process that only imports torch."""
    taken, plain = [], []
    for _ in range(3):
        start = time.perf_counter()
        engine = EngineConnection()
        try:
            engine.run(Describe(0, device), [])
        finally:
            engine.close()
        taken.append(time.perf_counter() - start)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        plain.append(time.perf_counter() - start)
    return BenchRow.of("engine, cold start to first answer", min(taken), min(plain))


def _first_proposals(engine: EngineConnection, device: str) -> BenchRow:
    """From the array to proposals the window can draw, through the warm engine."""
    plane = _nuclei()
    request = Predict(job=0, model=str(shipped_models_folder() / DEFAULT_MODEL), device=device)
    taken = []
    for _ in range(_RUNS + 1):
        start = time.perf_counter()
        _, arrays = engine.run(request, [plane])
        Proposals.from_label_image(cast(Any, arrays[0]), model=DEFAULT_MODEL)
        taken.append(time.perf_counter() - start)
    return BenchRow.of(f"proposals through the warm engine, {_SIDE}²", min(taken[1:]), None)


def _nuclei() -> np.ndarray[Any, Any]:
    """512² px of a real image, (H, W, 1)."""
    path = resources_folder() / "demo" / _DEMO
    field = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if field is None:
        raise UserError("The demo image {path} is gone: install U-Net Studio again.", path=path)
    return np.ascontiguousarray(field.reshape(*field.shape[:2], -1)[:_SIDE, :_SIDE, :1])


def _slide(device: str) -> list[BenchRow]:
    """A plane that is predicted in parts and one that is not, from their files to their stored labels, by an
    engine of its own each, and by what "auto" takes for each; prints what part of the throughput is left, and
    the memory that the slide's engine took."""
    tile = _nuclei()[:, :, 0]
    tile = (tile / (tile.max() / 255)).astype(np.uint8)
    model = str(shipped_models_folder() / DEFAULT_MODEL)
    rows, per_pixel = [], []
    engines = {side: EngineConnection() for side in (_FIELD_SIDE, _SLIDE_SIDE)}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            for side, runs in ((_FIELD_SIDE, 3), (_SLIDE_SIDE, 1), (_FIELD_SIDE, 3)):
                path = Path(scratch) / f"{side}.tif"
                more = side - tile.shape[0]
                _write(path, np.pad(tile, (0, more), mode="symmetric"))
                plane = PlaneToPredict(open_image(path), 0, 0, f"labels of {side}")
                formats = ("label-tiff",)
                task = PredictTask(engines[side], model, device, Path(scratch), formats, None, False)
                engines[side].run(Describe(0, device), [])
                taken = []
                for _ in range(runs):
                    start = time.perf_counter()
                    predict_plane(task, plane, lambda event: None)
                    taken.append(time.perf_counter() - start)
                rows.append(BenchRow.of(f"shipped model, {side}², file to stored labels", min(taken), None))
                per_pixel.append(min(taken) / side**2)
            memory = _most_memory(engines[_SLIDE_SIDE])
        finally:
            for engine in engines.values():
                engine.close()
    share = (per_pixel[0] + per_pixel[2]) / 2 / per_pixel[1]
    print(f"{_SLIDE_SIDE}²: {share:.0%} of the throughput of {_FIELD_SIDE}² before and after it{memory}")
    return rows[:2]


def _write(path: Path, plane: np.ndarray[Any, Any]) -> None:
    try:
        tifffile.imwrite(path, plane)
    except OSError as error:
        raise UserError(
            "A plane of {size} MB could not be written into {folder} ({reason}): make room there, or set "
            "TMPDIR.",
            size=plane.nbytes // 10**6,
            folder=path.parent,
            reason=error.strerror or error,
        ) from error


def _most_memory(engine: EngineConnection) -> str:
    """The most the engine has taken, in words; nothing where the system does not tell."""
    status = Path(f"/proc/{engine.pid}/status")
    if not status.is_file():
        return ""
    most = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return f"; the engine took {most[0] / 1024:.0f} MiB at most" if most else ""
