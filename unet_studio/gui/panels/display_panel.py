"""How the image and its labels look: contrast of every channel, gamma; filling, outlines, colours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui.actions import Actions
from unet_studio.gui.canvas.contrast import MAX_GAMMA, MIN_GAMMA, Contrast
from unet_studio.gui.canvas.image_layer import Picture
from unet_studio.gui.panels.histogram import Histogram
from unet_studio.gui.translation import tr

_GAMMA_STEPS = 100


class DisplayPanel(QWidget):
    """Edits a Contrast and the labels' opacity."""

    contrast_changed = Signal(object)  # Contrast
    opacity_changed = Signal(float)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._image: Picture | None = None
        self._contrast: Contrast | None = None
        self.keep = QCheckBox(tr("display", "Keep from image to image"))
        self.keep.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.keep.setChecked(True)
        self.keep.setToolTip(tr("display", "What you set here stays for the next images of the same kind"))
        self.channel = QComboBox()
        self.channel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.is_visible = QCheckBox(tr("display", "Shown"))
        self.is_visible.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.colour = QToolButton()
        self.colour.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.colour.setToolTip(tr("display", "Colour of the channel"))
        self.histogram = Histogram()
        self.gamma = _GammaSlider(Qt.Orientation.Horizontal)
        self.gamma.setRange(-_GAMMA_STEPS, _GAMMA_STEPS)
        self.gamma.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._gamma_text = QLabel()
        self._gamma_text.setMinimumWidth(self.fontMetrics().horizontalAdvance("5.00 "))
        self._range_text = QLabel()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._channel_row = QWidget()
        row = QHBoxLayout(self._channel_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.channel, 1)
        row.addWidget(self.is_visible)
        row.addWidget(self.colour)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addWidget(self._channel_row)
        layout.addWidget(self.histogram)
        layout.addLayout(_line(self._range_text, *_buttons(actions, "view.auto_contrast", "view.invert")))
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.addWidget(QLabel(tr("display", "Gamma")), 0, 0)
        grid.addWidget(self.gamma, 0, 1)
        grid.addWidget(self._gamma_text, 0, 2)
        grid.addWidget(QLabel(tr("display", "Labels")), 1, 0)
        grid.addWidget(self.opacity, 1, 1, 1, 2)
        layout.addWidget(self.keep)
        layout.addLayout(grid)
        layout.addLayout(_line(*_buttons(actions, "view.fill", "view.outlines", "view.by_class")))
        self._channel_row.hide()
        self.opacity.setToolTip(tr("display", "Opacity of the labels' filling"))
        self.channel.currentIndexChanged.connect(lambda _: self._show_channel())
        self.is_visible.toggled.connect(lambda on: self._alter(is_visible=on))
        self.colour.clicked.connect(self._choose_colour)
        self.histogram.range_changed.connect(lambda low, high: self._alter(low=low, high=high))
        self.gamma.valueChanged.connect(lambda place: self._alter(gamma=_gamma_at(place)))
        self.gamma.setToolTip(tr("display", "Gamma: a double click sets it back to 1"))
        self.opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))

    def show_image(
        self, image: Picture | None, contrast: Contrast | None, channel_names: Sequence[str] = ()
    ) -> None:
        """Another image, or another contrast of it. `channel_names`: one for each channel."""
        shown = [self.channel.itemText(row) for row in range(self.channel.count())]
        new_channels = image is not None and shown != list(channel_names)
        self._image, self._contrast = image, contrast
        self.setEnabled(image is not None)
        if image is not None and new_channels:
            self.channel.blockSignals(True)
            self.channel.clear()
            self.channel.addItems(channel_names)
            self.channel.blockSignals(False)
            self._channel_row.setVisible(image.channels > 1)
        self._show_channel()

    def show_opacity(self, opacity: float) -> None:
        """The labels' opacity, 0..1."""
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(opacity * 100))
        self.opacity.blockSignals(False)

    def _show_channel(self) -> None:
        image, contrast, place = self._image, self._contrast, max(0, self.channel.currentIndex())
        if image is None or contrast is None or place >= len(contrast.channels):
            return
        row = contrast.channels[place]
        self.histogram.show_counts(image.histogram[place], image.histogram_range, row.colour)
        self.histogram.show_range(row.low, row.high)
        self._range_text.setText(f"{_grey_text(row.low)} – {_grey_text(row.high)}")
        self._gamma_text.setText(f"{row.gamma:.2f}")
        for widget in (self.gamma, self.is_visible):
            widget.blockSignals(True)
        self.gamma.setValue(_place_of(row.gamma))
        self.is_visible.setChecked(row.is_visible)
        for widget in (self.gamma, self.is_visible):
            widget.blockSignals(False)
        swatch = QPixmap(14, 14)
        swatch.fill(QColor(*row.colour))
        self.colour.setIcon(QIcon(swatch))
        self.colour.setIconSize(QSize(14, 14))

    def _alter(self, **values: object) -> None:
        if self._contrast is not None:
            self._contrast = self._contrast.altered(max(0, self.channel.currentIndex()), **values)
            self._show_channel()
            self.contrast_changed.emit(self._contrast)

    def _choose_colour(self) -> None:
        if self._contrast is None:
            return
        now = self._contrast.channels[max(0, self.channel.currentIndex())].colour
        chosen = QColorDialog.getColor(QColor(*now), self, tr("display", "Colour of the channel"))
        if chosen.isValid():
            self._alter(colour=(chosen.red(), chosen.green(), chosen.blue()))


def _buttons(actions: Actions, *ids: str) -> list[QToolButton]:
    buttons = []
    for action_id in ids:
        button = QToolButton()
        button.setDefaultAction(actions[action_id])
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setObjectName("flat")
        buttons.append(button)
    return buttons


def _line(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 1 if place == 0 and isinstance(widget, QLabel) else 0)
    if not isinstance(widgets[0], QLabel):
        row.addStretch(1)
    return row


class _GammaSlider(QSlider):
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to 1."""
        del event
        self.setValue(0)


def _grey_text(value: float) -> str:
    """Whole numbers where they are large; 15860, not 1.586e+04."""
    return f"{value:.0f}" if 1000 <= abs(value) < 10_000_000 else f"{value:.4g}"


def _gamma_at(place: int) -> float:
    most = MAX_GAMMA if place > 0 else 1 / MIN_GAMMA
    return float(most ** (place / _GAMMA_STEPS))


def _place_of(gamma: float) -> int:

    most = MAX_GAMMA if gamma > 1 else 1 / MIN_GAMMA
    return round(_GAMMA_STEPS * math.log(gamma) / math.log(most))
