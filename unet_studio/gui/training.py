"""Training: from the checked images to a new model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
from PySide6.QtCore import Signal

from unet_studio.core.errors import TrainingDataError, UserError
from unet_studio.core.sentences import Sentence
from unet_studio.gui.background.engine_client import EngineClient
from unet_studio.gui.background.engine_thread import EngineThread, Job, Prepared
from unet_studio.gui.models import Models, free_name
from unet_studio.gui.session import Session
from unet_studio.gui.translation import error_text, in_a_row, sentence_text, tr
from unet_studio.io.model_folder import list_models, read_model_config
from unet_studio.jobs.connection import JobFailed
from unet_studio.jobs.messages import Progress, SampleFiles, Train, Trained, TrainingBegun, TrainingPoint
from unet_studio.settings.training import ObjectClass, TrainConfig
from unet_studio.store.project_images import image_scale, model_input
from unet_studio.store.project_store import ImageRecord, ProjectStore, is_gone
from unet_studio.store.run_folder import (
    REQUEST_NAME,
    Lesson,
    interrupted_run,
    new_run_folder,
    sample_of,
    write_lessons,
)

if TYPE_CHECKING:
    from unet_studio.segmentation.patches import Sample


class Training(EngineClient):
    """Snapshots the checked images, trains in the engine, offers the new model."""

    begun = Signal(object)  # TrainingBegun
    point = Signal(object)  # TrainingPoint

    def __init__(self, session: Session, models: Models, engine: EngineThread) -> None:
        super().__init__(engine, session)
        self._session = session
        self._models = models
        self._left_out: list[str] = []

    def checked_images(self) -> list[ImageRecord]:
        """The images that would teach."""
        return [record for record in self._session.images() if record.checked_planes]

    def check(self) -> None:
        """Raise UserError if there is nothing to learn from, or nowhere to write to."""
        if self._session.store is None:
            raise UserError("No image is open: open one, correct it, mark it with C, then train.")
        if not self.checked_images():
            raise TrainingDataError(
                "No image is checked yet: correct one, mark it with C, then fine-tune. Only checked images "
                "teach."
            )

    def start(
        self, config: TrainConfig, *, name: str, model: Path | None, encoder_weights: Path | None = None
    ) -> None:
        """Train on the checked images, from `model` or (None) a new network. Raises UserError without any."""
        self.check()
        store, folder = self._session.store, self._models.project_models_folder()
        if store is None or folder is None or self.is_busy:
            return
        records = self.checked_images()
        lessons = [self._open_lessons(record) for record in records]
        classes, places = self._classes()
        request = Train(
            job=0,
            samples=[],
            config=config,
            init=str(model) if model else None,
            encoder_weights=str(encoder_weights) if encoder_weights else None,
            out=str(folder / name),
            name=name,
        )
        title = tr("training", "Training {name}").format(name=name)
        left_out: list[str] = []
        self._left_out = left_out
        self._engine.submit(
            Job(
                title,
                lambda: _prepare(store, records, lessons, classes, places, request, left_out),
                subject=store,
            )
        )

    def resume(self) -> None:
        """Go on with the newest training that was interrupted, if there is one: a program that was closed,
        an engine that ended."""
        store = self._session.store
        if store is None or self.is_busy:
            return
        title = tr("training", "Training goes on")
        self._engine.submit(Job(title, lambda: _prepare_again(store), subject=store))

    @property
    def image_scale(self) -> float | None:
        """How many times their size the project's images are seen at, where a person has said it."""
        store = self._session.store
        return image_scale(store) if store is not None else None

    def preview_sample(self) -> Callable[[], Sample]:
        """Makes a sample of the image that is shown, in a worker. It raises UserError without any."""
        image = self._session.current
        if image is None:

            def nothing() -> Sample:
                raise UserError("Open an image to see how it is varied.")

            return nothing
        lesson, plane = Lesson.of(image.path, image.document), image.plane
        if plane is None:

            def too_large() -> Sample:
                raise UserError("The image is too large for a preview: open a smaller one.")

            return too_large
        store, source = self._session.store, image.source
        seen = model_input(store, source, image.usual_input) if store is not None else image.usual_input
        return lambda: sample_of(lesson, seen.of(plane))

    def stop_keeping_best(self) -> None:
        """End now; the best weights so far become the model."""
        self._engine.stop_keeping_best()

    def _classes(self) -> tuple[tuple[ObjectClass, ...], dict[int, int]]:
        """The project's classes, and each one's place among them, from 1. Raises UserError for two of one
        name: the network could not keep them apart."""
        table = self._session.class_table
        names = [one.name.strip().casefold() for one in table]
        for one, name in zip(table, names, strict=True):
            if names.count(name) > 1:
                raise UserError(
                    "Two classes are called {name}: rename one of them, then train.", name=one.name
                )
        classes = tuple(ObjectClass(one.name, one.is_stuff) for one in table)
        return classes, {one.index: place for place, one in enumerate(table, 1)}

    def _open_lessons(self, record: ImageRecord) -> dict[int, Lesson]:
        """Snapshots of an image's planes that are in memory now, by plane id."""
        return {
            plane_id: Lesson.of(record.path, document)
            for plane_id, document in self._session.planes.documents(record.id).items()
        }

    def _event(self, _: Job, event: object) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.done, event.total)
        elif isinstance(event, TrainingPoint):
            self.point.emit(event)
        elif isinstance(event, TrainingBegun):
            notes = event.notes
            if self._left_out:
                text = "Left out, because their files are not there any more: {names}."
                notes = [Sentence(text, {"names": ", ".join(self._left_out)}), *notes]
            self.begun.emit(msgspec.structs.replace(event, notes=notes))

    def _done(self, job: Job, outcome: object, _: object) -> None:
        outcome = cast(Trained, outcome)
        self.ended.emit()
        folder = Path(outcome.model)
        if job.subject is self._session.store:
            self._models.adopt(folder)
            text = tr("training", "The model {name} is ready and proposes from now on.")
        else:
            text = tr("training", "The model {name} is ready, in its project: {folder}.")
        text = text.format(name=folder.name, folder=folder.parent.parent)
        said = [text, *_comparison(outcome.metrics), *map(sentence_text, outcome.notes)]
        self.said.emit(in_a_row(said))

    def _failed(self, job: Job, error: UserError) -> None:
        if isinstance(error, JobFailed) and error.kind == "crash":
            error = UserError(
                "{what} Train ▸ Resume the interrupted training goes on from its last measurement.",
                what=error_text(error),
            )
        super()._failed(job, error)

    def _cancelled(self, _: Job) -> None:
        self.ended.emit()
        self.said.emit(tr("training", "The training was cancelled. The model is as it was before."))


