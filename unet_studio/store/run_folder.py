"""The samples in a training run's folder: the exact images, labels and checked areas it used.

runs/<number>/samples/NAME.tif  NAME_labels.tif  NAME_classes.tif  NAME_checked.png

What else is in a run's folder the engine writes: `engine.run_record`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.document import Document
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.io.atomic import writable_folder
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import write_binary_png, write_label_tiff
from unet_studio.io.open_image import open_image
from unet_studio.io.tiff import write_plane_tiff


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one image teaches: a snapshot that no later edit changes."""

    image: Path
    labels: LabelTiles
    checked: CheckedArea
    bounds: Rect
    t: int = 0
    z: int = 0

    @staticmethod
    def of(image: Path, document: Document, *, t: int = 0, z: int = 0) -> Lesson:
        """The state of a document now; `t`, `z`: which plane of the image it belongs to."""
        return Lesson(image, document.labels.snapshot(), document.checked, document.bounds, t, z)


@dataclass(frozen=True, slots=True)
class WrittenLesson:
    """The files of a lesson; `checked` is None if the whole image is checked."""

    image: Path
    labels: Path
    checked: Path | None


def new_run_folder(project: Path) -> Path:
    """PROJECT/runs/NNNN, the next free number, created."""
    runs = writable_folder(project / "runs")
    numbers = [int(p.name) for p in runs.iterdir() if p.name.isdigit()]
    folder = runs / f"{max(numbers, default=0) + 1:04}"
    (folder / "samples").mkdir(parents=True)
    return folder


def write_lessons(run: Path, lessons: Sequence[Lesson]) -> list[WrittenLesson]:
    """Write every lesson into the run folder."""
    written = []
    for number, lesson in enumerate(lessons, 1):
        stem = run / "samples" / f"{number:03}_{lesson.image.stem}"
        image = stem.with_name(f"{stem.name}.tif")
        write_plane_tiff(image, whole_plane(open_image(lesson.image), t=lesson.t, z=lesson.z))
        labels = stem.with_name(f"{stem.name}_labels.tif")
        write_label_tiff(labels, lesson.labels.read(lesson.bounds))
        checked = None
        if not lesson.checked.covers(lesson.bounds):
            checked = stem.with_name(f"{stem.name}_checked.png")
            write_binary_png(checked, lesson.checked.mask(lesson.bounds).astype(np.int32))
        written.append(WrittenLesson(image, labels, checked))
    return written
