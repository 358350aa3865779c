"""Fine-tuning: from the checked images to a new model."""

from __future__ import annotations

from collections.abc import Sequence
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
from unet_studio.store.run_folder import Lesson, new_run_folder, write_lessons, write_request


class FineTuning(EngineClient):
    """Snapshots the checked images, trains in the engine, offers the new model."""

    point = Signal(object)  # TrainingPoint

    def __init__(self, session: Session, models: Models, engine: EngineThread) -> None:
        super().__init__(engine, session)
        self._session = session
        self._models = models

    def checked_images(self) -> list[ImageRecord]:
        """The images that would teach."""
        return [record for record in self._session.images() if record.is_checked]

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
        lessons: list[Lesson | ImageRecord] = [self._lesson(record) for record in records]
        request = Train(job=0, samples=[], config=config, init=str(model), out=str(folder / name), name=name)
        title = tr("fine_tuning", "Fine-tuning {name}").format(name=name)
        self._engine.submit(Job(title, lambda: _prepare(store, lessons, request), subject=store))

    def stop_keeping_best(self) -> None:
        """End now; the best weights so far become the model."""
        self._engine.stop_keeping_best()

    def _lesson(self, record: ImageRecord) -> Lesson | ImageRecord:
        """A snapshot of an image that is open now; others are read from the project by the worker."""
        image = self._session.kept_image(record.id)
        return Lesson.of(image.path, image.document) if image else record

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


def _stored_lessons(store: ProjectStore, record: ImageRecord) -> list[Lesson]:
    return [Lesson.of(record.path, store.load_document(plane)) for plane in store.planes(record.id)]


def _prepare(store: ProjectStore, lessons: Sequence[Lesson | ImageRecord], request: Train) -> Prepared:
    """Write the run folder; runs in the worker thread. Raises UserError if it cannot be written."""
    snapshots = [
        lesson
        for one in lessons
        for lesson in ([one] if isinstance(one, Lesson) else _stored_lessons(store, one))
    ]
    run = new_run_folder(store.folder)
    written = write_lessons(run, snapshots)
    samples = [
        SampleFiles(str(w.image), str(w.labels), str(w.checked) if w.checked else None) for w in written
    ]
    request = msgspec.structs.replace(request, samples=samples)
    write_request(run, request)
    return request, []
