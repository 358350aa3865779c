"""The acceptance story: open, propose, correct, check, fine-tune, propose again, export, come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.conftest import english, folder, hand, studio, window  # noqa: F401
from tests.gui.hand import Dialog, Hand, at_next_dialog
from unet_studio.gui.app import Studio
from unet_studio.gui.dialogs.export_dialog import ExportDialog
from unet_studio.gui.dialogs.train_dialog import TrainDialog
from unet_studio.jobs.messages import TrainingPoint

CTRL = Qt.KeyboardModifier.ControlModifier
TRAINING_MINUTES = 0.25


def answer(dialog_class: type[Dialog], fill: Callable[[Dialog], object]) -> None:
    """Fill in and accept the next modal dialog of a class."""

    def accept(dialog: Dialog) -> None:
        fill(dialog)
        dialog.accept()

    at_next_dialog(dialog_class, accept)


@pytest.mark.slow
def test_the_main_job(hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot, studio: Studio) -> None:  # noqa: F811
    window = studio.window  # noqa: F811
    session = window.session

    # She opens a folder of her own; the first image shows at once.
    hand.open(folder)
    assert session.current.path.name == "field1.png"

    # P proposes; the proposals are not labels; one is accepted by click and Enter, the others by A.
    hand.wait_proposals()
    proposed = session.open_proposals()
    assert len(proposed) >= 8
    document = session.document
    assert not document.read(document.bounds).any()
    picture = session.current.proposals.tiles.read(document.bounds)
    y, x = np.argwhere(picture == proposed[3])[10] + 0.5
    hand.key(Qt.Key.Key_I)
    hand.click(y, x)
    hand.key(Qt.Key.Key_Return)
    assert len(document.instances) == 1
    hand.key(Qt.Key.Key_A)
    assert len(document.instances) == len(proposed)

    # She corrects: brush on the picked one, a new one, eraser, delete, undo.
    hand.click(y, x)
    picked = session.selected_instance
    area = document.instances.area_px(picked)
    hand.key(Qt.Key.Key_B)
    hand.drag((y, x), (y + 12, x + 5))
    assert document.instances.area_px(picked) > area
    hand.key(Qt.Key.Key_N)
    empty = np.argwhere(
        cv2.distanceTransform((document.read(document.bounds) == 0).astype(np.uint8), cv2.DIST_L2, 5) > 9
    )
    hand.drag(tuple(empty[0] + 0.5), tuple(empty[0] + 0.7))
    drawn = session.selected_instance
    assert drawn not in (0, picked)
    hand.key(Qt.Key.Key_E)
    hand.drag((y + 10, x + 4), (y + 13, x + 6))
    hand.key(Qt.Key.Key_I)
    hand.click(*(empty[0] + 0.5))
    assert session.selected_instance == drawn
    hand.key(Qt.Key.Key_Delete)
    assert drawn not in document.instances
    hand.key(Qt.Key.Key_Z, CTRL)
    assert drawn in document.instances

    # Checked, on two images: only those teach.
    hand.key(Qt.Key.Key_C)
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    hand.wait_proposals()
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_C)

    # Fine-tune: few settings; a live curve; the window stays usable; the new model proposes next.
    points: list[TrainingPoint] = []
    window.training.point.connect(points.append)
    answer(TrainDialog, lambda dialog: dialog.set_length(TRAINING_MINUTES))
    window.actions_by_id["train.fine_tune"].trigger()
    qtbot.waitUntil(lambda: len(points) >= 2, timeout=60_000)
    assert window.training.is_busy
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field3.png")
    hand.key(Qt.Key.Key_B)
    hand.drag((100, 100), (110, 120))
    assert session.document.read(session.document.bounds).any(), "painting goes on during the training"
    hand.key(Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: not window.training.is_busy, timeout=120_000)
    assert all(point.val_dice is not None and point.val_loss is not None for point in points)
    assert len(window.training_panel.points) == len(points)
    assert window.models.current.name == "nuclei-1"
    assert "nuclei-1 is ready" in window.notice.text
    run = next((session.store.folder / "runs").iterdir())
    request = json.loads((run / "request.json").read_text())
    assert len(request["samples"]) == 2
    assert (run / "samples" / "001_field1_labels.tif").is_file()
    hand.wait_proposals()
    assert session.current.proposals.model == "nuclei-1"
    assert session.open_proposals()

    # Export.
    out = tmp_path / "masks"

    def fill(dialog: ExportDialog) -> None:
        dialog._folder.setText(str(out))
        for name in ("label-tiff", "label-png", "binary-png"):
            dialog.set_format(name, True)

    answer(ExportDialog, fill)
    window.actions_by_id["file.export"].trigger()
    qtbot.waitUntil(lambda: "Masks written" in window.notice.text, timeout=10_000)
    final = document.read(document.bounds)
    exported = tifffile.imread(out / "label-tiff" / "field1.tif")
    assert exported.dtype == np.uint16
    assert (exported == final).all()
    png = cv2.imread(str(out / "label-png" / "field1.png"), cv2.IMREAD_UNCHANGED)
    assert png.dtype == np.uint16
    assert (png == final).all()
    binary = cv2.imread(str(out / "binary-png" / "field1.png"), cv2.IMREAD_UNCHANGED)
    assert (binary == np.where(final > 0, 255, 0)).all()
    assert sorted(p.name for p in (out / "label-tiff").iterdir()) == ["field1.tif", "field2.tif"]

    # She closes the window without saving anything and opens the project again.
    waiting = set(session.open_proposals())
    names = [edit.name for edit in document.history.done]
    assert session.close_project()
    hand.open(folder / "fields.unetproject")
    hand.wait_image("field3.png")
    assert set(session.open_proposals()) == waiting
    assert window.models.current.name == "nuclei-1"
    session.show_image(session.images()[0].id)
    hand.wait_image("field1.png")
    again = session.document
    assert (again.read(again.bounds) == final).all()
    assert again.is_checked
    assert [edit.name for edit in again.history.done] == names
    for _ in names:
        hand.key(Qt.Key.Key_Z, CTRL)
    assert not again.read(again.bounds).any(), "undo reaches back across the restart"
