"""Proposing: from the key P to proposals on the canvas."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from PySide6.QtCore import Signal

from unet_studio.core.errors import ImageFileError, PlaneSizeError, UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.proposals import Proposals, reject_covered
from unet_studio.core.sentences import Sentence
from unet_studio.gui.background.engine_client import EngineClient
from unet_studio.gui.background.engine_thread import EngineThread, Job
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.label_classes import LabelClasses
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.models import Models
from unet_studio.gui.proposing_by_parts import PartsRun, area_in_view
from unet_studio.gui.proposing_on_all import AllRun, OneOfAll, images_without_anything
from unet_studio.gui.session import Session
from unet_studio.gui.translation import in_a_row, sentence_text, tr
from unet_studio.io.model_folder import ModelConfig, read_model_config
from unet_studio.jobs.messages import Predict, Predicted, Progress
from unet_studio.segmentation.model_input import ModelInput
from unet_studio.segmentation.region_growing import GreyArray
from unet_studio.store.project_images import has_flips, image_scale, model_input
from unet_studio.store.project_store import ProjectStore

_MOST_NAMES = 5
_Read = TypeVar("_Read")


class Proposing(EngineClient):
    """Sends the shown image to the engine and hands the answer to the session; a large image part by part."""

    summed_up = Signal(str)
    """What came of all images: not of the shown one alone."""

    def __init__(
        self, session: Session, models: Models, classes: LabelClasses, engine: EngineThread, pool: Pool
    ) -> None:
        super().__init__(engine, session)
        self._pool = pool
        self._session = session
        self._models = models
        self._classes = classes
        # What is about to be proposed on, as soon as something has been read that decides how.
        self._awaited: object | None = None
        self._all: AllRun | None = None
        self.ended.connect(self._nothing_grows)

    @property
    def is_busy(self) -> bool:
        """True if something is being proposed on, or is about to be."""
        return self._awaited is not None or self._all is not None or super().is_busy

    def cancel(self) -> None:
        """Give up what is proposed on, or is about to be."""
        if self._all is not None:
            self._all.is_stopped = True  # Also where one image is done and the next not begun.
        if self._awaited is None:
            super().cancel()
            return
        self._awaited = None
        self.ended.emit()
        self.said.emit(_stopped())

    def propose(self, view: Rect) -> None:
        """Propose on the shown image with the current model; on what is seen (`view`) of one that is too
        large to be held. Raises UserError without a model, or if nothing of such an image is in view."""
        image, model = self._session.current, self._current_model()
        if image is None or model is None:
            return
        if image.plane is None:
            if view.intersect(image.document.bounds).is_empty:
                raise UserError("Nothing of the image is in view: show it with View ▸ Fit, then try again.")
            self._begin_parts(image, model, lambda weights: self._run_on_part(image, model, weights, view))
            return
        plane, store = image.plane, self._session.store
        scale = image_scale(store) if store is not None else None
        request = Predict(
            job=0, model=str(model), pixel_size_um=image.pixel_size_um, scale=scale,
            flips=store is not None and has_flips(store),
        )  # fmt: skip
        seen = model_input(store, image.source, image.usual_input) if store is not None else image.usual_input
        self._engine.submit(
            Job(
                tr("proposing", "Proposing on {name}").format(name=image.record.title),
                prepare=lambda: (request, [seen.of(plane)]),
                finish=lambda arrays: (Proposals.from_label_image(arrays[0], model=model.name), arrays[1]),
                subject=(store, image, model, seen),
            )
        )

    def propose_whole(self, view: Rect) -> None:
        """Propose on all of the shown image. On a large one this goes on where it ended, first with what is
        seen (`view`). Raises UserError without a model."""
        image, model = self._session.current, self._current_model()
        if image is None or model is None:
            return
        if image.plane is not None:
            self.propose(image.document.bounds)
            return
        store = self._session.store
        self._begin_parts(image, model, lambda weights: PartsRun.on_whole(image, model, weights, view, store))

    def propose_all(self) -> None:
        """Propose on every image of the project that has neither labels nor proposals. Raises UserError
        without a model."""
        store, model = self._session.store, self._current_model()
        if store is None or model is None:
            return

        def begin(ids: list[int]) -> None:
            if ids:
                self._all = AllRun(store, model, deque(ids), len(ids))
                self._next_of_all(self._all)
            else:
                self.ended.emit()
                self.summed_up.emit(tr("proposing", "Every image has labels or proposals already."))

        self._await(tr("proposing", "Proposing on all images"), lambda: images_without_anything(store), begin)

    def _current_model(self) -> Path | None:
        """The model to propose with; None while it is at work."""
        if self._session.store is None or self.is_busy:
            return None
        if self._models.current is None:
            raise UserError("There is no model to propose with: train one, or install U-Net Studio again.")
        return self._models.current

    # Part by part

    def _begin_parts(self, image: LoadedImage, model: Path, make_run: Callable[[str], PartsRun]) -> None:
        """As soon as the model's checksum is known."""

        def begin(config: ModelConfig) -> None:
            if self._session.current is image:
                self._submit_part(make_run(config.weights_sha256))
            else:
                self.ended.emit()

        title = tr("proposing", "Proposing on {name}").format(name=image.record.title)
        self._await(title, lambda: read_model_config(model), begin)

    def _await(self, title: str, work: Callable[[], _Read], begin: Callable[[_Read], None]) -> None:
        """Read something in a worker, which may take as long as a drive does, then begin; until then it can
        be stopped."""
        awaited = self._awaited = object()

        def done(read: _Read) -> None:
            if self._awaited is awaited:
                self._awaited = None
                begin(read)

        def failed(error: UserError) -> None:
            if self._awaited is awaited:
                self._awaited = None
                self.ended.emit()
                self.failed.emit(error)

        self.started.emit(title)
        self._pool.submit(work, done, failed)

    def _run_on_part(self, image: LoadedImage, model: Path, weights: str, view: Rect) -> PartsRun:
        bounds = image.document.bounds
        area = area_in_view(view, bounds)
        run = PartsRun.on_part(image, model, weights, area, self._session.store)
        run.middle = None if area.area >= view.intersect(bounds).area else area
        return run

    def _nothing_grows(self) -> None:
        self._session.planes.growing = None

    def _submit_part(self, run: PartsRun) -> None:
        self._session.planes.growing = run.plane_id
        title = tr("proposing", "Proposing on {name}").format(name=run.name)
        if run.total > 1:
            text = tr("proposing", "{title}: part {part} of {total}")
            title = text.format(title=title, part=run.done + 1, total=run.total)
            if run.minutes_left is not None:
                text = tr("proposing", "{title}, {time_left}")
                title = text.format(title=title, time_left=_time_left(run.minutes_left))
        self._engine.submit(Job(title, prepare=run.prepare, finish=run.finish, subject=run))
        self.progressed.emit(run.done, run.total)

    def _part_done(self, run: PartsRun, outcome: Predicted, part: Proposals) -> None:
        if run.store is not self._session.store:
            self.ended.emit()
            return
        run.check_model(outcome)
        if run.learn_scale(outcome):
            self._submit_part(run)
            return
        self._name_classes(part, outcome)
        document = self._session.planes.documents(run.image_id).get(run.plane_id)
        if document is not None:
            reject_covered(part, document.labels, document.instances)
        altered = run.take(part, outcome, document.instances if document is not None else None)
        self._session.join_proposals(run.plane_id, run.proposals, altered, save=run.is_to_be_saved())
        if not run.is_over:
            self._submit_part(run)
            return
        self.ended.emit()
        text = _summary(run.found, run.seconds, run.model, run.seen, run.notes)
        if run.middle is not None:
            cut = tr(
                "proposing",
                "Only the middle {width} × {height} px of what is seen were proposed on; Ctrl+P proposes on "
                "the whole image.",
            )
            text += " " + cut.format(width=run.middle.width, height=run.middle.height)
        elif not run.is_whole:
            text += " " + tr(
                "proposing", "Only what is seen was proposed on; Ctrl+P proposes on the whole image."
            )
        self.said.emit(self._of(run.plane_id, run.name, text))

    def _give_up_parts(self, run: PartsRun) -> None:
        """What is done is kept, and known to be a part."""
        if run.has_taken and run.store is self._session.store:
            self._session.join_proposals(run.plane_id, run.proposals, Rect(0, 0, 0, 0), save=True)

    # Image by image

    def _next_of_all(self, run: AllRun) -> None:
        """The next image that still has nothing, or the end."""
        is_open = run.store is self._session.store
        while run.waiting and is_open and not run.is_stopped:
            record = self._session.record(run.waiting.popleft())
            if record is not None and not self._session.is_begun(record.id):
                title = tr("proposing", "Proposing on {name}: image {number} of {total}")
                title = title.format(name=record.title, number=run.done + 1, total=run.total)
                one = OneOfAll(run, record)
                self._engine.submit(Job(title, prepare=one.prepare, finish=one.finish, subject=one))
                self.progressed.emit(run.done, run.total)
                return
            run.done += 1
        self._all = None
        self.ended.emit()
        if is_open:
            self.summed_up.emit(_summary_of_all(run))

    def _one_of_all_done(
        self, one: OneOfAll, outcome: Predicted, proposals: Proposals, probability: GreyArray
    ) -> None:
        run = one.run
        if run.store is self._session.store:
            self._name_classes(proposals, outcome)
            run.found += self._session.set_proposals(one.plane_id, proposals, probability)
            run.seconds += outcome.seconds
            run.proposed_on += 1
            run.done += 1
            run.has_just_failed = False
        self._next_of_all(run)

    # What the engine says

    def _event(self, job: Job, event: object) -> None:
        if not isinstance(event, Progress):
            return
        if isinstance(job.subject, PartsRun):
            share = event.done / max(1, event.total)
            self.progressed.emit(round(100 * (job.subject.done + share)), 100 * job.subject.total)
        elif isinstance(job.subject, OneOfAll):
            share, run = event.done / max(1, event.total), job.subject.run
            self.progressed.emit(round(100 * (run.done + share)), 100 * run.total)
        else:
            self.progressed.emit(event.done, event.total)

    def _done(self, job: Job, outcome: object, result: object) -> None:
        outcome = cast(Predicted, outcome)
        if isinstance(job.subject, PartsRun):
            try:
                self._part_done(job.subject, outcome, cast(Proposals, result))
            except UserError as error:
                self._failed(job, error)
            return
        proposals, probability = cast(tuple[Proposals, GreyArray], result)
        if isinstance(job.subject, OneOfAll):
            self._one_of_all_done(job.subject, outcome, proposals, probability)
            return
        store, image, model, seen = cast(tuple[ProjectStore, LoadedImage, Path, ModelInput], job.subject)
        self.ended.emit()
        if store is not self._session.store:
            return  # Another project is open now.
        self._name_classes(proposals, outcome)
        count = self._session.set_proposals(image.plane_id, proposals, probability)
        text = _summary(count, outcome.seconds, model, seen, outcome.notes)
        self.said.emit(self._of(image.plane_id, image.record.title, text))

    def _of(self, plane_id: int, name: str, text: str) -> str:
        """With the image's name where another one is shown by now."""
        shown = self._session.current
        if shown is not None and shown.plane_id == plane_id:
            return text
        return tr("proposing", "{name}: {news}").format(name=name, news=text)

    def _name_classes(self, proposals: Proposals, outcome: Predicted) -> None:
        if outcome.classes:
            indices = self._classes.indices_of(outcome.classes)
            proposals.give_classes({i: indices[place - 1] for i, place in enumerate(outcome.class_of, 1)})

    def _failed(self, job: Job, error: UserError) -> None:
        if isinstance(job.subject, OneOfAll):
            run, is_the_images = job.subject.run, isinstance(error, ImageFileError | PlaneSizeError)
            # What the engine cannot do on two images in a row is not the images' fault.
            if is_the_images or not run.has_just_failed:
                run.has_just_failed = not is_the_images
                run.left_out.append(job.subject.record.title)
                run.done += 1
                self._next_of_all(run)
                return
            self._all = None
        if isinstance(job.subject, PartsRun):
            self._give_up_parts(job.subject)
        super()._failed(job, error)

    def _cancelled(self, job: Job) -> None:
        run = job.subject
        if isinstance(run, OneOfAll):
            run.run.is_stopped = True
            self._next_of_all(run.run)
            return
        self.ended.emit()
        if isinstance(run, PartsRun) and run.has_taken:
            self._give_up_parts(run)
            text = tr(
                "proposing",
                "Stopped after {done} of {total} parts, which are kept: Ctrl+P goes on from there.",
            )
            self.said.emit(text.format(done=run.done, total=run.total))
        else:
            self.said.emit(_stopped())


