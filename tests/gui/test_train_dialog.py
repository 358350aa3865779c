"""The training dialog: every setting has a name, a range and a meaning; the preview follows them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec import inspect
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

from tests.conftest import discs
from unet_studio.core.errors import UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.dialogs.settings_form import NumberBox, SettingsForm
from unet_studio.gui.dialogs.train_dialog import Start, TrainDialog
from unet_studio.gui.dialogs.variation_preview import COLUMNS, ROWS, VariationPreview, pictures_of
from unet_studio.gui.setting_texts import BORDER_WEIGHTS, CHOICES, NAMES, NETWORKS
from unet_studio.io.model_folder import read_model_config
from unet_studio.segmentation.patches import Sample, make_sample, scaled_sample
from unet_studio.segmentation.scaling import Objects, scale_by_objects
from unet_studio.settings.locations import shipped_models_folder
from unet_studio.settings.network import PRESETS, UNetConfig
from unet_studio.settings.prediction import Normalization
from unet_studio.settings.training import (
    BORDER_WEIGHT_PRESETS,
    Augmentation,
    BorderWeights,
    Loss,
    Schedule,
    TrainConfig,
)

STILL = Augmentation(elastic_sigma_px=0, rotate=False, flip=False, scale=1, grey=0, noise=0, blur=0)


def sample() -> Sample:
    labels = discs((120, 150), (40, 40, 15), (40, 72, 15), (90, 110, 20))
    return make_sample(labels * 10.0, labels, channels=1, normalization=Normalization())


NUCLEI = shipped_models_folder() / "nuclei"


@pytest.fixture
def pool(qtbot: QtBot):
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def dialog(qtbot: QtBot, pool: Pool) -> TrainDialog:
    taken = {"nuclei", "nuclei-1"}

    def free(name: str) -> str:
        return f"{name}-2" if name in taken else name

    dialog = TrainDialog(
        None, models=[NUCLEI, Path("mine")], start=Start(model=NUCLEI), new_name=free,
        checked=3, make_preview=lambda: VariationPreview(pool, sample),
    )  # fmt: skip
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def choose(dialog: TrainDialog, start: Start) -> None:
    box = dialog._from
    box.setCurrentIndex(next(i for i in range(box.count()) if box.itemData(i) == start))


@pytest.mark.parametrize("struct", [UNetConfig, TrainConfig, BorderWeights, Loss, Augmentation, Schedule])
def test_every_setting_has_a_name_a_meaning_and_words_for_its_choices(struct: type) -> None:
    from unet_studio.gui.dialogs.train_dialog import _ELSEWHERE

    for field in inspect.type_info(struct).fields:
        if struct is TrainConfig and field.name in _ELSEWHERE:
            continue
        if field.name in ("classes", "in_channels"):
            continue  # They come from the images that teach.
        name, meaning = NAMES[field.name]
        assert name
        assert meaning.endswith(".")
        kind = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
        if isinstance(kind, inspect.LiteralType):
            assert set(kind.values) <= set(CHOICES)
    assert set(NETWORKS) == set(PRESETS)
    assert set(BORDER_WEIGHTS) == set(BORDER_WEIGHT_PRESETS)


@pytest.mark.parametrize(
    "value", [UNetConfig(), TrainConfig(patience=7), BorderWeights(w0=50), Loss(dice=0.5), Augmentation(), Schedule()],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_a_form_shows_what_it_is_given_and_gives_it_back(qtbot: QtBot, value: msgspec.Struct) -> None:
    nested = [f.name for f in inspect.type_info(type(value)).fields if f.name not in NAMES]
    form = SettingsForm(value, without=nested)
    qtbot.addWidget(form)
    assert form.value == value
    for name, editor in form._fields.items():
        if isinstance(editor, QSpinBox | QDoubleSpinBox):
            before = getattr(form.value, name)
            editor.stepUp()
            if editor.value() == (before or 0):
                editor.stepDown()
            assert getattr(form.value, name) != before, name
        elif isinstance(editor, QComboBox):
            editor.setCurrentIndex((editor.currentIndex() + 1) % editor.count())
        else:
            before = getattr(form.value, name)
            editor.setChecked(not before)
            assert getattr(form.value, name) is not before
    msgspec.convert(msgspec.to_builtins(form.value), type(value))


def test_what_was_proposed_follows_the_start_and_what_was_typed_stays(qtbot: QtBot) -> None:
    form = SettingsForm(Loss())
    qtbot.addWidget(form)
    form.follow(Loss(), Loss(dice=0.5))
    assert form.value == Loss(dice=0.5)
    form._fields["dice"].setValue(2.0)
    form.follow(Loss(dice=0.5), Loss(focal=1.0))
    assert form.value == Loss(dice=2.0, focal=1.0)


@pytest.mark.parametrize("language", ["C", "German", "French", "Portuguese", "English"])
def test_a_number_is_read_back_as_it_is_shown_in_every_language(qtbot: QtBot, language: str) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(getattr(QLocale.Language, language)))
    try:
        box = NumberBox(1e-8, 10)
        qtbot.addWidget(box)
        for value in (0.0003, 0.5, 1e-5, 1e-8, 0.99, 3.0):
            box.setValue(value)
            for text in (box.text(), box.text().replace(".", ",")):
                box.setValue(7)
                box.lineEdit().setText(text)
                box.interpretText()
                assert box.value() == pytest.approx(value), text
    finally:
        QLocale.setDefault(before)


def test_what_cannot_be_together_goes_back_to_what_was(qtbot: QtBot) -> None:
    form = SettingsForm(UNetConfig(encoder="resnet34", depth=5), without=("classes", "in_channels"))
    qtbot.addWidget(form)
    form._fields["depth"].setValue(6)
    assert form.value.depth == 5
    assert form._fields["depth"].value() == 5


def test_a_model_keeps_its_statistics_and_a_new_network_gets_more_time(dialog: TrainDialog) -> None:
    assert dialog.start == Start(model=NUCLEI)
    assert dialog.name == "nuclei-2"
    tuned = dialog.config
    choose(dialog, Start(preset="residual"))
    new = dialog.config
    assert (tuned.norm_statistics, new.norm_statistics) == ("kept", "patches")
    assert tuned.augmentation.scale > new.augmentation.scale
    assert new.minutes > tuned.minutes
    assert new.network == PRESETS["residual"]
    assert dialog.name == "residual"
    assert dialog._advanced.isTabEnabled(3)
    dialog._learning._fields["learning_rate"].setValue(0.005)
    dialog._length.setValue(77)
    choose(dialog, Start(model=Path("mine")))
    assert (dialog.config.learning_rate, dialog.config.minutes) == (0.005, 77), "what was typed stays"
    assert not dialog._advanced.isTabEnabled(3), "a model brings its own network"
    assert dialog.name == "mine"


def test_a_taken_or_strange_name_cannot_start(dialog: TrainDialog) -> None:
    for name, fine in (("nuclei", False), ("a/b", False), ("", False), (".x", False), ("my cells_2", True)):
        dialog._name.setText(name)
        assert dialog._start.isEnabled() == fine, name
        assert dialog._problem.isVisible() != fine


def test_published_weights_are_for_resnets_only(dialog: TrainDialog, tmp_path: Path) -> None:
    choose(dialog, Start(preset="residual"))
    dialog._weights_file = tmp_path / "resnet34.pth"
    assert dialog.encoder_weights == tmp_path / "resnet34.pth"
    choose(dialog, Start(preset="standard"))
    assert dialog.encoder_weights is None
    assert not dialog._choose_file.isEnabled()


def test_presets_of_border_weights_fill_the_form(dialog: TrainDialog) -> None:
    dialog._set_border_weights("freiburg")
    assert dialog.config.border_weights == BORDER_WEIGHT_PRESETS["freiburg"]


def test_the_preview_shows_the_training_patches_and_follows_the_settings(
    dialog: TrainDialog, qtbot: QtBot
) -> None:
    dialog._show_advanced.setChecked(True)
    preview = dialog._preview
    assert preview._config is None or not preview.pictures, "nobody looks, nothing is computed"
    dialog._advanced.setCurrentIndex(2)
    qtbot.waitUntil(lambda: len(preview.pictures) == COLUMNS * ROWS, timeout=5000)
    first = [p.copy() for p in preview.pictures]
    expected = pictures_of(sample(), dialog.config, first=0, with_weights=False)
    assert all((a == b).all() for a, b in zip(first, expected, strict=True)), (
        "the same patches as in training"
    )
    dialog._variation._fields["invert"].setValue(1.0)
    qtbot.waitUntil(lambda: not np.array_equal(preview.pictures[0], first[0]), timeout=5000)
    dialog._variation._fields["invert"].setValue(0.0)
    qtbot.waitUntil(lambda: np.array_equal(preview.pictures[0], first[0]), timeout=5000)
    qtbot.mouseClick(preview._other, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not np.array_equal(preview.pictures[0], first[0]), timeout=5000)
    preview._weights.setChecked(True)
    brightest = pictures_of(sample(), dialog.config, first=COLUMNS * ROWS, with_weights=True)
    qtbot.waitUntil(lambda: np.array_equal(preview.pictures[0], brightest[0]), timeout=5000)


def test_the_preview_shows_wide_cells_at_the_size_the_model_will_see_them(qtbot: QtBot, pool: Pool) -> None:
    wide = scaled_sample(sample(), 4.0)
    preview = VariationPreview(pool, lambda: wide)
    qtbot.addWidget(preview)
    preview.show_config(TrainConfig(), NUCLEI)
    preview.show()
    qtbot.waitUntil(lambda: bool(preview.pictures), timeout=5000)
    width = Objects.of(wide.labels).width_px
    seen = scaled_sample(wide, scale_by_objects(width, read_model_config(NUCLEI).object_px))
    assert seen.labels.shape < wide.labels.shape
    expected = pictures_of(seen, TrainConfig(), first=0, with_weights=False)
    assert (preview.pictures[0] == expected[0]).all()


def test_without_an_image_the_preview_says_so(qtbot: QtBot, pool: Pool) -> None:
    def nothing() -> Sample:
        raise UserError("Open an image to see how it is varied.")

    preview = VariationPreview(pool, nothing)
    qtbot.addWidget(preview)
    preview.show_config(TrainConfig())
    preview.show()
    qtbot.waitUntil(lambda: "Open an image" in preview._pictures._text, timeout=5000)


def test_the_dialog_fits_a_small_laptop(dialog: TrainDialog) -> None:
    dialog._show_advanced.setChecked(True)
    assert dialog.minimumSizeHint().height() <= 680
    assert dialog.minimumSizeHint().width() <= 1000


def test_what_was_typed_stays_when_the_start_or_the_unit_changes(dialog: TrainDialog) -> None:
    choose(dialog, Start(preset="attention"))
    assert dialog.name == "attention", "what was proposed follows"
    choose(dialog, Start(model=NUCLEI))
    dialog._name.setText("my cells")
    dialog._length.setValue(12)
    choose(dialog, Start(preset="attention"))
    assert dialog.name == "my cells"
    assert dialog._length.value() == 12
    dialog._unit.setCurrentIndex(1)
    dialog._length.setValue(70)
    dialog._unit.setCurrentIndex(0)
    assert dialog._length.value() == 12
    dialog._unit.setCurrentIndex(1)
    assert dialog._length.value() == 70
