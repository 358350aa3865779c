"""Proposing on every image of a project, one after the other: which ones, and what has come of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unet_studio.core.errors import ImageFileError
from unet_studio.core.proposals import Proposals
from unet_studio.gui.background.engine_thread import Prepared
from unet_studio.io.image_source import is_held_whole, whole_plane
from unet_studio.io.overview import thinned
from unet_studio.jobs.messages import Predict
from unet_studio.segmentation.region_growing import GreyArray
from unet_studio.store.project_images import (
    has_flips,
    image_scale,
    model_input,
    open_project_image,
    usual_model_input,
)
from unet_studio.store.project_store import ImageRecord, ProjectStore


def images_without_anything(store: ProjectStore) -> list[int]:
    """The images on which nothing was ever drawn, checked or proposed; for a worker thread."""
    return [record.id for record in store.images() if not store.is_drawn_on(record.id)]


@dataclass(slots=True, eq=False)
class AllRun:
    """Proposing on the first plane of each image. Of `total`, `done` are over: proposed on, left out because
    they cannot be read, are too large, or the engine failed on them (`left_out`; `has_just_failed`: on the
    last one), or labelled meanwhile."""

    store: ProjectStore
    model: Path
    waiting: deque[int]
    total: int
    done: int = 0
    proposed_on: int = 0
    found: int = 0
    seconds: float = 0.0
    left_out: list[str] = field(default_factory=list)
    has_just_failed: bool = False
    is_stopped: bool = False


@dataclass(slots=True, eq=False)
class OneOfAll:
    """An image of such a run; `plane_id` is known once it has been read."""

    run: AllRun
    record: ImageRecord
    plane_id: int = 0

    def prepare(self) -> Prepared:
        """Read the image; runs in the worker thread. Raises ImageFileError, PlaneSizeError."""
        store, record = self.run.store, self.record
        source = open_project_image(store, record.id, record.path, record.scene)
        if not is_held_whole(source):
            raise ImageFileError("{name} is too large to be proposed on with all others.", name=record.title)
        plane = whole_plane(source, t=0, z=0)
        self.plane_id = store.open_plane(record.id, height=plane.shape[0], width=plane.shape[1], t=0, z=0)
        seen = model_input(store, source, usual_model_input(source, thinned(plane)))
        request = Predict(
            job=0, model=str(self.run.model), pixel_size_um=source.pixel_size_um, scale=image_scale(store),
            flips=has_flips(store),
        )  # fmt: skip
        return request, [seen.of(plane)]

    def finish(self, arrays: list[Any]) -> tuple[Proposals, GreyArray]:
        """Runs in the worker thread."""
        return Proposals.from_label_image(arrays[0], model=self.run.model.name), arrays[1]
