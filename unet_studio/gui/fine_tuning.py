"""Fine-tuning: from the checked images to a new model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
from PySide6.QtCore import Signal

from unet_studio.core.errors import TrainingDataError, UserError
from unet_studio.gui.background.engine_client import EngineClient
from unet_studio.gui.background.engine_thread import EngineThread, Job, Prepared
from unet_studio.gui.models import Models
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr
from unet_studio.jobs.messages import Progress, SampleFiles, Train, Trained, TrainingPoint
from unet_studio.settings.training import TrainConfig
from unet_studio.store.project_store import ImageRecord, ProjectStore
from unet_studio.store.run_folder import Lesson, new_run_folder, write_lessons


class FineTuning(EngineClient):
    """Snapshots the checked images, trains in the engine, offers the new model."""

    point = Signal(object)  # TrainingPoint

    def __init__(self, session: Session, models: Models, engine: EngineThread) -> None:
        super().__init__(engine, session)
        self._session = session
        self._models = models

    def checked_images(self) -> list[ImageRecord]:
        """The images that would teach."""
        return [record for record in self._session.images() if record.checked_planes]

    def start(self, config: TrainConfig, *, name: str) -> None:
        """Fine-tune the current model on the checked images. Raises TrainingDataError without any."""
        store, model, folder = self._session.store, self._models.current, self._models.project_models_folder()
        records = self.checked_images()
        if store is None or folder is None or self.is_busy:
            return
        if not records:
            raise TrainingDataError(
                "No image is checked yet: correct one, mark it with C, then fine-tune. Only checked images "
                "teach."
            )
        if model is None:
            raise UserError("There is no model to start from: install U-Net Studio again.")
        lessons = [self._open_lessons(record) for record in records]
        request = Train(job=0, samples=[], config=config, init=str(model), out=str(folder / name), name=name)
        title = tr("fine_tuning", "Fine-tuning {name}").format(name=name)
        self._engine.submit(Job(title, lambda: _prepare(store, records, lessons, request), subject=store))

    def stop_keeping_best(self) -> None:
        """End now; the best weights so far become the model."""
        self._engine.stop_keeping_best()

    def _open_lessons(self, record: ImageRecord) -> dict[int, Lesson]:
        """Snapshots of an image's planes that are in memory now, by plane id."""
        return {
            plane_id: Lesson.of(record.path, document)
            for plane_id, document in self._session.kept_documents(record.id).items()
        }

    def _event(self, _: Job, event: object) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.done, event.total)
        elif isinstance(event, TrainingPoint):
            self.point.emit(event)

    def _done(self, job: Job, outcome: object, _: object) -> None:
        outcome = cast(Trained, outcome)
        self.ended.emit()
        folder = Path(outcome.model)
        if job.subject is self._session.store:
            self._models.choose(folder)
        text = tr("fine_tuning", "The model {name} is ready and proposes from now on.").format(
            name=folder.name
        )
        curve = [row for row in outcome.metrics.get("curve", []) if row.get("val_dice") is not None]
        if curve:
            best = max(row["val_dice"] for row in curve)
            comparison = tr("fine_tuning", "Dice on held-out pixels: {before} before, {after} now.")
            text += " " + comparison.format(before=f"{curve[0]['val_dice']:.3f}", after=f"{best:.3f}")
        self.said.emit(text)

    def _cancelled(self, _: Job) -> None:
        self.ended.emit()
        self.said.emit(tr("fine_tuning", "Fine-tuning was cancelled. The model is as it was before."))


def _lessons_of(store: ProjectStore, record: ImageRecord, kept: dict[int, Lesson]) -> Iterator[Lesson]:
    """Every plane of an image that has something checked; what is not in memory is read."""
    for place in store.plane_places(record.id):
        lesson = kept.get(place.id) or Lesson.of(record.path, store.load_document(place.id))
        if not lesson.checked.is_empty:
            yield replace(lesson, t=place.t, z=place.z)


def _prepare(
    store: ProjectStore, records: Sequence[ImageRecord], kept: Sequence[dict[int, Lesson]], request: Train
) -> Prepared:
    """Write the run folder; runs in the worker thread. Raises UserError if it cannot be written."""
    snapshots = [
        lesson
        for record, open_lessons in zip(records, kept, strict=True)
        for lesson in _lessons_of(store, record, open_lessons)
    ]
    run = new_run_folder(store.folder)
    written = write_lessons(run, snapshots)
    samples = [
        SampleFiles(str(w.image), str(w.labels), str(w.checked) if w.checked else None) for w in written
    ]
    return msgspec.structs.replace(request, samples=samples, run=str(run)), []
