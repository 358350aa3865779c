"""The maximum projection of a stack: the brightest value along z, shown in place of a plane."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from unet_studio.core.errors import UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.image_layer import DisplayImage, Picture
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.session import Session
from unet_studio.io.image_source import ImageSource, PlaneArray, whole_plane


class Projection(QObject):
    """Makes the projection of the shown stack while it is wanted, one at a time, in the background."""

    made = Signal(object)  # Picture: the shown plane's, or the projection of its stack
    failed = Signal(object)  # UserError

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session, self._pool = session, pool
        self._is_wanted = False
        self._last: tuple[ImageSource, int, Picture] | None = None
        """Of which image and time point, and the projection."""
        session.project_changed.connect(self._forget)

    def want(self, is_wanted: bool) -> None:
        """Show the projections of stacks from now on, or their planes. Raises UserError for a stack whose
        planes are too large."""
        image = self._session.current
        if is_wanted and image is not None and image.plane is None:
            raise UserError(
                "The planes of {name} are too large for a projection: they are read by tiles.",
                name=image.record.title,
            )
        self._is_wanted = is_wanted
        if image is not None and not is_wanted:
            self.made.emit(image.display)
        self.show()

    def show(self) -> None:
        """Another plane is on the canvas now."""
        image = self._session.current
        if not self._is_wanted or image is None or image.source.axes.z < 2 or image.plane is None:
            return
        if self._last is not None and self._last[0] is image.source and self._last[1] == image.t:
            self.made.emit(self._last[2])
            return
        source, t = image.source, image.t
        self._pool.submit(
            lambda: DisplayImage.from_plane(max_projection(source, t)),
            lambda picture: self._arrived(image, picture),
            self.failed.emit,
        )

    def _arrived(self, image: LoadedImage, picture: Picture) -> None:
        self._last = image.source, image.t, picture
        current = self._session.current
        if (
            self._is_wanted
            and current is not None
            and current.source is image.source
            and current.t == image.t
        ):
            self.made.emit(picture)

    def _forget(self) -> None:
        self._last = None


def max_projection(source: ImageSource, t: int) -> PlaneArray:
    """The largest value of every pixel (H, W, C) over all z of a time point; NaN only where all are. Raises
    ImageFileError."""
    out = whole_plane(source, t=t, z=0).copy()
    for z in range(1, source.axes.z):
        np.fmax(out, whole_plane(source, t=t, z=z), out=out)
    return out
