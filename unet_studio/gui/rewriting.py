"""Rewriting labels in a worker thread: on a snapshot, and nothing that was drawn meanwhile is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from unet_studio.core.document import Document
from unet_studio.core.edits import Revision
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.instances import InstanceTable
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr

AT_ONCE_PX = 2**19
"""What concerns a smaller rectangle is done at once, in the thread that edits."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A document's labels at one moment; may be altered, nobody else sees it."""

    labels: LabelTiles
    instances: InstanceTable
    bounds: Rect

    @staticmethod
    def of(document: Document) -> Snapshot:
        """As it is now."""
        return Snapshot(document.labels.snapshot(), document.instances.copy(), document.bounds)

    def document(self) -> Document:
        """A document on these labels, for computing only."""
        return Document(self.bounds.bottom, self.bounds.right, labels=self.labels, instances=self.instances)


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """What came out: see `Document.rewrite`."""

    revisions: list[Revision]
    parents: dict[int, int] = field(default_factory=dict)


class Rewriting(QObject):
    """One rewriting is one edit."""

    started = Signal(str)
    ended = Signal()

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session, self._pool = session, pool

    def apply(self, document: Document, made: Rewritten, *, name: str, nothing: str) -> None:
        """Make the edit; say `nothing` if nothing would change."""
        change = document.rewrite(made.revisions, name=name, parents=made.parents)
        if change is None:
            self._session.said.emit(nothing)
        self._session.publish(change)

    def in_worker(self, work: Callable[[Snapshot], Rewritten], *, name: str, nothing: str) -> None:
        """Compute in a worker; the edit is made when the hand is free, if the image is still shown."""
        document = self._session.editable
        if document is None:
            return
        snapshot = Snapshot.of(document)
        self.started.emit(tr("edits", name))

        def done(made: Rewritten) -> None:
            self.ended.emit()
            self._session.when_free(lambda: finish(made))

        def finish(made: Rewritten) -> None:
            if self._session.editable is document:
                self.apply(document, made, name=name, nothing=nothing)
            else:
                text = tr("rewriting", "{name} was not done: its image, as it is now, is not shown any more.")
                self._session.said.emit(text.format(name=tr("edits", name)))

        def failed(error: UserError) -> None:
            self.ended.emit()
            self._session.failed.emit(error)

        self._pool.submit(lambda: work(snapshot), done, failed)
