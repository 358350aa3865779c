"""Stacks: from plane to plane, and labels that are carried over or interpolated between planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from unet_studio.core.document import Document, Over
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import MaskArray
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.loaded_image import LoadedImage, PlaneKey
from unet_studio.gui.session import Session
from unet_studio.gui.translation import mark, tr
from unet_studio.segmentation.reshaping import interpolate
from unet_studio.store.project_store import ProjectStore

COPY = mark("edits", "Copy from another plane")
INTERPOLATE = mark("edits", "Interpolate between planes")
_MARGIN_PX = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """One instance on one plane."""

    z: int
    rect: Rect
    mask: MaskArray

    def on(self, rect: Rect) -> MaskArray:
        """Its mask over a larger rectangle."""
        out = np.zeros(rect.shape, bool)
        out[self.rect.shift(-rect.top, -rect.left).slices] = self.mask
        return out


class Stacks(QObject):
    """An instance keeps its number from plane to plane: that is what makes it one object in depth."""

    arrived = Signal()

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session, self._pool = session, pool

    @property
    def is_stack(self) -> bool:
        """True if the shown image has more than one plane."""
        image = self._session.current
        return image is not None and image.source.axes.z * image.source.axes.t > 1

    def step_z(self, step: int) -> None:
        """Deeper (1) or back (-1)."""
        t, z = self._session.wanted_plane
        self._session.show_plane(t, z + step)

    def step_t(self, step: int) -> None:
        """Later (1) or earlier (-1)."""
        t, z = self._session.wanted_plane
        self._session.show_plane(t + step, z)

    def copy_to_next(self) -> None:
        """Draw the selected instance (without one: all) on the next plane too, and go there."""
        image, session = self._session.current, self._session
        if image is None or session.editable is None:
            return
        if image.z + 1 >= image.source.axes.z:
            session.said.emit(tr("stacks", "This is the last plane of the stack."))
            return
        selected = session.selected_instance
        document = image.document
        rect = document.instance_rect(selected) if selected else document.bounds
        if selected:
            shapes = [(selected, rect, document.read(rect) == selected)]
        else:
            shapes = []
            for row in document.instances:
                own = document.instance_rect(row.id)
                shapes.append((row.id, own, document.read(own) == row.id))
        if not shapes:
            session.said.emit(tr("stacks", "There is nothing on this plane to copy."))
            return
        classes = {row.id: row.class_index for row in document.instances}
        key = PlaneKey(image.id, image.t, image.z + 1)

        first_free = document.next_id

        def draw(target: Document) -> None:
            # A plane that was not shown for long does not know which numbers the others have taken since.
            target.next_id = max(target.next_id, first_free)
            for instance_id, where, mask in shapes:
                own, class_index = instance_id, classes[instance_id]
                if session.is_stuff(class_index):
                    own = target.instance_of_class(class_index) or own  # There is one of it.
                elif own in target.instances and not (target.read(where) == own)[mask].any():
                    own = target.new_instance_id()  # Another cell has that number there.
                target.paint(MaskRegion(where, mask), own, over=Over.BACKGROUND, class_index=class_index)

        def go_there() -> None:
            if session.current is image and session.wanted_id == image.id:
                session.show_plane(key.t, key.z)

        self._edit_planes([(key, draw)], COPY, then=go_there)

    def interpolate_selected(self) -> None:
        """Draw the selected instance on the planes between this one and the nearest that has it too."""
        image, session = self._session.current, self._session
        selected = session.selected_instance
        if image is None or session.editable is None or session.store is None:
            return
        if selected not in image.document.instances:
            session.said.emit(tr("stacks", "Select an instance that is drawn on two planes."))
            return
        here = _shape(image.document, selected, image.z)
        class_index = session.class_of(selected)
        store, t, z = session.store, image.t, image.z
        kept = {key.z: session.planes.edited(key) for key in self._keys(image)}
        in_memory = {z_: found[1] for z_, found in kept.items() if found is not None}
        snapshots = {
            z_: _shape(document, selected, z_)
            for z_, document in in_memory.items()
            if selected in document.instances
        }

        def work() -> list[tuple[int, MaskRegion]]:
            others = _stored_shapes(store, image, selected, skip=set(in_memory))
            others.update({z_: shape for z_, shape in snapshots.items() if z_ != z})
            far = [z_ for z_ in others if abs(z_ - z) > 1]
            if not far:
                raise UserError(
                    "Instance {id} is on no other plane with a free one in between: draw it there first.",
                    id=selected,
                )
            other = others[min(far, key=lambda z_: abs(z_ - z))]
            return _between(here, other, taken=set(others))

        def done(regions: list[tuple[int, MaskRegion]]) -> None:
            def drawing(region: MaskRegion) -> Callable[[Document], None]:
                def draw(target: Document) -> None:
                    own = selected
                    if session.is_stuff(class_index):
                        own = target.instance_of_class(class_index) or own
                    target.paint(region, own, over=Over.BACKGROUND, class_index=class_index)

                return draw

            if session.current is image:
                edits = [(PlaneKey(image.id, t, z_), drawing(region)) for z_, region in regions]
                self._edit_planes(edits, INTERPOLATE, then=lambda: None)

        self._pool.submit(work, done, session.failed.emit)

    def _keys(self, image: LoadedImage) -> list[PlaneKey]:
        return [PlaneKey(image.id, image.t, z) for z in range(image.source.axes.z)]

    def _edit_planes(
        self,
        edits: list[tuple[PlaneKey, Callable[[Document], None]]],
        name: str,
        then: Callable[[], None],
    ) -> None:
        """One edit on each plane. Those in memory are drawn on here; the others are loaded first."""
        session, image = self._session, self._session.current
        store = session.store
        if store is None or image is None or not edits:
            return
        bounds = image.document.bounds
        missing = [key for key, _ in edits if session.planes.edited(key) is None]

        def load() -> dict[PlaneKey, tuple[int, Document]]:
            loaded = {}
            for key in missing:
                plane_id = store.open_plane(
                    key.image_id, height=bounds.bottom, width=bounds.right, t=key.t, z=key.z
                )
                loaded[key] = plane_id, store.load_document(plane_id)
            return loaded

        def draw(loaded: dict[PlaneKey, tuple[int, Document]]) -> None:
            session.when_free(lambda: draw_now(loaded))

        def draw_now(loaded: dict[PlaneKey, tuple[int, Document]]) -> None:
            if session.store is not store:
                return
            count = 0
            for key, paint in edits:
                plane_id, document = session.planes.edited(key) or loaded[key]
                document.begin_stroke(name)
                paint(document)
                drawn, change = document.drawn_rect, document.finish_stroke()
                if change is not None:
                    count += 1
                    session.record_elsewhere(plane_id, document, replace(change, rect=drawn), key)
            if count:
                text = tr("stacks", "Planes that were drawn on: {count}. Each has its own undo.")
            else:
                text = tr("stacks", "Nothing was drawn: labels lie there already.")
            session.said.emit(text.format(count=count))
            then()
            self.arrived.emit()

        self._pool.submit(load, draw, session.failed.emit)


def _shape(document: Document, instance_id: int, z: int) -> _Shape:
    rect = document.instance_rect(instance_id)
    return _Shape(z, rect, document.read(rect) == instance_id)


def _stored_shapes(
    store: ProjectStore, image: LoadedImage, instance_id: int, skip: set[int]
) -> dict[int, _Shape]:
    """The instance on the planes that are not in memory, by z."""
    shapes = {}
    for place in store.plane_places(image.id):
        if place.t == image.t and place.z not in skip:
            document = store.load_document(place.id)
            if instance_id in document.instances:
                shapes[place.z] = _shape(document, instance_id, place.z)
    return shapes


def _between(first: _Shape, last: _Shape, *, taken: set[int]) -> list[tuple[int, MaskRegion]]:
    """The shapes on the planes between two, but for those that have one."""
    rect = first.rect.union(last.rect).grown(_MARGIN_PX)
    a, b = first.on(rect), last.on(rect)
    step = 1 if last.z > first.z else -1
    regions = []
    for z in range(first.z + step, last.z, step):
        if z not in taken:
            fraction = (z - first.z) / (last.z - first.z)
            regions.append((z, MaskRegion(rect, interpolate(a, b, fraction))))
    return regions
