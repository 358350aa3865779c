"""What can be set for the tool in use: size and mode of the brush, tolerance of the wand."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from unet_studio.core.brush import MAX_DIAMETER_PX, MIN_DIAMETER_PX
from unet_studio.gui import theme
from unet_studio.gui.tools.tool import BrushMode, ToolSettings
from unet_studio.gui.translation import mark, tr

_SLIDER_STEPS = 200
_STEP_FACTOR = 1.15
_MODES = (
    (BrushMode.BACKGROUND, mark("tool_panel", "Only on background")),
    (BrushMode.EVERYTHING, mark("tool_panel", "Over everything")),
    (BrushMode.INSIDE, mark("tool_panel", "Only inside the selected")),
)
_STROKE = {"tool.brush", "tool.eraser"}
_DRAWS = {"tool.brush", "tool.lasso", "tool.polygon", "tool.wand", "tool.grow", "tool.edge", "tool.box"}
_ERASES = _DRAWS | {"tool.eraser"}


class ToolPanel(QWidget):
    """Edits ToolSettings; shows what concerns the tool in use."""

    changed = Signal()

    def __init__(self, settings: ToolSettings) -> None:
        super().__init__()
        self._settings = settings
        self._size_label, self._size = QLabel(), _slider(0, _SLIDER_STEPS)
        self._size_text = _value_label("2000 px")
        self._screen = _check()
        self._mode_label, self._mode = QLabel(), QComboBox()
        self._mode.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._selected_only = _check()
        self._pressure = _check()
        self._tolerance_label, self._tolerance = QLabel(), _slider(0, 128)
        self._tolerance_text = _value_label("128")
        self._nothing = QLabel()
        self._nothing.setWordWrap(True)
        self._nothing.setStyleSheet(f"color: {theme.FAINT_TEXT.name()};")
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for row, widgets in enumerate(
            (
                (self._size_label, self._size, self._size_text),
                (self._tolerance_label, self._tolerance, self._tolerance_text),
            )
        ):
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column)
        grid.addWidget(self._mode_label, 2, 0)
        grid.addWidget(self._mode, 2, 1, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addLayout(grid)
        for check in (self._selected_only, self._screen, self._pressure, self._nothing):
            layout.addWidget(check)
        for mode, text in _MODES:
            self._mode.addItem(text, mode)
        self.retranslate()
        self.show_values()
        self._size.valueChanged.connect(
            lambda place: self._set_size(MAX_DIAMETER_PX ** (place / _SLIDER_STEPS))
        )
        self._tolerance.valueChanged.connect(self._set_tolerance)
        self._mode.currentIndexChanged.connect(self._set_mode)
        self._screen.toggled.connect(self._set_screen)
        self._selected_only.toggled.connect(self._set_selected_only)
        self._pressure.toggled.connect(self._set_pressure)

    def retranslate(self) -> None:
        """Set every text in the current language."""
        self._size_label.setText(tr("tool_panel", "Size"))
        self._size.setToolTip(tr("tool_panel", "Diameter: wheel, or [ and ]"))
        self._screen.setText(tr("tool_panel", "Size in screen pixels"))
        self._screen.setToolTip(
            tr("tool_panel", "The brush looks the same at every zoom: it grows as you zoom out")
        )
        self._mode_label.setText(tr("tool_panel", "Paints"))
        self._mode.setToolTip(
            tr(
                "tool_panel",
                "Only inside the selected: what you draw becomes an instance of its own within it",
            )
        )
        for row, (_, text) in enumerate(_MODES):
            self._mode.setItemText(row, tr("tool_panel", text))
        self._selected_only.setText(tr("tool_panel", "Erase the selected instance only"))
        self._pressure.setText(tr("tool_panel", "Pen pressure changes the size"))
        self._tolerance_label.setText(tr("tool_panel", "Tolerance"))
        self._nothing.setText(
            tr("tool_panel", "Nothing to set for this tool. Its keys are in the line at the bottom.")
        )

    def show_tool(self, tool_id: str) -> None:
        """Show what concerns a tool."""
        is_stroke, draws = tool_id in _STROKE, tool_id in _DRAWS
        of_size = (self._size_label, self._size, self._size_text, self._screen, self._pressure)
        of_wand = (self._tolerance_label, self._tolerance, self._tolerance_text)
        shown: list[tuple[Sequence[QWidget], bool]] = [
            (of_size, is_stroke),
            (of_wand, tool_id == "tool.wand"),
            ((self._mode_label, self._mode), draws),
        ]
        for widgets, is_on in shown:
            for widget in widgets:
                widget.setVisible(is_on)
        self._selected_only.setVisible(tool_id in _ERASES)
        self._nothing.setVisible(not is_stroke and not draws)
        self.show_values()

    @staticmethod
    def draws(tool_id: str) -> bool:
        """True for a tool that makes instances."""
        return tool_id in _DRAWS

    def step(self, notches: int) -> None:
        """Grow (or shrink) by wheel notches: at least one pixel each."""
        diameter = self._settings.diameter
        wanted = diameter * _STEP_FACTOR**notches
        if abs(wanted - diameter) < 1:
            wanted = diameter + math.copysign(1, notches)
        self._set_size(wanted)

    def _set_size(self, diameter: float) -> None:
        self._settings.diameter = float(min(MAX_DIAMETER_PX, max(MIN_DIAMETER_PX, round(diameter))))
        self.show_values()
        self.changed.emit()

    def _set_tolerance(self, value: int) -> None:
        self._settings.tolerance = value
        self.show_values()

    def _set_mode(self, row: int) -> None:
        self._settings.mode = _MODES[row][0]

    def _set_screen(self, is_on: bool) -> None:
        self._settings.is_screen_size = is_on
        self.changed.emit()

    def _set_selected_only(self, is_on: bool) -> None:
        self._settings.erase_selected_only = is_on

    def _set_pressure(self, is_on: bool) -> None:
        self._settings.pressure_changes_size = is_on

    def show_values(self) -> None:
        """Show the settings as they are: a tool may have changed one itself."""
        settings = self._settings
        self._size_text.setText(f"{settings.diameter:.0f} px")
        self._tolerance_text.setText(str(settings.tolerance))
        place = round(_SLIDER_STEPS * math.log(settings.diameter) / math.log(MAX_DIAMETER_PX))
        for widget, value in ((self._size, place), (self._tolerance, settings.tolerance)):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)
        self._mode.blockSignals(True)
        self._mode.setCurrentIndex([mode for mode, _ in _MODES].index(settings.mode))
        self._mode.blockSignals(False)
        for check, is_on in (
            (self._screen, settings.is_screen_size),
            (self._selected_only, settings.erase_selected_only),
            (self._pressure, settings.pressure_changes_size),
        ):
            check.blockSignals(True)
            check.setChecked(is_on)
            check.blockSignals(False)


def _slider(least: int, most: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(least, most)
    slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return slider


def _check() -> QCheckBox:
    check = QCheckBox()
    check.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return check


def _value_label(widest: str) -> QLabel:
    label = QLabel()
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(f"{widest} "))
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
