"""Repairs of the selected instance or of all, as buttons with the few numbers they need."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui.actions import Actions
from unet_studio.gui.repairs import Repairs
from unet_studio.gui.tools.tool import ToolSettings
from unet_studio.gui.translation import tr

_SHAPE = ("repair.fill_holes", "repair.smooth", "repair.grow", "repair.shrink")
_WIDE = ("repair.largest_piece", "repair.cut_seams")
_MOST_PX = 100


class RepairPanel(QWidget):
    """The buttons are the menu's commands."""

    def __init__(self, repairs: Repairs, settings: ToolSettings, actions: Actions) -> None:
        super().__init__()
        self._repairs, self._settings = repairs, settings
        self.target = QComboBox()
        self.target.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.target.addItems(
            [tr("repair_panel", "The selected instance"), tr("repair_panel", "All instances")]
        )
        self.target.currentIndexChanged.connect(self._set_target)
        self.by_px = _spin(1, _MOST_PX, settings.reshape_px)
        self.by_px.valueChanged.connect(self._set_by_px)
        self.min_area = _spin(1, 1_000_000, settings.min_area_px)
        self.min_area.valueChanged.connect(self._set_min_area)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addWidget(self.target)
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, action_id in enumerate(_SHAPE):
            grid.addWidget(_button(actions, action_id), place // 2, place % 2)
        for row, action_id in enumerate(_WIDE, 2):
            grid.addWidget(_button(actions, action_id), row, 0, 1, 2)
        layout.addLayout(grid)
        layout.addLayout(_row(tr("repair_panel", "Smooth, grow, shrink by"), self.by_px))
        layout.addLayout(_row(tr("repair_panel", "Small means fewer than"), self.min_area))
        small = QGridLayout()
        small.setSpacing(4)
        small.addWidget(_button(actions, "repair.delete_small"), 0, 0)
        small.addWidget(_button(actions, "repair.delete_at_border"), 1, 0)
        layout.addLayout(small)

    def _set_target(self, row: int) -> None:
        self._repairs.on_all = row == 1

    def _set_by_px(self, value: int) -> None:
        self._settings.reshape_px = value

    def _set_min_area(self, value: int) -> None:
        self._settings.min_area_px = value


def _button(actions: Actions, action_id: str) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(actions[action_id])
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().verticalPolicy())
    button.setObjectName("flat")
    return button


def _spin(least: int, most: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setValue(value)
    spin.setSuffix(" px")
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    spin.setMinimumWidth(90)
    return spin


def _row(text: str, widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    label = QLabel(text)
    label.setWordWrap(True)
    row.addWidget(label, 1)
    row.addWidget(widget)
    return row