def _summary_of_all(run: AllRun) -> str:
    text = tr("proposing", "Proposals on {images} images: {count}, by {model} in {seconds} s.")
    said = [
        text.format(
            images=run.proposed_on,
            count=run.found,
            model=run.model.name,
            seconds=f"{run.seconds:.0f}",
        )
    ]
    if run.is_stopped:
        stopped = tr("proposing", "It was stopped: {left} of {total} images are left.")
        said.insert(0, stopped.format(left=run.total - run.done, total=run.total))
    if run.left_out:
        names = [*run.left_out[:_MOST_NAMES], *(["…"] if len(run.left_out) > _MOST_NAMES else [])]
        left_out = tr(
            "proposing",
            "Left out, because they cannot be read, are too large, or cannot be proposed on: {count} "
            "({names}). Open them and press Ctrl+P to see why.",
        )
        said.append(left_out.format(count=len(run.left_out), names=", ".join(names)))
    return in_a_row(said)


def _stopped() -> str:
    return tr("proposing", "Proposing was stopped. Nothing was changed.")


def _time_left(minutes: float) -> str:
    if minutes > 90:
        return tr("proposing", "about {hours} h left").format(hours=f"{minutes / 60:.1f}")
    return tr("proposing", "about {minutes} min left").format(minutes=max(1, round(minutes)))


def _summary(count: int, seconds: float, model: Path, seen: ModelInput, notes: Sequence[Sentence]) -> str:
    """What came of it, for a person."""
    if count:
        text = tr(
            "proposing",
            "Proposals: {count}, in {seconds} s. A accepts all; with Pick (I) click one, Enter accepts it.",
        )
    else:
        text = tr(
            "proposing",
            "The model {model} found nothing new here: draw some cells by hand, mark the image as "
            "checked and fine-tune.",
        )
    said = [text.format(count=count, seconds=f"{seconds:.1f}", model=model.name)]
    if seen.haematoxylin:
        said.append(tr("proposing", "The model read the haematoxylin only (see the panel Model)."))
    return in_a_row([*said, *map(sentence_text, notes)])
