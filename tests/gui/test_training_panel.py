"""The live curves of a training."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from unet_studio.gui.panels.training_panel import TrainingPanel
from unet_studio.jobs.messages import TrainingPoint


def point(step: int, dice: float, *, is_best: bool) -> TrainingPoint:
    return TrainingPoint(
        job=1, step=step, epoch=0.0, seconds=1.0, train_loss=0.5, val_loss=0.5, val_dice=dice, val_iou=0.5,
        val_ap50=0.5, learning_rate=1e-3, is_best=is_best,
    )  # fmt: skip


def test_the_best_is_what_would_be_kept_not_the_highest_dice(qtbot: QtBot) -> None:
    panel = TrainingPanel()
    qtbot.addWidget(panel)
    panel.begin("Training")
    panel.add(point(0, 0.949, is_best=True))
    panel.add(point(10, 0.960, is_best=False))
    assert panel._state.text() == "Step 10: Dice 0.960; best so far: step 0, Dice 0.949"


def test_before_anything_counts_there_is_no_best(qtbot: QtBot) -> None:
    panel = TrainingPanel()
    qtbot.addWidget(panel)
    panel.begin("Training")
    panel.add(point(0, 0.1, is_best=False))
    assert panel._state.text() == "Step 0: Dice 0.100"
