"""Training from the window: classes go to the network and come back, an interrupted run goes on."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from unet_studio.core.errors import UserError
from unet_studio.gui.app import Studio
from unet_studio.gui.dialogs.train_dialog import TrainDialog
from unet_studio.io.model_folder import read_model_config
from unet_studio.jobs.messages import TrainingPoint
from unet_studio.settings.locations import user_folder
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import Augmentation, TrainConfig

SMALL = TrainConfig(
    network=UNetConfig(base_width=4, depth=2), patch_px=64, batch_size=4, learning_rate=1e-2, steps=60,
    val_every_steps=20, augmentation=Augmentation(elastic_sigma_px=2, grey=0.2),
)  # fmt: skip
LIMIT = 120_000


def label_and_check(hand: Hand) -> None:
    hand.wait_proposals()
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_C)


def train(hand: Hand, qtbot: QtBot, config: TrainConfig, name: str, model: Path | None = None) -> None:
    with qtbot.waitSignal(hand.window.training.said, timeout=LIMIT):
        hand.window.training.start(config, name=name, model=model)


def folder_of(hand: Hand, name: str) -> Path:
    return hand.window.session.store.folder / "models" / name


@pytest.mark.slow
def test_the_projects_classes_are_learnt_by_name_and_come_back_as_its_own(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    label_and_check(hand)
    window, session = hand.window, hand.window.session
    window.classes.rename(window.classes.table.classes[0].index, "Small")
    large = window.classes.add()
    window.classes.rename(large.index, "Large")
    for row in list(session.document.instances):
        if session.document.instances.area_px(row.id) > 400:
            session.publish(session.document.set_class([row.id], large.index, name="Set class"))
    train(hand, qtbot, SMALL, "sizes")
    model = read_model_config(folder_of(hand, "sizes"))
    assert [one.name for one in model.classes] == ["Small", "Large"]
    assert model.network.classes == 3
    assert model.network.in_channels == 1, "as the images that taught"
    run = next((session.store.folder / "runs").iterdir())
    assert len(list((run / "samples").glob("*_classes.tif"))) == 1
    assert "that teach: 1, that validate: 1" in window.training_panel._about.text()

    # Another project of one class, which the model calls by the same name.
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (folder / "field2.png").rename(elsewhere / "field9.png")
    window.open_paths([elsewhere])
    hand.wait_image("field9.png")
    window.classes.rename(window.classes.table.classes[0].index, "large")
    window.models.choose(folder_of_first := folder / "fields.unetproject" / "models" / "sizes")
    assert folder_of_first.is_dir()
    with qtbot.waitSignal(window.proposing.said, timeout=LIMIT):
        hand.key(Qt.Key.Key_P)
    names = {row.index: row.name for row in window.classes.table}
    assert sorted(names.values()) == ["Small", "large"], "what the project lacked was added"
    found = {names[p.class_index] for p in session.current.proposals.table.values()}
    assert found <= {"Small", "large"}

    # One class here, two in the model: cells of this project are not taught as the model's first class.
    window.classes.remove(next(i for i, name in names.items() if name == "Small"))
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_C)
    if not len(session.document.instances):
        pytest.skip("the small network found nothing to accept")
    train(hand, qtbot, SMALL, "only-large", folder_of_first)
    assert [one.name for one in read_model_config(folder_of(hand, "only-large")).classes] == ["large"]


def test_two_classes_of_one_name_cannot_be_taught(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    label_and_check(hand)
    window = hand.window
    twin = window.classes.add()
    window.classes.rename(twin.index, window.classes.table.classes[0].name.upper())
    with pytest.raises(UserError, match="Two classes are called"):
        window.training.start(SMALL, name="x", model=None)


@pytest.mark.slow
def test_a_training_whose_engine_was_killed_goes_on_from_the_menu(
    hand: Hand, folder: Path, qtbot: QtBot, studio: Studio
) -> None:
    hand.open(folder)
    label_and_check(hand)
    window = hand.window
    window.actions_by_id["train.resume"].trigger()
    qtbot.waitUntil(
        lambda: "No training of this project was interrupted" in window.notice.text, timeout=LIMIT
    )
    points: list[TrainingPoint] = []
    window.training.point.connect(points.append)
    long = TrainConfig(network=SMALL.network, patch_px=64, batch_size=4, steps=100_000, val_every_steps=5)
    with qtbot.waitSignal(window.training.failed, timeout=LIMIT):
        window.training.start(long, name="mine", model=None)
        qtbot.waitUntil(lambda: len(points) >= 4, timeout=LIMIT)
        os.kill(studio.trainer._connection.pid, signal.SIGKILL)
    assert "ended by the system" in window.notice.text
    assert "Train ▸ Resume the interrupted training goes on" in window.notice.text
    reached = points[-1].step
    run = next((window.session.store.folder / "runs").iterdir())
    request = run / "request.json"
    request.write_text(request.read_text().replace("100000", str(reached + 30)))
    points.clear()
    with qtbot.waitSignal(window.training.said, timeout=LIMIT):
        window.actions_by_id["train.resume"].trigger()
        qtbot.waitUntil(lambda: "ended by the system" not in window.notice.text, timeout=LIMIT)
    steps = [point.step for point in window.training_panel.points]
    assert steps[:3] == [0, 5, 10], "the curve is whole"
    assert steps == sorted(set(steps))
    assert steps[-1] == reached + 30
    curve = json.loads((folder_of(hand, "mine") / "metrics.json").read_text())["curve"]
    assert [row["step"] for row in curve][:3] == [0, 5, 10]
    assert window.models.current == folder_of(hand, "mine")
    metrics = json.loads((folder_of(hand, "mine") / "metrics.json").read_text())
    start, kept = curve[0], metrics["kept"]
    assert (
        f"On held-out pixels: Dice {start['val_dice']:.3f} before, {kept['dice']:.3f} now; "
        f"AP50 {start['val_ap50']:.3f} before, {kept['ap50']:.3f} now."
    ) in window.notice.text


def test_the_dialog_opens_from_the_menu_with_the_current_model_or_a_new_network(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    label_and_check(hand)
    seen: list[tuple[str, object]] = []

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, TrainDialog)
        dialog._show_advanced.setChecked(True)
        dialog._advanced.setCurrentIndex(2)
        seen.append((dialog.name, dialog.start.model))
        dialog.reject()

    for command in ("train.fine_tune", "train.new"):
        QTimer.singleShot(300, answer)
        hand.window.actions_by_id[command].trigger()
    assert seen[0][0] == "nuclei-1"
    assert seen[0][1].name == "nuclei"
    assert seen[1] == ("standard", None)
    qtbot.wait(300)  # What the preview was computing comes back to a dialog that is gone.


@pytest.mark.slow
def test_a_training_is_seen_on_a_small_screen_leaves_out_lost_images_and_stays_with_its_project(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    label_and_check(hand)
    window = hand.window
    window.session.show_image(window.session.images()[1].id)
    hand.wait_image("field2.png")
    label_and_check(hand)
    qtbot.waitUntil(lambda: len(window.training.checked_images()) == 2, timeout=LIMIT)
    (folder / "field1.png").unlink()
    window.resize(1200, 640)
    window.training.start(SMALL, name="seen", model=None)
    assert not window.actions_by_id["train.fine_tune"].isEnabled(), "one at a time"
    panel, scroll = window.training_panel, window._right_scroll
    qtbot.waitUntil(
        lambda: (
            scroll.viewport()
            .rect()
            .contains(panel._stop.mapTo(scroll.viewport(), panel._stop.rect().center()))
        ),
        timeout=LIMIT,
    )
    qtbot.waitUntil(lambda: not window.training.is_busy, timeout=LIMIT)
    assert "Left out, because their files are not there any more: field1.png." in panel._about.text()
    assert panel.points
    keep = window.actions_by_id["train.keep"]
    for _ in range(2):  # The second time it is there already.
        with qtbot.waitSignal(window.models.said, timeout=LIMIT):
            keep.trigger()
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (folder / "field2.png").rename(elsewhere / "field9.png")
    window.open_paths([elsewhere])
    hand.wait_image("field9.png")
    own = user_folder() / "models"
    qtbot.waitUntil(
        lambda: [f for f in window.models.all() if f.parent == own] == [own / "seen"], timeout=LIMIT
    )
    assert read_model_config(own / "seen").name == "seen"
    assert not (own / "seen" / "run").exists()
    assert not keep.isEnabled(), "not of this project"
    assert not panel.points
    assert panel._about.isHidden()
    assert "Mark corrected images" in panel._state.text()
