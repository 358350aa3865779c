"""Contrast from image to image: what a person has set stays, for images of the same kind."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.loaded_image import LoadedImage
from unet_studio.gui.panels.display_panel import DisplayPanel
from unet_studio.gui.session import Session
from unet_studio.io.image_source import Channel

Kind = tuple[str, tuple[Channel, ...]]
"""Images of one dtype whose channels have the same names and colours."""


class ContrastKeeper(QObject):
    """An image nobody has touched is shown with automatic contrast; a set one is kept for the next."""

    changed = Signal(object)  # Contrast

    def __init__(self, session: Session, panel: DisplayPanel, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._session, self._panel, self._canvas = session, panel, canvas
        self._kept: dict[Kind, tuple[Contrast, bool]] = {}
        """What was set for images of a kind, and whether the ranges were set too."""
        panel.contrast_changed.connect(self.set)

    def image_shown(self, image: LoadedImage) -> None:
        """Give an image that comes on the canvas the contrast that is kept for its kind."""
        kept = self._kept.get(_kind(image))
        if kept is not None and self._panel.keep.isChecked():
            contrast, has_ranges = kept
            image.contrast = contrast if has_ranges else _with_own_ranges(contrast, image)
        self._panel.show_image(image.display, image.contrast, image.channel_names)
        self.changed.emit(image.contrast)

    def set(self, contrast: Contrast) -> None:
        """The shown image's contrast from now on, and that of the next ones of its kind."""
        image = self._session.current
        if image is not None:
            had_ranges = self._kept.get(_kind(image), (contrast, False))[1]
            before, now = _ranges(image.contrast), _ranges(contrast)
            self._show(image, contrast, has_ranges=had_ranges or before != now)

    def auto(self) -> None:
        """The shown image's own range; from now on every image gets its own again."""
        image = self._session.current
        if image is not None:
            self._show(image, _with_own_ranges(image.contrast, image), has_ranges=False)

    def invert(self) -> None:
        """Dark for light."""
        if self._session.current is not None:
            self.set(self._session.current.contrast.inverted())

    def _show(self, image: LoadedImage, contrast: Contrast, *, has_ranges: bool) -> None:
        image.contrast = contrast
        self._kept[_kind(image)] = contrast, has_ranges
        self._canvas.set_contrast(contrast)
        self._panel.show_image(image.display, contrast, image.channel_names)
        self.changed.emit(contrast)


def _with_own_ranges(contrast: Contrast, image: LoadedImage) -> Contrast:
    rows = zip(contrast.channels, image.display.auto.channels, strict=True)
    return replace(contrast, channels=tuple(replace(row, low=own.low, high=own.high) for row, own in rows))


def _ranges(contrast: Contrast) -> list[tuple[float, float]]:
    return [(row.low, row.high) for row in contrast.channels]


def _kind(image: LoadedImage) -> Kind:
    return str(image.source.dtype), tuple(image.source.channels)