def _comparison(metrics: dict[str, Any]) -> Iterator[str]:
    """What the held-out pixels say of the model before and now, where there are any."""
    curve, kept = metrics.get("curve"), metrics.get("kept")
    if not curve or not kept:
        return
    start = curve[0]
    before, now = start["val_dice"], kept["dice"]
    if before is None or now is None:
        return
    if not kept["instances"]:
        text = tr("training", "Dice on held-out pixels: {before} before, {now} now.")
        yield text.format(before=f"{before:.3f}", now=f"{now:.3f}")
        return
    text = tr(
        "training", "On held-out pixels: Dice {dice} before, {dice_now} now; AP50 {ap} before, {ap_now} now."
    )
    figures = {"dice": before, "dice_now": now, "ap": start["val_ap50"], "ap_now": kept["ap50"]}
    yield text.format(**{name: f"{figure:.3f}" for name, figure in figures.items()})


def _lessons_of(store: ProjectStore, record: ImageRecord, kept: dict[int, Lesson]) -> Iterator[Lesson]:
    """Every plane of an image that has something checked; what is not in memory is read."""
    for place in store.plane_places(record.id):
        lesson = kept.get(place.id) or Lesson.of(record.path, store.load_document(place.id))
        if not lesson.checked.is_empty:
            yield replace(lesson, t=place.t, z=place.z, scene=record.scene, image_id=record.id)


def _prepare(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    kept: Sequence[dict[int, Lesson]],
    classes: tuple[ObjectClass, ...],
    places: Mapping[int, int],
    request: Train,
    left_out: list[str],
) -> Prepared:
    """Write the run folder; runs in the worker thread. Raises UserError if it cannot be written.

    Images whose files are gone do not teach, as long as others do: their names are added to `left_out`.
    """
    taught = [not is_gone(record.path) for record in records]
    if any(taught):
        left_out += [record.title for record, is_there in zip(records, taught, strict=True) if not is_there]
        records, kept = list(compress(records, taught)), list(compress(kept, taught))
    # A model that is gone is told before the engine starts.
    known = read_model_config(Path(request.init)).classes if request.init is not None else ()
    several = len(classes) > 1 or len(known) > 1 or any(one.is_stuff for one in classes)
    snapshots = [
        lesson
        for record, open_lessons in zip(records, kept, strict=True)
        for lesson in _lessons_of(store, record, open_lessons)
    ]
    # The window's list may be older than a model that was made elsewhere.
    models = Path(request.out).parent
    name = free_name(request.name, {folder.name for folder in list_models(models)})
    request = msgspec.structs.replace(request, name=name, out=str(models / name))
    run = new_run_folder(store.folder)
    written = write_lessons(store, run, snapshots, places if several else {})
    config = msgspec.structs.replace(request.config, image_scale=image_scale(store))
    if several:
        config = msgspec.structs.replace(config, classes=classes)
    if request.init is None:
        channels = max(w.channels for w in written)
        config = msgspec.structs.replace(
            config, network=msgspec.structs.replace(config.network, in_channels=channels)
        )
    samples = [
        SampleFiles(
            str(w.image), str(w.labels), str(w.checked) if w.checked else None,
            str(w.classes) if w.classes else None, w.source,
            str(w.reference) if w.reference else None, w.pixel_size_um,
        )
        for w in written
    ]  # fmt: skip
    return msgspec.structs.replace(request, samples=samples, config=config, run=str(run)), []


def _prepare_again(store: ProjectStore) -> Prepared:
    """The request of the interrupted run, with its files where the project is now."""
    run = interrupted_run(store.folder)
    if run is None:
        raise TrainingDataError("No training of this project was interrupted: start a new one.")
    try:
        request = msgspec.json.decode((run / REQUEST_NAME).read_bytes(), type=Train)
    except (OSError, msgspec.DecodeError) as error:
        raise TrainingDataError(
            "The run {run} cannot be read ({reason}): start the training anew.", run=run, reason=error
        ) from error

    def here(path: str | None) -> str | None:
        return str(run / "samples" / Path(path).name) if path is not None else None

    samples = [
        SampleFiles(
            here(s.image) or "", here(s.mask) or "", here(s.checked), here(s.classes), s.source,
            here(s.reference), s.pixel_size_um,
        )
        for s in request.samples
    ]  # fmt: skip
    init, models = request.init, store.folder / "models"
    if init is not None and not Path(init).is_dir():
        init = str(models / Path(init).name)
    # Meanwhile another model may have got its name.
    name = free_name(request.name, {folder.name for folder in list_models(models)})
    return msgspec.structs.replace(
        request,
        job=0,
        resume=True,
        samples=samples,
        init=init,
        name=name,
        out=str(models / name),
        run=str(run),
    ), []
