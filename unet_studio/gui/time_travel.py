"""Time travel: from a moment in the history panel to the past on the canvas, and what comes back from it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from unet_studio.core.document import Step
from unet_studio.core.errors import UserError
from unet_studio.core.past import Past
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr
from unet_studio.store.journal import Moment
from unet_studio.store.project_store import ProjectStore
from unet_studio.store.time_machine import TimeMachine


@dataclass(slots=True, eq=False)
class _Walk:
    """One image's walk; the machine is made, and used, in a worker thread, by one job at a time."""

    store: ProjectStore
    image: LoadedImage
    machine: TimeMachine | None = None

    def visit(self, moment: Moment) -> Past:
        if self.machine is None:
            self.machine = self.store.time_machine(self.image.plane_id)
        return self.store.visit(self.machine, moment)


class TimeTravel(QObject):
    """The walk through the shown image's past. The newest wish wins; older ones are skipped."""

    said = Signal(str)
    failed = Signal(object)  # UserError

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session = session
        self._pool = pool
        self._walk: _Walk | None = None
        self._wanted: Moment | None = None
        self._running = False
        self.moment: Moment | None = None
        """The moment that is shown; None: the present."""
        session.past_changed.connect(self._past_changed)
        session.image_changed.connect(self.return_to_now)

    def visit(self, moment: Moment) -> None:
        """Show the image's labels as they were after this moment."""
        image, store = self._session.current, self._session.store
        if image is None or store is None:
            return
        if self._walk is None or self._walk.image is not image:
            self._walk = _Walk(store, image)
        self._wanted = moment
        if not self._running:
            self._run()

    def return_to_now(self) -> None:
        """Show the present, which can be edited, again."""
        self._wanted = self._walk = None
        self._session.show_past(None)

    def bring_back_selected(self) -> None:
        """Make the selected instance again what it was at the shown moment: one edit."""
        past, moment, instance = self._session.past, self.moment, self._session.selected_instance
        if past is None or moment is None or not instance:
            return
        if self._session.bring_back(past, instance):
            text = tr("time_travel", "Instance {id} is as it was at {time}. Undo takes that back.")
        else:
            text = tr("time_travel", "Instance {id} is still as it was at {time}: nothing to change.")
        self.said.emit(text.format(id=instance, time=moment_text(moment)))

    def bring_all_back(self) -> None:
        """Make the whole image again what it was at the shown moment: one edit."""
        past, moment = self._session.past, self.moment
        if past is None or moment is None:
            return
        if self._session.bring_all_back(past):
            text = tr("time_travel", "The image is as it was at {time}. Undo takes that back.")
        else:
            text = tr("time_travel", "The image is still as it was at {time}: nothing to change.")
        self.said.emit(text.format(time=moment_text(moment)))

    def _run(self) -> None:
        walk, moment = self._walk, self._wanted
        self._wanted = None
        if walk is None or moment is None:
            return
        self._running = True
        self._pool.submit(
            lambda: walk.visit(moment),
            lambda past: self._arrived(walk, moment, past),
            lambda error: self._lost(walk, error),
        )

    def _arrived(self, walk: _Walk, moment: Moment, past: Past) -> None:
        self._running = False
        document = self._session.document
        if document is not None and document.stroke_is_open:
            self.return_to_now()  # The hand has begun to draw meanwhile: it goes first.
        elif walk is self._walk and self._wanted is None:
            self.moment = moment
            self._session.show_past(past)
        else:
            self._run()

    def _lost(self, walk: _Walk, error: UserError) -> None:
        self._running = False
        if walk is self._walk:
            self.return_to_now()
            self.failed.emit(error)
        else:
            self._run()

    def _past_changed(self) -> None:
        if self._session.past is None:
            self.moment = None
            self._walk = None  # The next walk begins at what is the present then.


def moment_text(moment: Moment) -> str:
    """When, as short as it stays clear: 14:32:05 today, 2026-11-20 14:32 before."""
    at, today = time.localtime(moment.at), time.localtime()
    same_day = (at.tm_year, at.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M", at)


def moment_name(moment: Moment) -> str:
    """What happened, in the person's language."""
    if moment.id == 0:
        return tr("time_travel", "Beginning")
    name = tr("edits", moment.name)
    if moment.step is Step.UNDO:
        return tr("time_travel", "Undo: {name}").format(name=name)
    if moment.step is Step.REDO:
        return tr("time_travel", "Redo: {name}").format(name=name)
    return name
