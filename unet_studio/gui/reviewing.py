"""Going through proposals and instances: one after the other, by lasso, by class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from unet_studio.core.geometry import Rect, tile_rect
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.regions import Polygon
from unet_studio.gui.session import ACCEPT_ONE, Session
from unet_studio.gui.translation import mark, tr

ACCEPT_LASSO = mark("edits", "Accept proposals in a lasso")
ACCEPT_CLASS = mark("edits", "Accept proposals of a class")
DELETE_LASSO = mark("edits", "Delete instances in a lasso")
_INSIDE_SHARE = 0.5


class Reviewing(QObject):
    """What the lasso tools and the review keys do."""

    go_to = Signal(object)  # Rect to bring into view

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def delete_in(self, polygon: Polygon) -> None:
        """Delete every instance that lies mostly inside the line."""
        document = self._session.editable
        if document is not None:
            ids = _mostly_inside(polygon, document.bounds, document.read, document.instances.area_px)
            self._tell(len(ids), tr("reviewing", "No instance lies inside the line."))
            self._session.delete(ids, name=DELETE_LASSO)

    def accept_in(self, polygon: Polygon) -> None:
        """Accept every proposal that lies mostly inside the line."""
        ids = self._proposals_in(polygon)
        if ids:
            self._session.accept(ids, name=ACCEPT_LASSO)

    def reject_in(self, polygon: Polygon) -> None:
        """Reject every proposal that lies mostly inside the line."""
        ids = self._proposals_in(polygon)
        if ids:
            self._session.reject(ids)

    def classes_waiting(self) -> list[int]:
        """The classes of the proposals that wait."""
        image = self._session.current
        if image is None or image.proposals is None:
            return []
        return sorted({image.proposals.table[i].class_index for i in self._session.open_proposals()})

    def accept_class(self, class_index: int) -> None:
        """Accept every proposal of a class."""
        ids = self._of_class(class_index)
        if ids:
            self._session.accept(ids, name=ACCEPT_CLASS)

    def reject_class(self, class_index: int) -> None:
        """Reject every proposal of a class."""
        ids = self._of_class(class_index)
        if ids:
            self._session.reject(ids)

    def accept_and_go_on(self) -> None:
        """Accept the selected proposal and select the next one; without a selection, the first."""
        here = self._place()
        if self._session.selected_proposal:
            chosen = self._session.selected_proposal
            self._session.accept([chosen], name=ACCEPT_ONE)
            if chosen in self._session.open_proposals():  # Labels cover it: it has been dealt with.
                self._session.reject([chosen])
        self._select_next(here)

    def reject_and_go_on(self) -> None:
        """Reject the selected proposal and select the next one."""
        here = self._place()
        if self._session.selected_proposal:
            self._session.reject([self._session.selected_proposal])
        self._select_next(here)

    def _select_next(self, here: tuple[float, float]) -> None:
        """The waiting proposal nearest to a place: the eye has the shortest way."""
        image, waiting = self._session.current, self._session.open_proposals()
        if image is None or image.proposals is None or not waiting:
            self._session.select()
            self._session.said.emit(tr("reviewing", "No proposal waits any more on this image."))
            return
        rects = [image.proposals.table[i].rect for i in waiting]
        middles = np.array([(r.top + r.bottom, r.left + r.right) for r in rects]) / 2
        nearest = int(np.argmin(((middles - np.array(here)) ** 2).sum(1)))
        self._session.select(proposal=waiting[nearest])
        self.go_to.emit(rects[nearest])

    def _place(self) -> tuple[float, float]:
        image, chosen = self._session.current, self._session.selected_proposal
        if image is None or image.proposals is None or chosen not in image.proposals.table:
            return 0.0, 0.0
        rect = image.proposals.table[chosen].rect
        return (rect.top + rect.bottom) / 2, (rect.left + rect.right) / 2

    def _of_class(self, class_index: int) -> list[int]:
        image = self._session.current
        if image is None or image.proposals is None:
            return []
        table = image.proposals.table
        return [i for i in self._session.open_proposals() if table[i].class_index == class_index]

    def _proposals_in(self, polygon: Polygon) -> list[int]:
        image, document = self._session.current, self._session.editable
        if image is None or document is None:
            return []
        if image.proposals is None:
            self._tell(0, tr("reviewing", "No proposal waits any more on this image."))
            return []
        proposals, waiting = image.proposals, set(self._session.open_proposals())
        inside = _mostly_inside(
            polygon, document.bounds, proposals.tiles.read, lambda i: proposals.table[i].area_px
        )
        found = [i for i in inside if i in waiting]
        self._tell(len(found), tr("reviewing", "No proposal lies inside the line."))
        return found

    def _tell(self, count: int, otherwise: str) -> None:
        if not count:
            self._session.said.emit(otherwise)


def _mostly_inside(
    polygon: Polygon, bounds: Rect, read: Callable[[Rect], LabelArray], area_px: Callable[[int], int]
) -> list[int]:
    """Ids more than half of whose pixels lie in the polygon."""
    counts: dict[int, int] = {}
    area = polygon.rect.intersect(bounds)
    for index in polygon.tiles(area):
        part = tile_rect(index).intersect(area)
        ids, found = np.unique(read(part)[polygon.mask(part)], return_counts=True)
        for instance_id, count in zip(ids.tolist(), found.tolist(), strict=True):
            counts[instance_id] = counts.get(instance_id, 0) + count
    counts.pop(0, None)
    return [i for i, count in counts.items() if count > _INSIDE_SHARE * area_px(i)]
