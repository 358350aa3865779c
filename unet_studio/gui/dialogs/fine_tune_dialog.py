"""Fine-tune…: how long, under which name; the learning rate behind "Advanced"."""

from __future__ import annotations

import re

import msgspec
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui.translation import tr
from unet_studio.settings.training import TrainConfig

DEFAULT_MINUTES = 3.0
DEFAULT_EPOCHS = 20
DEFAULT_LEARNING_RATE = 3e-4


class FineTuneDialog(QDialog):
    """Asks; `config` and `name` hold the answer."""

    def __init__(
        self, parent: QWidget | None, *, base: str, name: str, checked: int, taken_names: set[str]
    ) -> None:
        super().__init__(parent)
        self._taken = taken_names
        self.setWindowTitle(tr("fine_tune", "Fine-tune"))
        intro = tr("fine_tune", "Starts from the model {base} and learns from {count} checked images.")
        if checked == 1:
            intro = tr("fine_tune", "Starts from the model {base} and learns from 1 checked image.")
        about = QLabel(intro.format(base=base, count=checked))
        about.setWordWrap(True)
        self._name = QLineEdit(name)
        self._length = QDoubleSpinBox()
        self._unit = QComboBox()
        self._unit.addItems([tr("fine_tune", "minutes"), tr("fine_tune", "epochs")])
        self._unit.currentIndexChanged.connect(self._unit_changed)
        length = QHBoxLayout()
        length.addWidget(self._length, 1)
        length.addWidget(self._unit)
        self._rate = QDoubleSpinBox()
        self._rate.setDecimals(6)
        self._rate.setRange(0.000001, 1.0)
        self._rate.setSingleStep(0.0001)
        self._rate.setValue(DEFAULT_LEARNING_RATE)
        self._show_advanced = QCheckBox(tr("fine_tune", "Advanced"))
        self._advanced = QGroupBox()
        advanced = QFormLayout(self._advanced)
        advanced.addRow(tr("fine_tune", "Learning rate"), self._rate)
        self._advanced.setVisible(False)
        self._show_advanced.toggled.connect(self._toggle_advanced)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._start = self._buttons.addButton(
            tr("fine_tune", "Start"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._start.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("fine_tune", "Length"), length)
        form.addRow(tr("fine_tune", "New model's name"), self._name)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self._show_advanced)
        layout.addWidget(self._advanced)
        layout.addWidget(self._problem)
        layout.addWidget(self._buttons)
        self._name.textChanged.connect(self._check)
        self._unit_changed(0)
        self._check()
        self.setMinimumWidth(380)
        self._length.setFocus()
        self._length.selectAll()  # What is typed replaces the number.

    @property
    def name(self) -> str:
        """The new model's name."""
        return self._name.text().strip()

    @property
    def config(self) -> TrainConfig:
        """The settings of the run."""
        config = TrainConfig(learning_rate=self._rate.value())
        if self._unit.currentIndex() == 0:
            return msgspec.structs.replace(config, minutes=self._length.value())
        return msgspec.structs.replace(config, epochs=int(self._length.value()))

    def set_length(self, value: float, *, epochs: bool = False) -> None:
        """Preset the length."""
        self._unit.setCurrentIndex(int(epochs))
        self._length.setValue(value)

    def _unit_changed(self, unit: int) -> None:
        if unit == 0:
            self._length.setDecimals(1)
            self._length.setRange(0.1, 24 * 60)
            self._length.setValue(DEFAULT_MINUTES)
        else:
            self._length.setDecimals(0)
            self._length.setRange(1, 100_000)
            self._length.setValue(DEFAULT_EPOCHS)

    def _toggle_advanced(self, shown: bool) -> None:
        self._advanced.setVisible(shown)
        self.adjustSize()

    def _check(self) -> None:
        problem = ""
        if not re.fullmatch(r"[\w\-. ]{1,80}", self.name) or self.name.startswith("."):
            problem = tr("fine_tune", "The name may hold letters, digits, spaces, - and _.")
        elif self.name in self._taken:
            problem = tr("fine_tune", "There is a model of this name already.")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._start.setEnabled(not problem)
