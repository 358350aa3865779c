"""The planes the window holds: what is here may be ahead of the disk, and comes before it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from unet_studio.core.document import Document
from unet_studio.core.proposals import Proposals, reject_covered
from unet_studio.gui.loaded_image import LoadedImage, PlaneKey
from unet_studio.io.image_source import ImageSource

_MOST_SHOWN = 6


class PlanesInMemory:
    """Planes that were shown last, ones that were edited without being shown, and proposals for others."""

    def __init__(self) -> None:
        self._shown: OrderedDict[PlaneKey, LoadedImage] = OrderedDict()
        self._unshown: dict[PlaneKey, tuple[int, Document]] = {}
        """Plane id and document of planes that were edited elsewhere, until the disk has it all or they are
        shown."""
        self._arrived: dict[int, Proposals] = {}
        """By plane id: proposals for planes that are not here; the journal may not have them yet."""
        self.growing: int | None = None
        """The plane that is being proposed on part by part: its proposals are the run's own, so it stays."""

    def __iter__(self) -> Iterator[LoadedImage]:
        """Those that were shown, the last one last."""
        return iter(self._shown.values())

    def get(self, key: PlaneKey) -> LoadedImage | None:
        """A plane that was shown, if it is still here."""
        return self._shown.get(key)

    def with_id(self, plane_id: int) -> LoadedImage | None:
        """The same, by the plane's id in the project."""
        return next((image for image in self if image.plane_id == plane_id), None)

    def source_of(self, image_id: int) -> ImageSource | None:
        """The source of an image that is open already."""
        return next((image.source for image in self if image.id == image_id), None)

    def edited(self, key: PlaneKey) -> tuple[int, Document] | None:
        """Plane id and document of a plane that is here, shown or not."""
        shown = self._shown.get(key)
        return (shown.plane_id, shown.document) if shown is not None else self._unshown.get(key)

    def documents(self, image_id: int) -> dict[int, Document]:
        """The documents of an image that are here, by plane id."""
        unshown = {
            plane: document for key, (plane, document) in self._unshown.items() if key.image_id == image_id
        }
        return unshown | {image.plane_id: image.document for image in self if image.id == image_id}

    def waiting(self) -> dict[int, int]:
        """How many proposals wait, by plane id."""
        return {
            image.plane_id: len(image.proposals.waiting(image.document.instances)) if image.proposals else 0
            for image in self
        }

    def was_edited(self, key: PlaneKey, plane_id: int, document: Document) -> None:
        """A plane that is perhaps not here was edited: it stays until the disk has it all."""
        if key not in self._shown:
            self._unshown[key] = plane_id, document

    def hold_proposals(self, plane_id: int, proposals: Proposals, *, others_are_safe: bool = False) -> None:
        """Proposals for a plane that is not here; with `others_are_safe` those before are on the disk."""
        if others_are_safe:
            self._arrived.clear()
        self._arrived[plane_id] = proposals

    def newest(self, image: LoadedImage) -> LoadedImage:
        """A plane that was read, or, if it is here already, that: it may have been drawn on."""
        image = self._shown.get(image.key, image)
        if image.key in self._unshown:
            image.document = self._unshown.pop(image.key)[1]
            self._shown[image.key] = image
        return image

    def show(self, image: LoadedImage, has_waiting: Callable[[int], bool]) -> None:
        """A plane is shown now: it gets the proposals that arrived for it, and the oldest others may go.

        `has_waiting(plane_id)`: the plane is ahead of the disk and has to stay.
        """
        arrived = self._arrived.pop(image.plane_id, None)
        if arrived is not None:
            reject_covered(arrived, image.document.labels, image.document.instances)
            image.proposals = arrived
        # Planes of a stack share their numbers: one number is one object in depth.
        others = (document.next_id for document in self.documents(image.id).values())
        image.document.next_id = max([image.document.next_id, *others])
        self._shown[image.key] = image
        self._shown.move_to_end(image.key)
        for key in list(self._shown)[:-_MOST_SHOWN]:
            plane_id = self._shown[key].plane_id
            if plane_id != self.growing and not has_waiting(plane_id):
                del self._shown[key]
        for key, (plane_id, _) in list(self._unshown.items()):
            # The plane that is being loaded now may have been read before all of it was on the disk.
            if key != image.key and not has_waiting(plane_id):
                del self._unshown[key]

    def forget_image(self, image_id: int) -> None:
        """Its planes are others now."""
        for key in [key for key in self._shown if key.image_id == image_id]:
            del self._shown[key]
        for key in [key for key in self._unshown if key.image_id == image_id]:
            del self._unshown[key]

    def clear(self) -> None:
        """Another project comes."""
        self.growing = None
        self._shown.clear()
        self._unshown.clear()
        self._arrived.clear()
