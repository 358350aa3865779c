"""One image as the window holds it: pixels, picture, document, proposals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unet_studio.core.document import Document
from unet_studio.core.proposals import Proposals, reject_covered
from unet_studio.gui.canvas.image_layer import DisplayImage
from unet_studio.gui.translation import tr
from unet_studio.io.image_source import whole_plane
from unet_studio.io.open_image import open_image
from unet_studio.segmentation.normalization import PlaneArray
from unet_studio.store.project_store import ProjectStore


@dataclass(slots=True, eq=False)
class LoadedImage:
    """`plane` (H, W, C), never written to; `document` belongs to the GUI thread."""

    id: int
    path: Path
    plane: PlaneArray
    display: DisplayImage
    document: Document
    proposals: Proposals | None
    planes: int
    """Planes (t, z) in the file; the first one is shown."""

    @property
    def shape_text(self) -> str:
        """Size, channels and bit depth for a person."""
        height, width, channels = self.plane.shape
        kinds = {1: tr("images", "grey"), 3: tr("images", "RGB")}
        kind = kinds.get(channels, tr("images", "{count} channels").format(count=channels))
        text = tr("images", "{width} × {height}, {kind}, {bits}-bit").format(
            width=width, height=height, kind=kind, bits=self.plane.dtype.itemsize * 8
        )
        if self.planes > 1:
            text += ", " + tr("images", "plane 1 of {count}").format(count=self.planes)
        return text


def load_image(store: ProjectStore, image_id: int, path: Path) -> LoadedImage:
    """Read an image and its labels; runs in a worker thread."""
    source = open_image(path)
    plane = whole_plane(source)
    plane.flags.writeable = False
    height, width = plane.shape[:2]
    document = store.load_document(image_id, height=height, width=width)
    proposals = store.load_proposals(image_id)
    if proposals is not None:
        reject_covered(proposals, document.labels)
    planes = source.axes.t * source.axes.z
    return LoadedImage(image_id, path, plane, DisplayImage.from_plane(plane), document, proposals, planes)
