"""Proposing on a plane that is too large to be held: which parts, in what order, what has come of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from unet_studio.core.errors import UserError
from unet_studio.core.geometry import TILE_PX, Rect
from unet_studio.core.proposals import Proposals
from unet_studio.core.sentences import Sentence
from unet_studio.gui.background.engine_thread import Prepared
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.io.image_source import ImageSource, PlaneArray
from unet_studio.io.overview import sample_pixels
from unet_studio.jobs.messages import Predict, Predicted
from unet_studio.jobs.parts import all_areas, join_part, part_of, request_of, tells_scale
from unet_studio.segmentation.model_input import ModelInput
from unet_studio.store.project_images import has_flips, image_scale, model_input
from unet_studio.store.project_store import ProjectStore

_MOST_SEEN_PX = 4096
_SAVE_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class _Settings:
    """What decides about proposals besides the image: what of it the model reads, the checksum of its
    weights, the scale at which a person wants the plane to be seen (None: the first part that tells decides
    for all), and whether it is looked at four times."""

    seen: ModelInput
    weights: str
    scale: float | None = None
    flips: bool = False

    @staticmethod
    def of(image: LoadedImage, weights: str, store: ProjectStore | None) -> _Settings:
        """Those of an image and a project."""
        if store is None:
            return _Settings(image.usual_input, weights)
        seen = model_input(store, image.source, image.usual_input)
        return _Settings(seen, weights, image_scale(store), has_flips(store))

    def made_by(self, model: Path) -> str:
        """What tells one set of proposals from another."""
        words = [model.name, self.weights[:12]]
        if self.seen.haematoxylin:
            words.append("haematoxylin")
        elif self.seen.channel is not None:
            words.append(f"channel {self.seen.channel + 1}")
        if self.scale is not None:
            words.append(f"{self.scale:g} times its size")
        if self.flips:
            words.append("four views")
        return ", ".join(words)


@dataclass(slots=True, eq=False)
class PartsRun:
    """Proposing on some areas of one plane, one after the other. `total` counts those done before too."""

    store: ProjectStore | None
    image_id: int
    plane_id: int
    name: str
    source: ImageSource
    settings: _Settings
    t: int
    z: int
    bounds: Rect
    model: Path
    proposals: Proposals
    areas: deque[Rect]
    total: int
    is_whole: bool
    middle: Rect | None = None
    """What of the view is proposed on where that is too large."""
    notes: list[Sentence] = field(default_factory=list)
    found: int = 0
    seconds: float = 0.0
    _count: int = 0
    _began: float = 0.0
    _saved_at: float = field(default_factory=time.monotonic)
    _reference: PlaneArray | None = None
    _run: str = field(default_factory=lambda: uuid4().hex)

    @staticmethod
    def on_part(
        image: LoadedImage, model: Path, weights: str, area: Rect, store: ProjectStore | None
    ) -> PartsRun:
        """Only one area; proposals of the same model, whose checksum is `weights`, elsewhere stay."""
        settings = _Settings.of(image, weights, store)
        made_by, proposals = settings.made_by(model), image.proposals
        if proposals is None or proposals.model != made_by:
            proposals = Proposals.from_parts(model=made_by)
        return _run(image, model, settings, proposals, [area], store, total=1, is_whole=False)

    @staticmethod
    def on_whole(
        image: LoadedImage, model: Path, weights: str, view: Rect, store: ProjectStore | None
    ) -> PartsRun:
        """All areas that were not done before by the same model, what is seen first."""
        settings = _Settings.of(image, weights, store)
        made_by, proposals = settings.made_by(model), image.proposals
        if proposals is None or proposals.model != made_by or proposals.covered is None:
            proposals = Proposals.from_parts(model=made_by)
        areas = areas_left(image.document.bounds, proposals, view)
        total = len(all_areas(image.document.bounds))
        return _run(image, model, settings, proposals, areas, store, total=total, is_whole=True)

    @property
    def seen(self) -> ModelInput:
        """What the model reads of the image."""
        return self.settings.seen

    @property
    def scale(self) -> float | None:
        """At which the network sees the plane; None: not known yet."""
        return self.settings.scale or self.proposals.scale

    @property
    def done(self) -> int:
        """How many of `total` are done."""
        return self.total - len(self.areas)

    @property
    def is_over(self) -> bool:
        """True if nothing is left."""
        return not self.areas

    @property
    def minutes_left(self) -> float | None:
        """At the speed so far; None before the first part."""
        return self.seconds / self._count * len(self.areas) / 60 if self._count else None

    def is_to_be_saved(self) -> bool:
        """True at the end, and if the last time is a while ago: then it counts from now."""
        now = time.monotonic()
        if not self.is_over and now - self._saved_at < _SAVE_EVERY_S:
            return False
        self._saved_at = now
        return True

    def prepare(self) -> Prepared:
        """Read the next area; runs in the worker thread. Raises ImageFileError."""
        self._began = time.monotonic()
        if self._reference is None:
            self._reference = self.seen.of(sample_pixels(self.source, t=self.t, z=self.z))
        part = request_of(self.areas[0], self.bounds, self.scale, run=self._run)
        pixels = self.seen.of(self.source.read(part.pixels, t=self.t, z=self.z))
        request = Predict(
            job=0, model=str(self.model), pixel_size_um=self.source.pixel_size_um, scale=self.scale,
            flips=self.settings.flips, part=part,
        )  # fmt: skip
        return request, [pixels, self._reference]

    def finish(self, arrays: list[Any]) -> Proposals:
        """The proposals of the area, in the plane's coordinates; runs in the worker thread."""
        return part_of(arrays[0], self.areas[0], self.bounds, self.scale)

    def learn_scale(self, outcome: Predicted) -> bool:
        """True if the answer only tells at what scale the plane is to be seen: the area stays to be done."""
        self.notes += [note for note in outcome.notes if note not in self.notes]
        if not tells_scale(outcome, self.scale):
            return False
        self.proposals.scale = outcome.scale
        return True

    def check_model(self, outcome: Predicted) -> None:
        """Raise UserError if the model's folder was written anew meanwhile: the rest would be of another
        model. What is there is the older one's, Ctrl+P begins anew."""
        if outcome.weights != self.settings.weights:
            raise UserError(
                "The model {model} was exchanged while it proposed. What it proposed so far is kept; Ctrl+P "
                "begins anew with the model that is there now.",
                model=self.model.name,
            )

    @property
    def has_taken(self) -> bool:
        """True if the run has come to an area's end."""
        return self._count > 0

    def take(self, part: Proposals, outcome: Predicted, instance_ids: Container[int] | None) -> Rect:
        """The next area is done; see Proposals.join. Returns the rectangle that looks otherwise now."""
        newest = max(self.proposals.table, default=0)
        altered = join_part(
            self.proposals, part, self.areas.popleft(), self.bounds, outcome, self.scale,
            instance_ids=instance_ids,
        )  # fmt: skip
        if self.scale is None:
            self.proposals.scale = outcome.scale
        waiting = self.proposals.table.keys() - self.proposals.rejected
        self.found += sum(number > newest for number in waiting)
        self.seconds += time.monotonic() - self._began
        self._count += 1
        if self.is_over and self.is_whole:
            self.proposals.covered = None
        return altered


