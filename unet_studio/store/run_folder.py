"""The samples in a training run's folder: the exact images, labels and checked areas it used.

runs/<number>/samples/NAME.tif  NAME_labels.tif  NAME_classes.tif  NAME_checked.png

What else is in a run's folder the engine writes: `engine.run_record`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.document import Document
from unet_studio.core.errors import TrainingDataError
from unet_studio.core.geometry import Rect, tile_rect
from unet_studio.core.label_tiles import LabelArray, LabelTiles
from unet_studio.io.atomic import writable_folder
from unet_studio.io.image_source import is_held_whole
from unet_studio.io.label_files import write_binary_png, write_label_tiff
from unet_studio.io.overview import sample_pixels, thinned
from unet_studio.io.tiff import write_plane_tiff
from unet_studio.segmentation.normalization import PlaneArray
from unet_studio.settings.prediction import Normalization
from unet_studio.store.project_images import model_input, open_project_image, usual_model_input
from unet_studio.store.project_store import ProjectStore

if TYPE_CHECKING:
    from unet_studio.segmentation.patches import Sample

REQUEST_NAME = "request.json"
CHECKPOINT_NAME = "checkpoint.pt"
_PART_PX = 512
_CONTEXT_PX = 96
_LARGEST_AREA_PX = 2**26


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one image teaches: a snapshot that no later edit changes."""

    image: Path
    labels: LabelTiles
    checked: CheckedArea
    bounds: Rect
    classes: dict[int, int]
    """Class index of every instance id."""
    t: int = 0
    z: int = 0
    scene: int = 0
    image_id: int = 0

    @staticmethod
    def of(image: Path, document: Document) -> Lesson:
        """The state of a document now; whoever knows says which plane it belongs to."""
        classes = {row.id: row.class_index for row in document.instances}
        labels = document.labels.snapshot()
        return Lesson(image, labels, document.checked, document.bounds, classes)


@dataclass(frozen=True, slots=True)
class WrittenLesson:
    """The files of a lesson; `checked` is None if the whole image is checked, `classes` if there is one."""

    image: Path
    labels: Path
    checked: Path | None
    classes: Path | None
    source: str
    """The image it is a plane of."""
    channels: int
    reference: Path | None = None
    """Pixels from all over the plane, where this is a part of it."""
    pixel_size_um: float | None = None


def new_run_folder(project: Path) -> Path:
    """PROJECT/runs/NNNN, the next free number, created."""
    runs = writable_folder(project / "runs")
    numbers = [int(p.name) for p in runs.iterdir() if p.name.isdigit()]
    folder = runs / f"{max(numbers, default=0) + 1:04}"
    (folder / "samples").mkdir(parents=True)
    return folder


def interrupted_run(project: Path) -> Path | None:
    """The newest run, if it has a checkpoint to go on from."""
    runs = sorted(folder for folder in (project / "runs").glob("*") if folder.name.isdigit())
    return runs[-1] if runs and (runs[-1] / CHECKPOINT_NAME).is_file() else None


def sample_of(lesson: Lesson, plane: PlaneArray) -> Sample:
    """A part of a lesson as a network sees it, where labels are; `plane` (H, W[, C]) is its image, whose
    channels stay."""
    # The window opens without scipy.
    from unet_studio.segmentation.patches import make_sample

    tiles = sorted(lesson.labels.indices())
    middle = tile_rect(tiles[len(tiles) // 2]) if tiles else lesson.bounds
    part = middle.grown(_PART_PX).intersect(lesson.bounds)
    channels = 1 if plane.ndim == 2 else plane.shape[2]
    return make_sample(
        plane[part.slices], lesson.labels.read(part), channels=channels, normalization=Normalization()
    )


def write_lessons(
    store: ProjectStore, run: Path, lessons: Sequence[Lesson], places: Mapping[int, int]
) -> list[WrittenLesson]:
    """Write every lesson of a project into the run folder.

    `places`: for every class index its place among the network's classes, from 1; empty: there is one class.
    """
    written: list[WrittenLesson] = []
    for lesson in lessons:
        source = open_project_image(store, lesson.image_id, lesson.image, lesson.scene)
        areas, reference = [lesson.bounds], None
        if not is_held_whole(source):
            areas = [_with_context(rect, lesson) for rect in lesson.checked.rects]
            sample = sample_pixels(source, t=lesson.t, z=lesson.z)
            seen = model_input(store, source, usual_model_input(source, sample))
            reference = run / "samples" / f"{len(written) + 1:03}_{lesson.image.stem}_reference.tif"
            write_plane_tiff(reference, seen.of(sample))
        for area in areas:
            pixels = source.read(area, t=lesson.t, z=lesson.z)
            if reference is None:
                seen = model_input(store, source, usual_model_input(source, thinned(pixels)))
            pixels = seen.of(pixels)
            one = _write(run, len(written) + 1, lesson, area, pixels, places, reference)
            written.append(replace(one, pixel_size_um=source.pixel_size_um))
    return written


def _with_context(rect: Rect, lesson: Lesson) -> Rect:
    """What is read for a checked rectangle of a plane that is too large to be held. Raises TrainingDataError
    where that is too large itself."""
    if rect.area > _LARGEST_AREA_PX:
        raise TrainingDataError(
            "A checked part of {name} is {width} × {height} px, too large to be learnt from at once: press C "
            "on it once more, then zoom in and check smaller parts.",
            name=lesson.image.name,
            width=rect.width,
            height=rect.height,
        )
    return rect.grown(_CONTEXT_PX).intersect(lesson.bounds)


def _write(
    run: Path,
    number: int,
    lesson: Lesson,
    area: Rect,
    pixels: PlaneArray,
    places: Mapping[int, int],
    reference: Path | None,
) -> WrittenLesson:
    stem = run / "samples" / f"{number:03}_{lesson.image.stem}"
    image = stem.with_name(f"{stem.name}.tif")
    write_plane_tiff(image, pixels)
    labels = stem.with_name(f"{stem.name}_labels.tif")
    values = lesson.labels.read(area)
    write_label_tiff(labels, values)
    classes = None
    if places:
        classes = stem.with_name(f"{stem.name}_classes.tif")
        write_label_tiff(classes, _semantic(values, lesson.classes, places))
    checked = None
    if not lesson.checked.covers(area):
        checked = stem.with_name(f"{stem.name}_checked.png")
        write_binary_png(checked, lesson.checked.mask(area).astype(np.int32))
    origin = f"{lesson.image}#{lesson.scene}" if lesson.scene else str(lesson.image)
    return WrittenLesson(image, labels, checked, classes, origin, pixels.shape[2], reference)


def _semantic(labels: LabelArray, classes: Mapping[int, int], places: Mapping[int, int]) -> LabelArray:
    """The class of every pixel by its place; one that is no longer in the table counts as the first."""
    ids, where = np.unique(labels, return_inverse=True)
    of_id = [places.get(classes.get(i, 0), 1) if i else 0 for i in ids.tolist()]
    return np.array(of_id, np.int32)[where].reshape(labels.shape)
