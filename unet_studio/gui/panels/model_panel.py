"""Which model proposes: the list, and what is known about the chosen one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QVBoxLayout, QWidget

from unet_studio.gui.models import KnownModel, Models
from unet_studio.gui.session import Session
from unet_studio.gui.translation import error_text, in_a_row, tr
from unet_studio.segmentation.model_input import ModelInput
from unet_studio.settings.locations import shipped_models_folder
from unet_studio.store.project_images import (
    has_flips,
    image_scale,
    model_input,
    remember_flips,
    remember_image_scale,
    remember_model_input,
    shows_stain,
)


class ModelPanel(QWidget):
    """Shows and changes the current model, which channel it reads, at what size and how often it sees
    images."""

    def __init__(self, models: Models, session: Session) -> None:
        super().__init__()
        self._models, self._session = models, session
        self._box = QComboBox()
        self._box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(self._box)
        layout.addWidget(self._about)
        self._choices: list[ModelInput] = []
        self.channel = QComboBox()
        self.channel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.channel.setToolTip(
            tr(
                "model",
                "Which channel the model proposes on and learns from. Remembered for images like this one.",
            )
        )
        self.channel.hide()
        layout.addWidget(self.channel)
        self.scale = QComboBox()
        self.scale.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.scale.setToolTip(
            tr(
                "model",
                "How large the model sees the images of this project, when it proposes and when it learns. "
                "Automatic: so that cells look as wide as those it has learnt from.",
            )
        )
        for scale, text in (
            (None, tr("model", "Size: automatic")),
            (1.0, tr("model", "Size: as it is")),
            (0.5, tr("model", "Size: 1/2, for wide cells")),
            (0.25, tr("model", "Size: 1/4")),
            (0.125, tr("model", "Size: 1/8")),
            (2.0, tr("model", "Size: 2 ×, for tiny cells")),
        ):
            self.scale.addItem(text, scale)
        layout.addWidget(self.scale)
        self.scale.activated.connect(self._scale_chosen)
        self.flips = QCheckBox(tr("model", "Look four times (slower)"))
        self.flips.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.flips.setToolTip(
            tr(
                "model",
                "Proposes by the mean of four mirrored views: mostly a little better, four times as long.",
            )
        )
        layout.addWidget(self.flips)
        self.flips.clicked.connect(self._flips_chosen)
        session.project_changed.connect(self._show_project)
        self._show_project()
        self.channel.activated.connect(self._channel_chosen)
        session.image_changed.connect(self._show_channels)
        self._box.activated.connect(self._activated)
        models.changed.connect(self.rebuild)
        self.rebuild()

    def rebuild(self) -> None:
        """List the models anew."""
        self._box.clear()
        for folder in self._models.all():
            shipped = folder.parent == shipped_models_folder()
            name = tr("model", "{name} (shipped)").format(name=folder.name) if shipped else folder.name
            self._box.addItem(name, str(folder))
            self._box.setItemData(self._box.count() - 1, str(folder), Qt.ItemDataRole.ToolTipRole)
        current = self._models.current
        self._box.setCurrentIndex(self._box.findData(str(current)) if current else -1)
        self._about.setText(self._description(current))

    def _description(self, folder: Path | None) -> str:
        if folder is None:
            return tr("model", "There is no model.")
        known = self._models.known(folder)
        return _describe(known) if known is not None else ""

    def _show_channels(self) -> None:
        image, store = self._session.current, self._session.store
        is_asked = image is not None and store is not None and len(image.channel_names) > 1
        self.channel.setVisible(is_asked)
        if image is None or store is None:
            return
        self._choices = [ModelInput(), *(ModelInput(n) for n in range(len(image.channel_names)))]
        names = [tr("model", "all channels"), *image.channel_names]
        if shows_stain(image.source):
            self._choices.append(ModelInput(haematoxylin=True))
            names.append(tr("model", "haematoxylin (blue in tissue)"))
        self.channel.clear()
        self.channel.addItems([tr("model", "Reads {channel}").format(channel=name) for name in names])
        self.channel.setCurrentIndex(self._choices.index(model_input(store, image.source, image.usual_input)))

    def _channel_chosen(self, row: int) -> None:
        image, store = self._session.current, self._session.store
        if image is not None and store is not None:
            remember_model_input(store, image.source, self._choices[row])

    def _show_project(self) -> None:
        store = self._session.store
        self.scale.setVisible(store is not None)
        self.flips.setVisible(store is not None)
        if store is not None:
            self.scale.setCurrentIndex(max(0, self.scale.findData(image_scale(store))))
            self.flips.setChecked(has_flips(store))

    def _scale_chosen(self, row: int) -> None:
        if self._session.store is not None:
            remember_image_scale(self._session.store, self.scale.itemData(row))

    def _flips_chosen(self, wanted: bool) -> None:
        if self._session.store is not None:
            remember_flips(self._session.store, wanted)

    def _activated(self, row: int) -> None:
        self._models.choose(Path(self._box.itemData(row)))


def _describe(model: KnownModel) -> str:
    if model.problem is not None:
        return error_text(model.problem)
    config, scores = model.config, model.scores
    lines = []
    if config is not None and config.recipe.get("init"):
        lines.append(tr("model", "Tuned from {name}.").format(name=config.recipe["init"]))
    if config is not None and config.object_px is not None:
        text = tr("model", "Learnt from cells about {px} px wide.")
        lines.append(text.format(px=f"{config.object_px / config.scale:.0f}"))
    if scores is not None:
        text = tr("model", "On its validation images: Dice {dice}, AP50 {ap50}.")
        lines.append(text.format(dice=f"{scores['dice']:.2f}", ap50=f"{scores['ap50']:.2f}"))
    return in_a_row(lines) or tr("model", "Its scores are not known.")