def area_in_view(view: Rect, bounds: Rect) -> Rect:
    """What is seen, on the grid of tiles; of more than 4096² px the middle."""
    middle_y, middle_x = (view.top + view.bottom) // 2, (view.left + view.right) // 2
    half = _MOST_SEEN_PX // 2
    seen = view.intersect(Rect(middle_y - half, middle_x - half, middle_y + half, middle_x + half))
    return Rect(
        seen.top // TILE_PX * TILE_PX,
        seen.left // TILE_PX * TILE_PX,
        -(-seen.bottom // TILE_PX) * TILE_PX,
        -(-seen.right // TILE_PX) * TILE_PX,
    ).intersect(bounds)


def areas_left(bounds: Rect, proposals: Proposals, view: Rect) -> list[Rect]:
    """The areas of the whole plane that are still to do, the nearest to the middle of `view` first."""
    left = [area for area in all_areas(bounds) if area not in (proposals.covered or ())]

    def distance(area: Rect) -> int:
        down = area.top + area.bottom - view.top - view.bottom
        right = area.left + area.right - view.left - view.right
        return down * down + right * right

    return sorted(left, key=distance)


def _run(
    image: LoadedImage,
    model: Path,
    settings: _Settings,
    proposals: Proposals,
    areas: Sequence[Rect],
    store: ProjectStore | None,
    *,
    total: int,
    is_whole: bool,
) -> PartsRun:
    return PartsRun(
        store, image.id, image.plane_id, image.record.title, image.source, settings, image.t, image.z,
        image.document.bounds, model, proposals, deque(areas), total, is_whole,
    )  # fmt: skip
