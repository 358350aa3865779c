"""Session: the open project and image. The only place that applies edits and says `changed`."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from unet_studio.core.checked_area import CheckedState
from unet_studio.core.classes import FIRST_CLASS, ClassTable
from unet_studio.core.document import Change, Document, Step
from unet_studio.core.edits import Edit, Revision
from unet_studio.core.errors import DamagedProjectError, UserError
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.history import History
from unet_studio.core.label_tiles import MaskArray
from unet_studio.core.past import Past
from unet_studio.core.proposals import Proposals, covered_by, reject_covered
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.image_layer import Picture, Pixels
from unet_studio.gui.canvas.tiled_image import TiledImage
from unet_studio.gui.loaded_image import (
    LoadedImage,
    PlaneKey,
    first_look,
    load_image,
    load_with_axes,
    locate_image,
)
from unet_studio.gui.opening import (
    CURRENT_IMAGE,
    OpenedProject,
    continue_project,
    open_from_backup,
    open_project,
)
from unet_studio.gui.planes_in_memory import PlanesInMemory
from unet_studio.gui.saving import Saving
from unet_studio.gui.store_signals import StoreSignals
from unet_studio.gui.translation import mark, sentence_text, tr
from unet_studio.segmentation.region_growing import GreyArray
from unet_studio.segmentation.reshaping import close_seam
from unet_studio.store.edit_codec import PackedEdit
from unet_studio.store.project_store import ImageRecord, ProjectStore

_KEPT_EDITS = 24
_KEPT_EDIT_BYTES = 2**20
_CLOSE_TIMEOUT_S = 10.0
_READING_POLL_MS = 1000
_SLOW_READING_S = 4.0
_SLOW_AGAIN_S = 10.0
_LOOK_MS = 100
_LONGEST_EXPORT_MS = 30_000
"""Another project waits so long for one; a drive that hangs must not keep it from being opened."""

# Names of edits, as undo shows them.
ACCEPT_ALL = mark("edits", "Accept all proposals")
ACCEPT_ONE = mark("edits", "Accept proposal")
DELETE = mark("edits", "Delete instance")
REJECT = mark("edits", "Reject proposals")
CHECK = mark("edits", "Mark as checked")
UNCHECK = mark("edits", "Mark as not checked")
BRING_BACK = mark("edits", "Bring instance back")
BRING_ALL_BACK = mark("edits", "Bring everything back")
MERGE = mark("edits", "Merge instances")
_COVERED = mark("session", "Nothing to accept: labels cover these proposals already.")
_SEAM_PX = 2
_LARGEST_SEAM_AREA_PX = 2**20


class Session(QObject):
    """What is open, what is selected, and every change to it."""

    project_changed = Signal()
    project_moved = Signal()
    images_changed = Signal()
    image_changed = Signal()
    glanced = Signal(object, object)  # Picture, Rect: how a large image looks that is being read
    changed = Signal(object)  # Change
    proposals_changed = Signal()
    proposals_joined = Signal(object)  # Rect: here the shown plane has got more proposals
    selection_changed = Signal()
    past_changed = Signal()
    history_changed = Signal(object)  # Moment that was committed, or None: read the timeline anew
    closing = Signal()  # before the project is closed: what still computes for it leaves what it has
    drawing_must_end = Signal()  # before another image is shown: whoever draws finishes
    said = Signal(str)
    warned = Signal(str)
    failed = Signal(object)  # UserError

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self.store: ProjectStore | None = None
        self.current: LoadedImage | None = None
        self.selected_instance = 0
        self.selected_proposal = 0
        self.saving = Saving(self)
        self.saving.said.connect(self.said)
        self.saving.warned.connect(self.warned)
        self._records: dict[int, ImageRecord] = {}
        self.planes = PlanesInMemory()
        self._wanted: PlaneKey | None = None
        self._loading_since: float | None = None
        self._reads_slowly = False
        self._slowness_told_at = 0.0
        self._checked: dict[int, dict[int, CheckedState]] = {}
        """By image: how much of each of its planes is checked."""
        self._recent: deque[tuple[History, Edit, PackedEdit]] = deque()
        """Edits whose compressed form has not taken their place yet."""
        self._free: list[Callable[[], None]] = []
        self.shown_picture: Picture | None = None
        """What is seen in place of the plane's own pixels: the projection of its stack."""
        self.hand_is_busy: Callable[[], bool] = lambda: False
        """True while something is being drawn; see `when_free`."""
        self._changing_axes: int | None = None
        """The image that is being read with other axes."""
        self._last_place: dict[int, tuple[int, int]] = {}
        """The (t, z) that was shown last, by image."""
        self.active_class = FIRST_CLASS
        """The class of new instances."""
        self.class_table = ClassTable()
        """See `LabelClasses`, which alters it."""
        self.past: Past | None = None
        """What is shown instead of the document; while it is, nothing can be edited."""
        self._store_signals: StoreSignals | None = None
        poll = QTimer(self)
        poll.timeout.connect(self._check_reading)
        poll.start(_READING_POLL_MS)

    # Opening

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Open a project, a folder of images, or images, in the background.

        What is open stays open until the new one is there; a problem is told by `failed`.
        """
        wanted, current = [Path(p) for p in paths], self.store
        self.said.emit(tr("session", "Opening…"))
        signals = StoreSignals(self)
        self._pool.submit(
            lambda: open_project(wanted, current, signals),
            lambda opened: self._opened(opened, signals),
            self.failed.emit,
        )

    def open_backup(self, error: DamagedProjectError) -> None:
        """Put the newest backup in the place of a damaged database, which is kept, and open it."""
        if error.backup is None:
            return
        if self.store is not None and self.store.folder == error.folder and not self.close_project():
            self.warned.emit(
                tr("session", "Changes still wait to be written: continue in another folder first.")
            )
            return
        folder, backup, signals = error.folder, error.backup, StoreSignals(self)
        self._pool.submit(
            lambda: open_from_backup(folder, backup, signals),
            lambda opened: self._opened(opened, signals),
            self.failed.emit,
        )

    def continue_in(self, folder: Path) -> None:
        """Copy the project into another folder and go on there, in the background."""
        store = self.store
        if store is None:
            return
        self.said.emit(tr("session", "Copying the project…"))
        self._pool.submit(
            lambda: continue_project(store, folder),
            lambda is_remembered: self._continued(store, is_remembered=is_remembered),
            self.failed.emit,
        )

    def _continued(self, store: ProjectStore, *, is_remembered: bool) -> None:
        if store is not self.store:
            return
        self.project_moved.emit()
        if is_remembered:
            text = tr("session", "The project goes on in {folder}: what waited is being written there.")
            self.said.emit(text.format(folder=store.folder))
        else:
            text = tr(
                "session",
                "The project goes on in {folder}, but that could not be noted anywhere: next time, open it "
                "there with File ▸ Open project.",
            )
            self.warned.emit(text.format(folder=store.folder))

    def _opened(self, opened: OpenedProject, signals: StoreSignals, *, waited_ms: int = 0) -> None:
        if opened.store is not self.store:
            if self.store is not None and self._pool.writes and waited_ms < _LONGEST_EXPORT_MS:
                # An export reads from the project that is open.
                waited_ms += _LOOK_MS
                QTimer.singleShot(_LOOK_MS, self, lambda: self._opened(opened, signals, waited_ms=waited_ms))
                return
            if not self.close_project():
                opened.store.abandon()
                return  # The open one has changes that cannot be written: it says so itself.
            self.store = opened.store
            self._listen_to(signals)
            self.saving.watch(opened.store, signals)
            self.project_changed.emit()
        self._take_records(opened.records)
        for kept in self.planes:
            if kept.path != self._records[kept.id].path:
                kept.record = replace(kept.record, path=self._records[kept.id].path)  # It was renamed.
        self.images_changed.emit()
        if opened.is_older_copy and opened.note is not None:
            self.warned.emit(sentence_text(opened.note))
        else:
            self.said.emit(sentence_text(opened.note) if opened.note else "")
        if opened.show_image is not None:
            self.show_image(opened.show_image)

    def _take_records(self, records: Iterable[ImageRecord]) -> None:
        """As they are on the disk; what is known here of labels may be ahead of it."""
        known, taken = self._records, {}
        for record in records:
            mine = known.get(record.id, record)
            taken[record.id] = replace(
                mine, path=record.path, fingerprint=record.fingerprint, scene_name=record.scene_name
            )
        # Two files may be read at once, and the one that was asked earlier come later.
        self._records = taken | {i: record for i, record in known.items() if i not in taken}

    def _listen_to(self, signals: StoreSignals) -> None:
        """One object for each store: what a closed one still says is not heard."""
        self._store_signals = signals
        signals.edit_packed.connect(self._edit_packed)
        signals.entry_committed.connect(self._entry_committed)
        signals.trimmed_now.connect(lambda: self.history_changed.emit(None))

    def close_project(self) -> bool:
        """Write what waits and close. False if something could not be written (it stays open)."""
        if self.store is None:
            return True
        self.closing.emit()
        self.end_stroke()
        if not self.store.close(timeout_s=_CLOSE_TIMEOUT_S):
            return False
        self._forget_project()
        return True

    def abandon_project(self) -> None:
        """Close although not all could be written."""
        if self.store is not None:
            self.store.abandon()
            self._forget_project()

    def _forget_project(self) -> None:
        if self._store_signals is not None:
            self._store_signals.blockSignals(True)
            self._store_signals.deleteLater()
            self._store_signals = None
        self.store, self.current, self._wanted, self._loading_since = None, None, None, None
        self._changing_axes = None
        self.planes.clear()
        self._last_place.clear()
        self._checked.clear()
        self._free.clear()
        self._recent.clear()
        self._records.clear()
        self.saving.end()
        self.select()
        self.show_past(None)
        self.image_changed.emit()

    # Images

    def images(self) -> list[ImageRecord]:
        """The project's images, in its order, as they are now (the disk may be a moment behind)."""
        return list(self._records.values())

    def record(self, image_id: int) -> ImageRecord | None:
        """One of the project's images, as it is now."""
        return self._records.get(image_id)

    @property
    def wanted_id(self) -> int | None:
        """The image that was asked for last: it is shown, comes soon, or cannot be read."""
        return self._wanted.image_id if self._wanted is not None else None

    @property
    def wanted_plane(self) -> tuple[int, int]:
        """t and z of the plane of the shown image that was asked for last."""
        if self.current is None:
            return 0, 0
        wanted = self._wanted if self.wanted_id == self.current.id else None
        return (wanted.t, wanted.z) if wanted is not None else (self.current.t, self.current.z)

    def show_image(self, image_id: int) -> None:
        """Load an image in the background, then show the plane of it that was shown last."""
        self._show(PlaneKey(image_id, *self._last_place.get(image_id, (0, 0))))

    def show_plane(self, t: int, z: int) -> None:
        """Another plane of the shown image; outside its axes: the nearest one there is."""
        if self.current is None:
            return
        axes = self.current.source.axes
        key = PlaneKey(self.current.id, min(max(t, 0), axes.t - 1), min(max(z, 0), axes.z - 1))
        if key != self.current.key or key != self._wanted:
            self._show(key)

    def _show(self, key: PlaneKey) -> None:
        record = self._records.get(key.image_id)
        if record is None or self.store is None:
            return
        if key.image_id == self._changing_axes:
            self._wanted = PlaneKey(key.image_id)  # It is shown as soon as its axes are known.
            return
        self.end_stroke()
        self._wanted, self._loading_since = key, time.monotonic()
        store, kept = self.store, self.planes.get(key)
        if kept is not None:
            self._image_loaded(kept, store)
            return
        # Planes of an image that is open come from the source that is open already.
        source = self.planes.source_of(key.image_id)

        def load() -> LoadedImage | None:
            # Who scrolls through a stack has gone on: what nobody wants any more is not read.
            return load_image(store, record, key, source) if key == self._wanted else None

        self._pool.submit(
            load,
            lambda image: self._image_loaded(image, store) if image is not None else None,
            lambda error: self._image_failed(error, key, store),
        )
        if self.current is None:  # Nothing is shown that could be drawn on.
            self._pool.submit(
                lambda: first_look(record, key),
                lambda seen: self._glanced(seen, key, store),
                self.failed.emit,
            )

    def _glanced(self, seen: tuple[Picture, Rect] | None, key: PlaneKey, store: ProjectStore) -> None:
        if seen is not None and store is self.store and key == self._wanted and self.current is None:
            self.glanced.emit(*seen)

    def set_axes(self, roles: str) -> None:
        """The axes of the shown image are these, and of other images of the project whose files name theirs
        as this one does."""
        image, store = self.current, self.store
        if image is None or store is None or roles == image.source.order.roles:
            return
        self.end_stroke()
        record, source, key = self._records[image.id], image.source, PlaneKey(image.id)
        # Nothing may be drawn on planes that are about to go.
        self._changing_axes = image.id
        self._wanted, self.current = key, None
        self.image_changed.emit()
        self._pool.submit(
            lambda: load_with_axes(store, record, key, source, roles),
            lambda loaded: self._axes_changed(loaded, store),
            lambda error: self._axes_stay(image, error, store),
        )

    def _axes_changed(self, image: LoadedImage, store: ProjectStore) -> None:
        if store is not self.store:
            return
        self._changing_axes = None
        alike = {
            other.id
            for other in self.planes
            if other.source.is_guessed and other.source.order.stored == image.source.order.stored
        }
        for image_id in {image.id, *alike}:
            # What is drawn on already keeps the axes it had.
            if not any(map(store.journal.has_waiting, self.planes.documents(image_id))):
                self.planes.forget_image(image_id)
                self._checked.pop(image_id, None)
                self._last_place.pop(image_id, None)
        self._image_loaded(image, store)

    def _axes_stay(self, image: LoadedImage, error: UserError, store: ProjectStore) -> None:
        if store is self.store:
            self._changing_axes = None
            if self._wanted is not None and self._wanted.image_id == image.id:
                self.show_image(image.id)
            self.failed.emit(error)

    def locate_image(self, image_id: int, path: Path) -> None:
        """The person says in which file an image is now; its labels stay."""
        record, store = self._records.get(image_id), self.store
        if record is None or store is None:
            return
        key = self._wanted = PlaneKey(image_id, *self._last_place.get(image_id, (0, 0)))
        self._pool.submit(
            lambda: locate_image(store, record, key, path),
            lambda image: self._image_located(image, store),
            lambda error: self.failed.emit(error) if store is self.store else None,
        )

    def _image_located(self, image: LoadedImage, store: ProjectStore) -> None:
        if store is not self.store:
            return  # Its project was closed meanwhile.
        kept = self.planes.get(image.key)
        if kept is not None:
            # Its document is ahead of the disk's: only the pixels are new.
            kept.record, kept.plane, kept.display = image.record, image.plane, image.display
            kept.file_state, kept.source = image.file_state, image.source
        self._image_loaded(image, store)
        self.images_changed.emit()

    def confirm_file(self) -> None:
        """The altered file of the shown image is the right one: its fingerprint is the known one now."""
        if self.current is not None:
            self.locate_image(self.current.id, self.current.path)

    def step_image(self, step: int, *, among: Collection[int] | None = None) -> None:
        """The next (1) or previous (-1) image of the list; `among`: of these only."""
        ids = list(self._records)
        if self._wanted is None or self._wanted.image_id not in ids:
            return
        place = ids.index(self._wanted.image_id)
        rest = ids[place + 1 :] if step > 0 else ids[:place][::-1]
        wanted = next((i for i in rest if among is None or i in among), None)
        if wanted is not None:
            self.show_image(wanted)

    def _image_loaded(self, image: LoadedImage, store: ProjectStore) -> None:
        if store is not self.store:
            return  # Its project was closed meanwhile.
        if image.found_scenes:
            self._take_records(image.found_scenes)
            image.found_scenes = ()
            self.images_changed.emit()
        # Loaded twice, by going there and back: the first may have been drawn on already.
        self._checked[image.id] = image.stored_checked | self._checked.get(image.id, {})
        image = self.planes.newest(image)
        if image.key != self._wanted:
            return  # The person has gone on to another one.
        self._loading_since = None
        self.end_stroke()
        self.show_past(None)
        self.shown_picture = None
        is_other_image = self.current is None or self.current.id != image.id
        self.current = image
        self.planes.show(image, store.journal.has_waiting)
        self._last_place[image.id] = (image.t, image.z)
        former = self._records[image.id].path
        if image.path != former:
            # All images of the file have moved along.
            for number, record in self._records.items():
                if record.path == former:
                    moved = replace(record, path=image.path, fingerprint=image.record.fingerprint)
                    self._records[number] = moved
            self.images_changed.emit()
        if is_other_image:
            self.store.record_setting(CURRENT_IMAGE, str(image.id))
        self.select()
        self.image_changed.emit()

    def _image_failed(self, error: UserError, key: PlaneKey, store: ProjectStore) -> None:
        if store is not self.store or key != self._wanted:
            return  # The person has gone on to another one.
        self._loading_since = None
        self.end_stroke()
        self.show_past(None)
        self.current = None
        self.select()
        self.image_changed.emit()
        self.failed.emit(error)
        # The file may hold other images, which can be shown.
        self._pool.submit(store.images, lambda records: self._learn_images(records, store), self.failed.emit)

    def _learn_images(self, records: Iterable[ImageRecord], store: ProjectStore) -> None:
        before = self._records
        if store is self.store:
            self._take_records(records)
            if self._records != before:
                self.images_changed.emit()

    def _update_record(self, image_id: int, plane_id: int, document: Document, change: Change) -> None:
        """Bring the image's record up to date with a change that made, undid or redid an edit."""
        rows = change.edit.rows if change.edit is not None else ()
        born = sum(row.before is None for row in rows) - sum(row.after is None for row in rows)
        count = self._records[image_id].instances + (-born if change.step is Step.UNDO else born)
        checked = self._checked.setdefault(image_id, {})
        checked[plane_id] = document.checked_state
        self._records[image_id] = replace(
            self._records[image_id],
            is_checked=all(state is CheckedState.ALL for state in checked.values()),
            checked_planes=sum(state is not CheckedState.NOTHING for state in checked.values()),
            instances=count,
        )

    # Editing

    @property
    def document(self) -> Document | None:
        """The document of the image that is shown."""
        return self.current.document if self.current else None

    def publish(self, change: Change | None) -> None:
        """Store the edit of a change and tell everybody what to show anew."""
        if change is None or self.current is None or self.store is None:
            return
        if change.edit is not None:
            image = self.current
            self.store.record(image.plane_id, image.document, change)
            self._update_record(image.id, image.plane_id, image.document, change)
            self.saving.changed.emit()
        document = self.current.document
        if self.selected_instance not in document.instances and not document.stroke_is_open:
            self.select(proposal=self.selected_proposal)
        self.changed.emit(change)
        if change.edit is not None:
            altered = self._follow_rejection(change.edit, change.step)
            altered |= self._follow_shared(change.edit, change.step)
            if self._follow_accepted(change.edit, change.step) or altered:
                self.proposals_changed.emit()

    def record_elsewhere(self, plane_id: int, document: Document, change: Change, key: PlaneKey) -> None:
        """Store the edit of a change on a plane that is perhaps not the shown one."""
        if self.current is not None and document is self.current.document:
            self.publish(change)
        elif change.edit is not None and self.store is not None:
            self.store.record(plane_id, document, change)
            self._update_record(key.image_id, plane_id, document, change)
            self.planes.was_edited(key, plane_id, document)
            self.saving.changed.emit()

    def _follow_rejection(self, edit: Edit, step: Step) -> bool:
        """Put aside what an edit rejects, or (undo) let it wait again. False if it rejects nothing."""
        image = self.current
        if image is None or image.proposals is None or self.store is None or edit.rejected is None:
            return False
        proposals, rejected = image.proposals, edit.rejected
        if rejected.made_at != proposals.made_at:
            return False  # Of an earlier proposing.
        if step is Step.UNDO:
            proposals.rejected -= rejected.proposal_ids
        else:
            proposals.rejected |= rejected.proposal_ids
        self.store.record_proposals(image.plane_id, proposals)
        return True

    def _follow_shared(self, edit: Edit, step: Step) -> bool:
        """Proposals that became part of an uncountable instance wait again when that is undone, and no more
        when it is done again. False if the edit concerns none."""
        image, shared = self.current, edit.shared
        if image is None or image.proposals is None or self.store is None or shared is None:
            return False
        if step is Step.MAKE:
            return False  # Accepting them has noted it.
        if shared.made_at != image.proposals.made_at:
            return False  # Of an earlier proposing.
        if step is Step.UNDO:
            for proposal in shared.instance_of:
                image.proposals.accepted.pop(proposal, None)
        else:
            image.proposals.accepted.update(shared.instance_of)
        self.store.record_proposals(image.plane_id, image.proposals)
        return True

    def _follow_accepted(self, edit: Edit, step: Step) -> bool:
        """Whether a proposal waits follows the instance it became. True if the edit concerns any.

        One whose acceptance is undone waits again. One whose instance was deleted, merged or painted over
        does not: the person has decided about that cell.
        """
        proposals = self.current.proposals if self.current is not None else None
        if proposals is None or not proposals.accepted or not edit.rows:
            return False
        proposals_of = defaultdict(list)  # Several, where the instance is of what is not counted.
        for proposal, instance in proposals.accepted.items():
            proposals_of[instance].append(proposal)
        concerned = [(proposal, row) for row in edit.rows for proposal in proposals_of[row.instance_id]]
        gone = {proposal for proposal, row in concerned if row.before is not None and row.after is None}
        if gone and step is Step.UNDO:
            proposals.rejected -= gone
        elif gone:
            proposals.rejected |= gone
        if gone and self.current is not None and self.store is not None:
            self.store.record_proposals(self.current.plane_id, proposals)
        return bool(concerned)

    @property
    def editable(self) -> Document | None:
        """The document, if a whole operation may change it now: no stroke is open, no past is shown."""
        document = self.document
        if document is None or document.stroke_is_open or self.past is not None:
            return None
        return document

    def undo(self) -> None:
        """Take back the last edit."""
        if self.editable is not None:
            self.publish(self.editable.undo())

    def redo(self) -> None:
        """Make the last undone edit again."""
        if self.editable is not None:
            self.publish(self.editable.redo())

    def when_free(self, act: Callable[[], None]) -> None:
        """Do it now, or as soon as the hand has finished what it is drawing."""
        if self.hand_is_busy() or (self.document is not None and self.document.stroke_is_open):
            self._free.append(act)
        else:
            act()

    def hand_is_free(self) -> None:
        """The hand has finished: do what waited for that."""
        waiting, self._free = self._free, []
        for act in waiting:
            self.when_free(act)

    def end_stroke(self) -> None:
        """A stroke that is being drawn is finished as it is; an outline that is not closed is given up."""
        self.drawing_must_end.emit()
        if self.document is not None and self.document.stroke_is_open:
            self.publish(self.document.finish_stroke())

    def set_checked(self, checked: bool, view: Rect) -> None:
        """Mark the whole plane as verified, or not. Of one that is too large to be held what is seen (`view`)
        becomes so, or if all of it is, no longer is."""
        document = self.editable
        if document is None or self.current is None:
            return
        area = document.bounds
        if self.current.plane is None:
            area, checked = view, not document.checked.covers(view)
        self.publish(document.set_checked(area, checked, name=CHECK if checked else UNCHECK))

    # The past

    def show_past(self, past: Past | None) -> None:
        """Show the shown image's labels as they were; None: as they are, and can be edited, again."""
        if past is not self.past:
            self.end_stroke()
            self.past = past
            rows = past.instances if past else self.document.instances if self.document else ()
            self.select(instance=self.selected_instance if self.selected_instance in rows else 0)
            self.past_changed.emit()

    def bring_back(self, past: Past, instance_id: int) -> bool:
        """Make one instance again what it was, and show the present. False if it is that already."""
        return self._bring_back(past, instance_id, BRING_BACK)

    def bring_all_back(self, past: Past) -> bool:
        """Make the whole image again what it was, and show the present. False if it is that already."""
        return self._bring_back(past, None, BRING_ALL_BACK)

    def _bring_back(self, past: Past, instance_id: int | None, name: str) -> bool:
        self.show_past(None)
        document = self.editable
        if document is None:
            return False
        if instance_id is None:
            change = document.bring_all_back(past, name=name)
        else:
            change = document.bring_back(instance_id, past, name=name)
        self.publish(change)
        self.select(instance=instance_id or 0)
        return change is not None

    # What the tools ask

    def new_instance_id(self, document: Document) -> int:
        """The id of an instance of the active class that begins now; of "stuff" there is one only."""
        if self.is_stuff(self.active_class):
            existing = document.instance_of_class(self.active_class)
            if existing:
                return existing
        return document.new_instance_id()

    def class_of(self, instance_id: int) -> int:
        """The class of an instance of the shown plane; of one that is not there, the active class."""
        row = self.document.instances.get(instance_id) if self.document is not None else None
        return row.class_index if row is not None else self.active_class

    def is_stuff(self, class_index: int) -> bool:
        """True for a class of which a plane has one instance."""
        return self.class_table.get(class_index).is_stuff

    def target_at(self, document: Document, at: PixelPoint) -> int:
        """Who gets what is drawn from a place on: the selected instance if it lies there, else a new one."""
        under = document.instance_at(at.y, at.x)
        return under if under and under == self.selected_instance else self.new_instance_id(document)

    def light(self, rect: Rect) -> Pixels | None:
        """The image in `rect` (inside the plane) as it is seen: uint8 (H, W, 3) in B, G, R order."""
        if self.current is None or rect.is_empty:
            return None
        picture = self.shown_picture or self.current.display
        return picture.shown(rect, self.current.contrast)

    def evidence(self, rect: Rect) -> Iterator[GreyArray]:
        """What tells where a cell ends, best first: uint8 (H, W). Probability × 255, then grey values."""
        image = self.current
        if image is None or rect.is_empty:
            return
        if image.probability is not None:
            yield np.ascontiguousarray(image.probability[rect.slices])
        light = self.light(rect)
        if light is not None:
            yield light.max(axis=2)

    # Selection

    def select(self, *, instance: int = 0, proposal: int = 0) -> None:
        """Select one instance, one proposal, or nothing."""
        if (instance, proposal) != (self.selected_instance, self.selected_proposal):
            self.selected_instance, self.selected_proposal = instance, proposal
            self.selection_changed.emit()

    def select_at(self, at: PixelPoint) -> None:
        """Select what lies under a point: a waiting proposal first, then an instance."""
        if self.document is None or self.current is None:
            return
        if self.past is not None:
            inside = self.document.bounds.contains_point(at.y, at.x)
            self.select(instance=self.past.labels.value_at(int(at.y), int(at.x)) if inside else 0)
            return
        proposals = self.current.proposals
        if proposals is not None and self.document.bounds.contains_point(at.y, at.x):
            proposal = proposals.id_at(at.y, at.x)
            if proposals.is_open(proposal, self.document.instances):
                self.select(proposal=proposal)
                return
        self.select(instance=self.document.instance_at(at.y, at.x))

    def instance_for_stroke(self) -> int:
        """The selected instance, or a new one that becomes the selected one."""
        if self.document is None:
            return 0
        if not self.selected_instance:
            self.select(instance=self.new_instance_id(self.document))
        return self.selected_instance

    def new_instance(self) -> None:
        """The next stroke begins a new instance."""
        self.select()
        self.said.emit(tr("session", "The next stroke draws a new instance."))

    def delete_selected(self) -> None:
        """Delete the selected instance, or reject the selected proposal."""
        document = self.editable
        if document is None or self.current is None:
            return
        if self.selected_proposal and self.current.proposals is not None:
            self.reject([self.selected_proposal])
        elif self.selected_instance:
            self.delete([self.selected_instance], name=DELETE)

    def delete(self, instance_ids: Iterable[int], *, name: str) -> None:
        """Delete instances as one edit."""
        if self.editable is not None:
            self.publish(self.editable.delete_instances(instance_ids, name=name))

    def merge(self, into: int, others: Iterable[int]) -> None:
        """Make several instances one; a seam of a pixel or two between them is closed."""
        document, ids = self.editable, {into, *others}
        if document is None or into not in document.instances or len(ids) < 2:
            return
        rects = {instance_id: document.instance_rect(instance_id) for instance_id in ids - {into}}
        if max(rect.area for rect in rects.values()) > _LARGEST_SEAM_AREA_PX:
            self.publish(document.merge_instances(into, rects, name=MERGE))
            return
        revisions = []
        for rect in rects.values():  # Around each of them: far apart ones have no common seam.
            # Over the seam and into what lies beyond it.
            wide = rect.grown(3 * _SEAM_PX).intersect(document.bounds)
            before = document.read(wide)
            after = np.where(np.isin(before, sorted(ids)), np.int32(into), before)
            after[close_seam(before, ids & set(np.unique(before).tolist()), _SEAM_PX)] = into
            revisions.append(Revision(wide, before, after))
        self.publish(document.rewrite(revisions, name=MERGE))

    # Proposals

    def set_proposals(self, plane_id: int, proposals: Proposals, probability: GreyArray | None = None) -> int:
        """New proposals of a plane (it need not be the shown one); returns how many wait."""
        if self.store is None:
            return 0
        image = self.planes.with_id(plane_id)
        if image is not None and probability is not None and probability.shape != image.document.bounds.shape:
            return 0  # The image has other axes by now.
        if image is None:
            is_all_written = not self.saving.waiting and self._loading_since is None
            self.planes.hold_proposals(plane_id, proposals, others_are_safe=is_all_written)
        else:
            reject_covered(proposals, image.document.labels, image.document.instances)
            image.proposals, image.probability = proposals, probability
        self.store.record_proposals(plane_id, proposals)
        if image is not None and image is self.current:
            if self.selected_proposal:
                self.select()
            self.proposals_changed.emit()
        return len(proposals.table) - len(proposals.rejected)

    def join_proposals(self, plane_id: int, proposals: Proposals, altered: Rect, *, save: bool) -> None:
        """The proposals of a plane that come part by part have grown; `altered`: where they look new."""
        if self.store is None:
            return
        image = self.planes.with_id(plane_id)
        if save:
            self.store.record_proposals(plane_id, proposals)
        if image is None:
            self.planes.hold_proposals(plane_id, proposals)
            return
        is_new, image.proposals = image.proposals is not proposals, proposals
        if image is not self.current:
            return
        if self.selected_proposal and self.selected_proposal not in proposals.table:
            self.select()
        if is_new:
            self.proposals_changed.emit()
        else:
            self.proposals_joined.emit(altered)

    def is_begun(self, image_id: int) -> bool:
        """True if an image has labels, proposals or checked pixels: the disk may be a moment behind."""
        record = self._records[image_id]
        kept = [image for image in self.planes if image.id == image_id]
        drawn = any(len(document.instances) for document in self.planes.documents(image_id).values())
        is_known = record.is_checked or record.checked_planes > 0 or record.instances > 0
        return is_known or drawn or any(image.proposals is not None for image in kept)

    def open_proposals(self) -> list[int]:
        """Ids of the proposals of the shown image that still wait."""
        if self.current is None or self.current.proposals is None:
            return []
        return self.current.proposals.waiting(self.current.document.instances)

    def open_proposal_mask(self) -> MaskArray:
        """Bool by proposal id: still waiting."""
        waiting = self.open_proposals()
        proposals = self.current.proposals if self.current else None
        mask = np.zeros(max(proposals.table, default=0) + 1 if proposals else 1, bool)
        mask[waiting] = True
        return mask

    def accept_all(self) -> None:
        """Make every waiting proposal a label, as one edit."""
        were_covered, waiting = self.reject_covered(), self.open_proposals()
        if were_covered and not waiting:
            self.said.emit(tr("session", _COVERED))
        else:
            self._accept(waiting, ACCEPT_ALL)

    def reject_all(self) -> None:
        """Put every waiting proposal aside, as one edit."""
        self.reject(self.open_proposals())

    def reject_covered(self) -> bool:
        """Put aside, as one edit, what lies mostly on labels: the hand was first. True if there was any.

        Not on planes that are too large to be held, where looking takes long; there it is done part by part.
        """
        image = self.current
        if self.editable is None or image is None or image.proposals is None or image.plane is None:
            return False
        covered = covered_by(image.proposals, image.document.labels, image.document.instances)
        if covered:
            self.reject(sorted(covered))
        return bool(covered)

    def accept_selected(self) -> None:
        """Make the selected proposal a label."""
        if self.selected_proposal:
            self._accept([self.selected_proposal], ACCEPT_ONE)

    def reject(self, proposal_ids: Iterable[int]) -> None:
        """Put proposals aside, as one edit."""
        document = self.editable
        if document is not None and self.current is not None and self.current.proposals is not None:
            self.publish(document.reject(self.current.proposals, proposal_ids, name=REJECT))
            self.select()

    def accept(self, proposal_ids: list[int], *, name: str) -> None:
        """Make these proposals labels, as one edit."""
        self._accept(proposal_ids, name)

    def _accept(self, proposal_ids: list[int], name: str) -> None:
        document = self.editable
        if document is None or self.current is None or self.current.proposals is None:
            return
        uncountable = {row.index for row in self.class_table if row.is_stuff}
        change = document.accept(self.current.proposals, proposal_ids, name=name, uncountable=uncountable)
        if change is None:
            if proposal_ids:
                self.said.emit(tr("session", _COVERED))
            return
        self._proposals_altered()
        if len(proposal_ids) == 1:
            self.select(instance=self.current.proposals.accepted[proposal_ids[0]])
        else:
            self.select()
        self.publish(change)

    def _proposals_altered(self) -> None:
        if self.current is not None and self.current.proposals is not None and self.store is not None:
            self.store.record_proposals(self.current.plane_id, self.current.proposals)
            self.proposals_changed.emit()

    # What drives do

    def _edit_packed(self, plane_id: int, edit: Edit, packed: PackedEdit) -> None:
        image = self.planes.with_id(plane_id)
        if image is None:
            return
        # The compressed form takes the edit's place in memory; the last small ones can be undone at once.
        history = image.document.history
        if edit.nbytes > _KEPT_EDIT_BYTES:
            history.replace(edit, packed)
            return
        self._recent.append((history, edit, packed))
        if len(self._recent) > _KEPT_EDITS:
            old_history, old_edit, old_packed = self._recent.popleft()
            old_history.replace(old_edit, old_packed)

    def _entry_committed(self, plane_id: int, moment: object) -> None:
        if self.current is not None and self.current.plane_id == plane_id:
            self.history_changed.emit(moment)

    def _check_reading(self) -> None:
        """A drive that hangs does not say that it will not give an image."""
        record = self._records.get(self._wanted.image_id) if self._wanted is not None else None
        slow_s = 0.0
        if self._loading_since is not None:
            slow_s = time.monotonic() - self._loading_since
        elif self.current is not None and isinstance(self.current.display, TiledImage):
            slow_s = self.current.display.reading_s
        reads_slowly = record is not None and slow_s > _SLOW_READING_S
        is_news = not self._reads_slowly or time.monotonic() - self._slowness_told_at > _SLOW_AGAIN_S
        if reads_slowly and is_news and record is not None:
            self._slowness_told_at = time.monotonic()
            text = tr("session", "{name} is still being read: its drive answers slowly or not at all.")
            self.said.emit(text.format(name=record.title))
        elif self._reads_slowly and not reads_slowly:
            self.said.emit("")
        self._reads_slowly = reads_slowly
