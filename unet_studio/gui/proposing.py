"""Proposing: from the key P to proposals on the canvas."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from unet_studio.core.errors import UserError
from unet_studio.core.proposals import Proposals
from unet_studio.gui.background.engine_client import EngineClient
from unet_studio.gui.background.engine_thread import EngineThread, Job
from unet_studio.gui.label_classes import LabelClasses
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.models import Models
from unet_studio.gui.session import Session
from unet_studio.gui.translation import sentence_text, tr
from unet_studio.jobs.messages import Predict, Predicted, Progress
from unet_studio.segmentation.region_growing import GreyArray
from unet_studio.store.project_store import ProjectStore


class Proposing(EngineClient):
    """Sends the shown image to the engine and hands the answer to the session."""

    def __init__(self, session: Session, models: Models, classes: LabelClasses, engine: EngineThread) -> None:
        super().__init__(engine, session)
        self._session = session
        self._models = models
        self._classes = classes

    def propose(self) -> None:
        """Propose on the shown image with the current model. Raises UserError without a model."""
        image, model = self._session.current, self._models.current
        if image is None or self.is_busy:
            return
        if model is None:
            raise UserError("There is no model to propose with: train one, or install U-Net Studio again.")
        request, plane, store = Predict(job=0, model=str(model)), image.plane, self._session.store
        title = tr("proposing", "Proposing on {name}").format(name=image.path.name)
        self._engine.submit(
            Job(
                title,
                prepare=lambda: (request, [plane]),
                finish=lambda arrays: (Proposals.from_label_image(arrays[0], model=model.name), arrays[1]),
                subject=(store, image, model),
            )
        )

    def _event(self, _: Job, event: object) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.done, event.total)

    def _done(self, job: Job, outcome: object, result: object) -> None:
        outcome = cast(Predicted, outcome)
        proposals, probability = cast(tuple[Proposals, GreyArray], result)
        store, image, model = cast(tuple[ProjectStore, LoadedImage, Path], job.subject)
        self.ended.emit()
        if store is not self._session.store:
            return  # Another project is open now.
        if outcome.classes:
            indices = self._classes.indices_of(outcome.classes)
            proposals.give_classes({i: indices[place - 1] for i, place in enumerate(outcome.class_of, 1)})
        count = self._session.set_proposals(image.plane_id, proposals, probability)
        if count:
            text = tr(
                "proposing", "Proposals: {count}, in {seconds} s. A accepts all; click one, Enter accepts it."
            )
        else:
            text = tr(
                "proposing",
                "The model {model} found nothing new here: draw some cells by hand, mark the image as "
                "checked and fine-tune.",
            )
        seconds = f"{outcome.seconds:.1f}"
        text = text.format(count=count, seconds=seconds, model=model.name)
        self.said.emit(" ".join([text, *map(sentence_text, outcome.notes)]))

    def _cancelled(self, _: Job) -> None:
        self.ended.emit()
        self.said.emit(tr("proposing", "Proposing was stopped. Nothing was changed."))
