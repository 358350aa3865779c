"""The maximum projection of a stack: the brightest value along z, shown in place of a plane."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from unet_studio.core.errors import UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.image_layer import Picture
from unet_studio.gui.loaded_image import LoadedImage, PlaneKey, read_pixels
from unet_studio.gui.session import Session
from unet_studio.io.image_source import ImageSource
from unet_studio.io.projected_source import ProjectedSource


class Projection(QObject):
    """Makes the projection of the shown stack while it is wanted, one at a time, in the background."""

    made = Signal(object)  # Picture: the shown plane's, or the projection of its stack
    failed = Signal(object)  # UserError

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session, self._pool = session, pool
        self._is_wanted = False
        self._coming: tuple[ImageSource, int] | None = None
        self._last: tuple[ImageSource, int, Picture] | None = None
        """Of which image and time point, and the projection."""
        session.project_changed.connect(self._forget)

    def want(self, is_wanted: bool) -> None:
        """Show the projections of stacks from now on, or their planes."""
        image = self._session.current
        self._is_wanted = is_wanted
        if image is not None and not is_wanted:
            self.made.emit(image.display)
        self.show()

    def show(self) -> None:
        """Another plane is on the canvas now."""
        image = self._session.current
        if not self._is_wanted or image is None or image.source.axes.z < 2:
            return
        if self._last is not None and self._last[0] is image.source and self._last[1] == image.t:
            self.made.emit(self._last[2])
            return
        if self._coming == (image.source, image.t):
            return
        self._coming = image.source, image.t
        source, record, key = ProjectedSource(image.source), image.record, PlaneKey(image.id, image.t)
        self._pool.submit(
            lambda: read_pixels(source, record, key)[1],
            lambda picture: self._arrived(image, picture),
            self._failed,
        )

    def _failed(self, error: UserError) -> None:
        self._coming = None
        self.failed.emit(error)

    def _arrived(self, image: LoadedImage, picture: Picture) -> None:
        if self._coming == (image.source, image.t):
            self._coming = None
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
        self._last = self._coming = None
