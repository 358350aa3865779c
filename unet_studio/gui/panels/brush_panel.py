"""Brush size and whether the brush spares other instances."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from unet_studio.core.brush import MAX_DIAMETER_PX, MIN_DIAMETER_PX
from unet_studio.gui.tools.tool import BrushSettings
from unet_studio.gui.translation import tr

_SLIDER_STEPS = 200
_STEP_FACTOR = 1.15


class BrushPanel(QWidget):
    """Edits a BrushSettings."""

    changed = Signal()

    def __init__(self, settings: BrushSettings) -> None:
        super().__init__()
        self._settings = settings
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _SLIDER_STEPS)
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._value = QLabel()
        self._value.setMinimumWidth(self.fontMetrics().horizontalAdvance("2000 px "))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._label = QLabel()
        self._protect = QCheckBox()
        self._protect.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._protect.setChecked(settings.protect_others)
        row = QHBoxLayout()
        row.addWidget(self._label)
        row.addWidget(self._slider, 1)
        row.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self._protect)
        self._slider.valueChanged.connect(self._slid)
        self._protect.toggled.connect(self._protect_toggled)
        self.retranslate()
        self._show()

    def retranslate(self) -> None:
        """Set every text in the current language."""
        self._label.setText(tr("brush", "Brush"))
        self._slider.setToolTip(tr("brush", "Brush diameter: wheel, or [ and ]"))
        self._protect.setText(tr("brush", "Spare other instances"))
        self._protect.setToolTip(tr("brush", "The brush paints on background and on its own instance only"))

    def step(self, notches: int) -> None:
        """Grow (or shrink) by wheel notches: at least one pixel each."""
        diameter = self._settings.diameter_px
        wanted = diameter * _STEP_FACTOR**notches
        if abs(wanted - diameter) < 1:
            wanted = diameter + math.copysign(1, notches)
        self._set(wanted)

    def _set(self, diameter_px: float) -> None:
        self._settings.diameter_px = float(min(MAX_DIAMETER_PX, max(MIN_DIAMETER_PX, round(diameter_px))))
        self._show()
        self.changed.emit()

    def _slid(self, place: int) -> None:
        self._set(MAX_DIAMETER_PX ** (place / _SLIDER_STEPS))

    def _protect_toggled(self, checked: bool) -> None:
        self._settings.protect_others = checked

    def _show(self) -> None:
        diameter = self._settings.diameter_px
        self._value.setText(f"{diameter:.0f} px")
        self._slider.blockSignals(True)
        self._slider.setValue(round(_SLIDER_STEPS * math.log(diameter) / math.log(MAX_DIAMETER_PX)))
        self._slider.blockSignals(False)
