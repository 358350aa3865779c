"""Contrast from image to image: what a person has set stays, for images of the same kind."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.panels.display_panel import DisplayPanel
from unet_studio.gui.session import Session


class ContrastKeeper(QObject):
    """An image nobody has touched is shown with automatic contrast; a set one is kept for the next."""

    changed = Signal(object)  # Contrast

    def __init__(self, session: Session, panel: DisplayPanel, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._session, self._panel, self._canvas = session, panel, canvas
        self._kept: dict[tuple[str, int], Contrast] = {}
        """By dtype and number of channels."""
        panel.contrast_changed.connect(self.set)

    def image_shown(self, image: LoadedImage) -> None:
        """Give an image that comes on the canvas the contrast that is kept for its kind."""
        kept = self._kept.get(_kind(image))
        if kept is not None and self._panel.keep.isChecked():
            image.contrast = kept
        self._panel.show_image(image.display, image.contrast)
        self.changed.emit(image.contrast)

    def set(self, contrast: Contrast) -> None:
        """The shown image's contrast from now on."""
        image = self._session.current
        if image is None:
            return
        image.contrast = contrast
        self._kept[_kind(image)] = contrast
        self._canvas.set_contrast(contrast)
        self._panel.show_image(image.display, contrast)
        self.changed.emit(contrast)

    def auto(self) -> None:
        """The shown image's own range; from now on every image gets its own again."""
        image = self._session.current
        if image is not None:
            rows = zip(image.contrast.channels, image.display.auto.channels, strict=True)
            channels = tuple(replace(row, low=auto.low, high=auto.high) for row, auto in rows)
            self.set(replace(image.contrast, channels=channels))
            if self.is_plain(image):
                self._kept.pop(_kind(image), None)

    def invert(self) -> None:
        """Dark for light."""
        if self._session.current is not None:
            self.set(self._session.current.contrast.inverted())

    @staticmethod
    def is_plain(image: LoadedImage) -> bool:
        """True if all is automatic."""
        return image.contrast == image.display.auto


def _kind(image: LoadedImage) -> tuple[str, int]:
    return str(image.plane.dtype), image.display.channels
