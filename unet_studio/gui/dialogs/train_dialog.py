"""Train…: from what, how long, under which name; everything else behind "Advanced"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui.dialogs.settings_form import SettingsForm
from unet_studio.gui.dialogs.variation_preview import VariationPreview
from unet_studio.gui.panels.input_guards import PassesWheelOn
from unet_studio.gui.setting_texts import BORDER_WEIGHTS, NETWORKS
from unet_studio.gui.translation import tr
from unet_studio.settings.network import PRESETS
from unet_studio.settings.training import BORDER_WEIGHT_PRESETS, FINE_TUNING, TrainConfig

FINE_TUNING_MINUTES = FINE_TUNING.minutes or 3.0
NEW_NETWORK_MINUTES = 30.0
DEFAULT_EPOCHS = 20

# Rows of TrainConfig's own form: the rest has forms of its own, is asked above, or comes from the project.
_ELSEWHERE = (
    "network", "border_weights", "loss", "augmentation", "schedule", "masks", "classes", "epochs", "steps",
    "minutes", "val_every_steps", "tensorboard", "image_scale",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """Where a training begins: a model folder, or a preset of a new network."""

    model: Path | None = None
    preset: str = "standard"


class TrainDialog(QDialog):
    """Asks; `start`, `config`, `encoder_weights` and `name` hold the answer."""

    def __init__(
        self,
        parent: QWidget | None,
        *,
        models: Sequence[Path],
        start: Start,
        new_name: Callable[[str], str],
        checked: int,
        make_preview: Callable[[], VariationPreview],
    ) -> None:
        """`new_name` gives a free name from a word."""
        super().__init__(parent)
        self._new_name = new_name
        self._weights_file: Path | None = None
        self.setWindowTitle(tr("train", "Train"))
        text = tr("train", "Learns from {count} checked images.")
        if checked == 1:
            text = tr("train", "Learns from 1 checked image.")
        about = QLabel(text.format(count=checked))
        self._from = QComboBox()
        for folder in models:
            name = tr("train", "Fine-tune {model}").format(model=folder.name)
            self._from.addItem(name, Start(model=folder))
        self._from.insertSeparator(self._from.count())
        for preset, name in NETWORKS.items():
            text = tr("train", "New network: {name}").format(name=tr("settings", name))
            self._from.addItem(text, Start(preset=preset))
        self._name = QLineEdit()
        self._proposed_name = ""
        self._length = QDoubleSpinBox()
        self._proposed_length = 0.0
        self._typed_lengths: list[float | None] = [None, None]
        """Minutes, epochs."""
        self._unit = QComboBox()
        self._unit.addItems([tr("train", "minutes"), tr("train", "epochs")])
        length = QHBoxLayout()
        length.addWidget(self._length, 1)
        length.addWidget(self._unit)
        form = QFormLayout()
        form.addRow(tr("train", "Start from"), self._from)
        form.addRow(tr("train", "Length"), length)
        form.addRow(tr("train", "New model's name"), self._name)
        self._show_advanced = QCheckBox(tr("train", "Advanced"))
        self._advanced = QTabWidget()
        self._preview = make_preview()
        self._fill_advanced()
        self._advanced.setVisible(False)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._start = self._buttons.addButton(tr("train", "Start"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._start.setDefault(True)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self._show_advanced)
        layout.addWidget(self._advanced, 1)
        layout.addWidget(self._problem)
        layout.addWidget(self._buttons)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._unit.currentIndexChanged.connect(self._unit_changed)
        self._from.currentIndexChanged.connect(self._start_changed)
        self._show_advanced.toggled.connect(self._toggle_advanced)
        self._name.textChanged.connect(self._check)
        PassesWheelOn(self).guard(self._advanced)
        self.setMinimumWidth(420)
        places = [i for i in range(self._from.count()) if self._from.itemData(i) == start]
        self._from.setCurrentIndex(places[0] if places else 0)
        self._show_unit(0)
        self._start_changed()
        self._length.setFocus()
        self._length.selectAll()  # What is typed replaces the number.

    @property
    def start(self) -> Start:
        """Where to begin."""
        chosen: Start = self._from.currentData()
        return chosen

    @property
    def name(self) -> str:
        """The new model's name."""
        return self._name.text().strip()

    @property
    def encoder_weights(self) -> Path | None:
        """Published weights for a new ResNet encoder."""
        with_encoder = self.start.model is None and self._network.value.encoder != "plain"
        return self._weights_file if with_encoder else None

    @property
    def config(self) -> TrainConfig:
        """The settings of the run."""
        config = msgspec.structs.replace(
            self._learning.value,
            epochs=TrainConfig().epochs,
            steps=None,
            minutes=None,
            network=self._network.value,
            schedule=self._schedule.value,
            loss=self._loss.value,
            border_weights=self._weights.value,
            augmentation=self._variation.value,
        )
        if self._unit.currentIndex() == 0:
            return msgspec.structs.replace(config, minutes=self._length.value())
        return msgspec.structs.replace(config, epochs=int(self._length.value()))

    def set_length(self, value: float, *, epochs: bool = False) -> None:
        """Preset the length."""
        self._unit.setCurrentIndex(int(epochs))
        self._length.setValue(value)

    def _fill_advanced(self) -> None:
        config = self._proposed = TrainConfig()
        self._learning = SettingsForm(config, without=_ELSEWHERE)
        self._schedule = SettingsForm(config.schedule)
        self._loss = SettingsForm(config.loss)
        self._weights = SettingsForm(config.border_weights)
        self._variation = SettingsForm(config.augmentation)
        # Channels and classes are those of the images that teach.
        self._network = SettingsForm(config.network, without=("classes", "in_channels"))
        self._choose_file = QPushButton(tr("train", "Published weights…"))
        self._choose_file.setAutoDefault(False)
        self._choose_file.setToolTip(
            tr("train", "ImageNet weights of this ResNet as torchvision publishes them, from a file.")
        )
        self._choose_file.clicked.connect(self._ask_for_weights)
        self._file_name = QLabel()
        self._file_name.setWordWrap(True)
        preset = QComboBox()
        preset.addItem(tr("train", "Set to…"), None)
        for key, name in BORDER_WEIGHTS.items():
            preset.addItem(tr("settings", name), key)
        preset.activated.connect(lambda row: self._set_border_weights(preset.itemData(row)))
        learning = _page(
            _group(tr("train", "Steps"), self._learning), _group(tr("train", "Learning rate"), self._schedule)
        )
        teaching = _page(
            _group(tr("train", "Loss"), self._loss),
            _group(tr("train", "Border weights"), preset, self._weights),
        )
        variation = QWidget()
        row = QHBoxLayout(variation)
        row.addWidget(_scrolling(self._variation))
        row.addWidget(self._preview, 1)
        self._network_page = _page(_group("", self._network, self._choose_file, self._file_name))
        self._advanced.addTab(learning, tr("train", "Learning"))
        self._advanced.addTab(teaching, tr("train", "Loss and weights"))
        self._advanced.addTab(variation, tr("train", "Variation"))
        self._advanced.addTab(self._network_page, tr("train", "Network"))
        for form in (self._learning, self._weights, self._variation, self._network):
            form.changed.connect(self._settings_changed)

    def _start_changed(self) -> None:
        start = self.start
        new = start.model is None
        self._advanced.setTabEnabled(self._advanced.indexOf(self._network_page), new)
        if new:
            self._network.show_value(PRESETS[start.preset])
        # What a person has typed stays, what was proposed follows.
        before, self._proposed = self._proposed, TrainConfig() if new else FINE_TUNING
        self._learning.follow(before, self._proposed)
        self._schedule.follow(before.schedule, self._proposed.schedule)
        self._loss.follow(before.loss, self._proposed.loss)
        self._weights.follow(before.border_weights, self._proposed.border_weights)
        self._variation.follow(before.augmentation, self._proposed.augmentation)
        if self._unit.currentIndex() == 0 and self._length.value() == self._proposed_length:
            self._propose_length(FINE_TUNING_MINUTES if start.model else NEW_NETWORK_MINUTES)
        if self._name.text() == self._proposed_name:
            self._proposed_name = self._new_name(start.model.name if start.model else start.preset)
            self._name.setText(self._proposed_name)
        self._settings_changed()
        self._check()

    def _unit_changed(self, unit: int) -> None:
        typed = self._length.value()
        self._typed_lengths[1 - unit] = None if typed == self._proposed_length else typed
        self._show_unit(unit)

    def _show_unit(self, unit: int) -> None:
        """What was typed for this unit, else what is proposed."""
        if unit == 0:
            self._length.setDecimals(1)
            self._length.setRange(0.1, 24 * 60)
            self._propose_length(FINE_TUNING_MINUTES if self.start.model else NEW_NETWORK_MINUTES)
        else:
            self._length.setDecimals(0)
            self._length.setRange(1, 100_000)
            self._propose_length(DEFAULT_EPOCHS)
        typed = self._typed_lengths[unit]
        if typed is not None:
            self._length.setValue(typed)

    def _propose_length(self, length: float) -> None:
        self._length.setValue(length)
        self._proposed_length = self._length.value()

    def _settings_changed(self) -> None:
        self._choose_file.setEnabled(self._network.value.encoder != "plain")
        self._file_name.setText(str(self.encoder_weights or ""))
        if self._show_advanced.isChecked():
            self._preview.show_config(self.config, self.start.model)

    def _set_border_weights(self, preset: str | None) -> None:
        if preset is not None:
            self._weights.show_value(BORDER_WEIGHT_PRESETS[preset])
            self._settings_changed()

    def _ask_for_weights(self) -> None:
        kinds = f"{tr('train', 'Weights')} (*.safetensors *.pth *.pt)"
        name, _ = QFileDialog.getOpenFileName(self, tr("train", "Published weights"), "", kinds)
        if name:
            self._weights_file = Path(name)
            self._settings_changed()

    def _toggle_advanced(self, shown: bool) -> None:
        self._advanced.setVisible(shown)
        if shown:
            self._settings_changed()
            room = self.screen().availableGeometry()
            self.resize(min(820, room.width() - 40), min(640, room.height() - 60))
            frame = self.frameGeometry()
            left = max(room.left(), min(frame.left(), room.right() - frame.width()))
            self.move(left, max(room.top(), min(frame.top(), room.bottom() - frame.height())))
        else:
            self.adjustSize()

    def _check(self) -> None:
        problem = ""
        if not re.fullmatch(r"[\w\-. ]{1,80}", self.name) or self.name.startswith("."):
            problem = tr("train", "The name may hold letters, digits, spaces, - and _.")
        elif self._new_name(self.name) != self.name:
            problem = tr("train", "There is a model of this name already.")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._start.setEnabled(not problem)


def _group(title: str, *widgets: QWidget) -> QGroupBox:
    box = QGroupBox(title)
    layout = QVBoxLayout(box)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return box


def _page(*groups: QWidget) -> QWidget:
    """Groups side by side, scrolling where the screen is small."""
    inside = QWidget()
    row = QHBoxLayout(inside)
    for group in groups:
        row.addWidget(group, 1)
    return _scrolling(inside)


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setWidget(widget)
    return area
