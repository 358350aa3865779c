"""`unet-studio predict`: propose masks for images and write them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec
import numpy as np

from unet_studio.cli.progress import ProgressLine
from unet_studio.core.errors import ImageFileError, LabelFileError
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.proposals import Proposals
from unet_studio.core.sentences import Sentence
from unet_studio.io.atomic import writable_folder
from unet_studio.io.image_folder import expand_paths
from unet_studio.io.image_source import ImageSource, is_held_whole, whole_plane
from unet_studio.io.label_files import (
    check_mask_names,
    check_plane_formats,
    write_class_png,
    write_masks,
    write_plane_masks,
)
from unet_studio.io.model_folder import find_model
from unet_studio.io.open_image import open_image, scenes_of
from unet_studio.io.overview import sample_pixels, thinned
from unet_studio.jobs.connection import EngineConnection, OnEvent
from unet_studio.jobs.messages import Part, Predict, Predicted, Progress
from unet_studio.jobs.parts import all_areas, join_part, part_of, request_of, tells_scale
from unet_studio.segmentation.normalization import PlaneArray
from unet_studio.settings.locations import DEFAULT_MODEL, shipped_models_folder, user_folder
from unet_studio.settings.mask_formats import CLASS_FORMAT
from unet_studio.store.project_images import usual_model_input


@dataclass(frozen=True, slots=True)
class PredictTask:
    """What is the same for every plane."""

    engine: EngineConnection
    model: str
    device: str
    out: Path
    formats: tuple[str, ...]
    scale: float | None
    flips: bool

    @property
    def plain_formats(self) -> tuple[str, ...]:
        """Those of instances."""
        return tuple(name for name in self.formats if name != CLASS_FORMAT)

    def request(self, plane: PlaneToPredict, scale: float | None = None, part: Part | None = None) -> Predict:
        """About a plane, or a part of it where another one was seen at `scale`."""
        return Predict(
            job=0, model=self.model, device=self.device, pixel_size_um=plane.source.pixel_size_um,
            scale=scale or self.scale, flips=self.flips, part=part,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaneToPredict:
    """A plane of an image, and what its masks are called."""

    source: ImageSource
    t: int
    z: int
    stem: str


def predict(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    images = expand_paths(options.paths)
    formats = tuple(dict.fromkeys(options.formats or ["label-tiff"]))
    model = find_model(options.model or DEFAULT_MODEL, user_folder() / "models", shipped_models_folder())
    engine = EngineConnection()
    task = PredictTask(engine, str(model), options.device, options.out, formats, options.scale, options.flips)
    names = [(image, image.stem) for image in images]
    check_mask_names(names, options.out, task.plain_formats, spares_others=True)
    writable_folder(options.out)
    rows: list[dict[str, Any]] = []
    notes: set[str] = set()
    device, unreadable = "", 0
    try:
        for image in images:
            try:
                for plane in _planes(image):
                    if plane.stem != image.stem:
                        # Scenes and planes have names of their own.
                        names.append((image, plane.stem))
                        check_mask_names(names, options.out, task.plain_formats, spares_others=True)
                    with ProgressLine(plane.stem) as progress:
                        outcome, row = predict_plane(task, plane, progress)
                    rows.append({"image": str(image)} | row)
                    device = outcome.device
                    for note in map(str, outcome.notes):
                        if note not in notes:
                            notes.add(note)
                            print(f"{image.name}: {note}", file=sys.stderr)
                    print(f"{plane.stem}: {row['instances']} instances, {row['files'][0]}")
            except (ImageFileError, LabelFileError) as error:
                # One bad file must not cost the others.
                print(f"unet-studio: {error}", file=sys.stderr)
                unreadable += 1
    finally:
        engine.close()
    if options.json:
        about = {"model": str(model), "device": device, "flips": options.flips}
        print(json.dumps(about | {"unreadable": unreadable, "images": rows}))
    return 2 if unreadable else 0


def _planes(image: Path) -> Iterator[PlaneToPredict]:
    """Every plane of every image in a file. Raises ImageFileError."""
    scenes = len(scenes_of(image))
    for scene in range(scenes):
        source = open_image(image, scene=scene)
        stem = f"{image.stem}_s{scene + 1:02}" if scenes > 1 else image.stem
        places = [(t, z) for t in range(source.axes.t) for z in range(source.axes.z)]
        for t, z in places:
            yield PlaneToPredict(source, t, z, f"{stem}_t{t:04}_z{z:04}" if len(places) > 1 else stem)


def predict_plane(
    task: PredictTask, plane: PlaneToPredict, progress: OnEvent
) -> tuple[Predicted, dict[str, Any]]:
    """Propose on a plane and write its masks; what the engine said, and a row for --json.

    Raises ImageFileError, LabelFileError and JobFailed.
    """
    work = _whole if is_held_whole(plane.source) else _by_parts
    return work(task, plane, progress)


def _whole(task: PredictTask, plane: PlaneToPredict, progress: OnEvent) -> tuple[Predicted, dict[str, Any]]:
    """On a plane at once."""
    pixels = whole_plane(plane.source, t=plane.t, z=plane.z)
    seen = usual_model_input(plane.source, thinned(pixels))
    answer, arrays = task.engine.run(task.request(plane), [seen.of(pixels)], progress)
    outcome, labels = cast(Predicted, answer), arrays[0]
    files = write_masks(task.out, plane.stem, labels, task.plain_formats)
    if CLASS_FORMAT in task.formats:
        files.append(write_class_png(task.out, plane.stem, labels, outcome.class_of))
    count = int(np.count_nonzero(np.unique(labels)))
    return outcome, _row(outcome, count, outcome.seconds, files) | {"class_of": outcome.class_of}


def _by_parts(
    task: PredictTask, plane: PlaneToPredict, progress: OnEvent
) -> tuple[Predicted, dict[str, Any]]:
    """On a plane that is too large to be held: no array of its size is ever made."""
    if CLASS_FORMAT in task.formats:
        raise LabelFileError("{name} is too large for a mask of classes: use label-tiff.", name=plane.stem)
    bounds = Rect.of_size(plane.source.axes.y, plane.source.axes.x)
    check_plane_formats(plane.stem, bounds, task.formats)
    reference = sample_pixels(plane.source, t=plane.t, z=plane.z)
    seen = usual_model_input(plane.source, reference)
    proposals, seconds, areas = Proposals.from_parts(model=task.model), 0.0, all_areas(bounds)

    def read(area: Rect) -> tuple[Part, PlaneArray]:
        part = request_of(area, bounds, scale, run=run)
        return part, seen.of(plane.source.read(part.pixels, t=plane.t, z=plane.z))

    def ask(part: Part, pixels: PlaneArray) -> tuple[Predicted, list[Any]]:
        answer, arrays = task.engine.run(task.request(plane, scale, part), [pixels, seen.of(reference)])
        outcome = cast(Predicted, answer)
        notes.extend(note for note in outcome.notes if note not in notes)
        return outcome, arrays

    def take(labels: LabelArray, area: Rect, outcome: Predicted, scale: float | None) -> None:
        join_part(proposals, part_of(labels, area, bounds, scale), area, bounds, outcome, scale)

    scale, notes, run = task.scale, list[Sentence](), uuid4().hex
    helper = ThreadPoolExecutor(1)
    try:
        taken: Future[None] | None = None
        coming = helper.submit(read, areas[0])
        for number, area in enumerate(areas):
            part, pixels = coming.result()
            # While the engine predicts a part, the one before is taken and the next one read.
            if number + 1 < len(areas):
                coming = helper.submit(read, areas[number + 1])
            if part != request_of(area, bounds, scale, run=run):
                part, pixels = read(area)  # Meanwhile the scale was learnt.
            outcome, arrays = ask(part, pixels)
            if tells_scale(outcome, scale):
                scale = outcome.scale
                outcome, arrays = ask(*read(area))
            if taken is not None:
                taken.result()
            taken = helper.submit(take, arrays[0], area, outcome, scale)
            scale = scale or outcome.scale
            seconds += outcome.seconds
            progress(Progress(0, number + 1, len(areas)))
        if taken is not None:
            taken.result()
    finally:
        # What failed is told at once, not when a slow drive has given the next part.
        helper.shutdown(wait=False, cancel_futures=True)
    files = write_plane_masks(task.out, plane.stem, proposals.tiles, bounds, task.formats)
    outcome = msgspec.structs.replace(outcome, notes=notes)
    return outcome, _row(outcome, len(proposals.table), seconds, files)


def _row(outcome: Predicted, instances: int, seconds: float, files: list[Path]) -> dict[str, Any]:
    return {
        "instances": instances,
        "scale": outcome.scale,
        "classes": [one.name for one in outcome.classes],
        "seconds": round(seconds, 4),
        "files": [str(f) for f in files],
    }
