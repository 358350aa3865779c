"""The window in use: tools, keys, proposals, problems."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QSpinBox
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand, at_next_dialog
from unet_studio.core.geometry import Rect
from unet_studio.core.regions import MaskRegion
from unet_studio.gui import exporting
from unet_studio.gui.app import Studio
from unet_studio.gui.main_window import MainWindow
from unet_studio.gui.proposing_on_all import OneOfAll
from unet_studio.gui.tools.tool import BrushMode
from unet_studio.io.label_files import write_plane_masks
from unet_studio.jobs.connection import JobFailed
from unet_studio.store.project_store import ProjectStore

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def labels(window: MainWindow) -> np.ndarray:
    document = window.session.document
    assert document is not None
    return document.read(document.bounds)


def test_a_folder_opens_on_its_first_image_with_the_list_beside_it(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    window = hand.window
    assert [r.path.name for r in window.session.images()] == ["field1.png", "field2.png", "field3.png"]
    assert window.session.current.path.name == "field1.png"
    assert window.windowTitle().startswith("fields")
    qtbot.waitUntil(lambda: window._saved.text() == "All changes saved", timeout=5_000)


def test_dropping_files_opens_them(hand: Hand, folder: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder / "field2.png"))])
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, left, plain)
    QApplication.sendEvent(hand.window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, left, plain)
    QApplication.sendEvent(hand.window, drop)
    hand.wait_image("field2.png")
    assert len(hand.window.session.images()) == 1


def test_the_brush_paints_a_new_instance_then_goes_on_with_it(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    assert np.unique(labels(hand.window)).tolist() == [0, 1]
    hand.drag((60, 50), (60, 90))
    assert np.unique(labels(hand.window)).tolist() == [0, 1]
    hand.key(Qt.Key.Key_N)
    hand.drag((150, 50), (150, 90))
    assert np.unique(labels(hand.window)).tolist() == [0, 1, 2]
    assert hand.window.session.document.history.undo_name == "Brush stroke"


def test_the_brush_spares_other_instances_unless_told_otherwise(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    first = labels(hand.window) == 1
    hand.key(Qt.Key.Key_N)
    hand.drag((56, 50), (56, 90))
    assert (labels(hand.window)[first] == 1).all()
    hand.window.settings.mode = BrushMode.EVERYTHING
    hand.drag((50, 50), (50, 90))
    assert (labels(hand.window)[50, 50:90] == 2).all()


def test_undo_and_redo_go_stroke_by_stroke(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (55, 90), (60, 40))
    one = labels(hand.window)
    hand.drag((100, 50), (105, 90))
    two = labels(hand.window)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert (labels(hand.window) == one).all()
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not labels(hand.window).any()
    hand.key(Qt.Key.Key_Z, CTRL, SHIFT)
    hand.key(Qt.Key.Key_Z, CTRL, SHIFT)
    assert (labels(hand.window) == two).all()


def test_eraser_pick_and_delete(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    hand.key(Qt.Key.Key_N)
    hand.drag((150, 50), (150, 90))
    hand.key(Qt.Key.Key_E)
    hand.drag((50, 90), (50, 80))
    assert labels(hand.window)[50, 88] == 0
    assert labels(hand.window)[50, 55] == 1
    hand.key(Qt.Key.Key_I)
    hand.click(50, 55)
    assert hand.window.session.selected_instance == 1
    hand.key(Qt.Key.Key_Delete)
    assert np.unique(labels(hand.window)).tolist() == [0, 2]
    assert hand.window.session.selected_instance == 0
    hand.key(Qt.Key.Key_Z, CTRL)
    assert np.unique(labels(hand.window)).tolist() == [0, 1, 2]


def test_escape_aborts_the_stroke_under_the_cursor(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.press(50, 50)
    hand.move(80, 80)
    assert labels(hand.window).any()
    hand.key(Qt.Key.Key_Escape)
    hand.move(120, 120)
    hand.release(120, 120)
    assert not labels(hand.window).any()
    assert hand.window.session.document.history.undo_name is None
    hand.drag((50, 50), (60, 60))
    assert labels(hand.window).any(), "the next stroke works"


def test_the_wheel_and_the_brackets_change_the_brush(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    before = hand.window.settings.diameter
    hand.wheel(50, 50, 2)
    assert hand.window.settings.diameter > before
    hand.key(Qt.Key.Key_BracketLeft)
    hand.key(Qt.Key.Key_BracketLeft)
    assert hand.window.settings.diameter == pytest.approx(before, abs=1)
    for _ in range(80):
        hand.key(Qt.Key.Key_BracketLeft)
    assert hand.window.settings.diameter == 1


def test_ctrl_wheel_zooms_at_the_pointer_and_the_middle_button_pans(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    where = hand.at(60, 70)
    hand.wheel(60, 70, 3, ctrl=True)
    after = hand.at(60, 70)
    assert abs(after.x() - where.x()) < 0.01
    assert abs(after.y() - where.y()) < 0.01
    start = hand.at(60, 70)
    middle = Qt.MouseButton.MiddleButton
    hand.press(60, 70, middle)
    hand.mouse(QEvent.Type.MouseMove, start + QPoint(30, 20), Qt.MouseButton.NoButton, middle)
    hand.mouse(QEvent.Type.MouseButtonRelease, start + QPoint(30, 20), middle, Qt.MouseButton.NoButton)
    moved = hand.at(60, 70)
    assert (round(moved.x() - start.x()), round(moved.y() - start.y())) == (30, 20)
    assert not labels(hand.window).any()


def test_dragging_with_space_held_pans_and_paints_nothing(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    qtbot.keyPress(hand.canvas, Qt.Key.Key_Space)
    start = hand.at(60, 70)
    left = Qt.MouseButton.LeftButton
    hand.press(60, 70)
    hand.mouse(QEvent.Type.MouseMove, start + QPoint(-25, 15), Qt.MouseButton.NoButton, left)
    hand.mouse(QEvent.Type.MouseButtonRelease, start + QPoint(-25, 15), left, Qt.MouseButton.NoButton)
    qtbot.keyRelease(hand.canvas, Qt.Key.Key_Space)
    moved = hand.at(60, 70)
    assert (round(moved.x() - start.x()), round(moved.y() - start.y())) == (-25, 15)
    assert not labels(hand.window).any()


def test_proposals_come_from_the_real_engine_and_one_or_all_are_accepted(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.wait_proposals()
    session = hand.window.session
    waiting = session.open_proposals()
    assert len(waiting) > 5
    assert not labels(hand.window).any(), "a proposal is not a label"
    proposals = session.current.proposals
    chosen = max(proposals.table.values(), key=lambda p: p.area_px)
    inside = np.argwhere(proposals.tiles.read(session.document.bounds) == chosen.id)
    y, x = inside[len(inside) // 2]
    hand.key(Qt.Key.Key_I)
    hand.click(y + 0.5, x + 0.5)
    assert session.selected_proposal == chosen.id
    hand.key(Qt.Key.Key_Return)
    assert np.unique(labels(hand.window)).tolist() == [0, session.selected_instance]
    assert len(session.open_proposals()) == len(waiting) - 1
    hand.key(Qt.Key.Key_A)
    assert len(np.unique(labels(hand.window))) == len(waiting) + 1
    assert not session.open_proposals()
    hand.key(Qt.Key.Key_Z, CTRL)
    assert len(session.open_proposals()) == len(waiting) - 1, "undone proposals wait again"


def test_a_rejected_proposal_is_gone_and_is_not_accepted(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.wait_proposals()
    session = hand.window.session
    first = session.open_proposals()[0]
    session.select(proposal=first)
    hand.key(Qt.Key.Key_Delete)
    assert first not in session.open_proposals()
    hand.key(Qt.Key.Key_A)
    assert first not in session.current.proposals.accepted


def test_the_window_stays_alive_and_escape_ends_a_proposal_within_a_second(
    hand: Hand, tmp_path: Path, qtbot: QtBot
) -> None:
    cv2.imwrite(
        str(tmp_path / "large.png"), np.random.default_rng(0).integers(0, 255, (4096, 4096)).astype(np.uint8)
    )
    hand.open(tmp_path)
    window = hand.window
    steps: list[tuple[int, int]] = []
    window.proposing.progressed.connect(lambda done, total: steps.append((done, total)))
    hand.key(Qt.Key.Key_P)
    qtbot.waitUntil(lambda: len(steps) >= 2, timeout=60_000)
    assert window.job_bar.isVisible()
    hand.key(Qt.Key.Key_B)
    hand.drag((100, 100), (150, 150))
    assert labels(window)[:300, :300].any(), "painting goes on meanwhile"
    asked = time.monotonic()
    with qtbot.waitSignal(window.proposing.ended, timeout=10_000):
        hand.key(Qt.Key.Key_Escape)
    assert time.monotonic() - asked < 2.0
    assert not window.job_bar.isVisible()
    assert not window.session.open_proposals()
    assert steps[-1][0] < steps[-1][1], "it was stopped before the end"


def test_an_engine_killed_while_proposing_is_told_in_words_and_the_next_proposal_works(
    hand: Hand, folder: Path, qtbot: QtBot, studio: Studio
) -> None:
    hand.open(folder)
    hand.wait_proposals()
    connection = studio.proposer._connection
    pid = connection.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)  # So that it is killed in the middle of the job for certain.
    with qtbot.waitSignal(hand.window.proposing.failed, timeout=20_000):
        hand.key(Qt.Key.Key_P)
        os.kill(pid, signal.SIGKILL)
    assert "ended by the system" in hand.window.notice.text
    assert "Traceback" not in hand.window.notice.text
    hand.wait_proposals()
    assert hand.window.session.open_proposals()


def test_an_unreadable_image_is_told_and_the_next_one_opens(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with qtbot.waitSignal(hand.window.session.failed, timeout=5_000):
        hand.window.open_paths([folder])
    ids = {r.path.name: r.id for r in hand.window.session.images()}
    assert "broken.png is not a complete image" in hand.window.notice.text
    hand.window.session.show_image(ids["field2.png"])
    hand.wait_image("field2.png")


def test_an_empty_folder_and_a_project_open_elsewhere_leave_the_open_one_alone(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    (tmp_path / "empty").mkdir()
    hand.window.open_paths([tmp_path / "empty"])
    qtbot.waitUntil(lambda: "holds no image" in hand.window.notice.text, timeout=5_000)
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "a.png"), np.zeros((9, 9), np.uint8))
    held = ProjectStore(other / "other.unetproject")
    hand.window.open_paths([other])
    qtbot.waitUntil(lambda: "already open" in hand.window.notice.text, timeout=5_000)
    held.close()
    assert hand.window.session.store.name == "fields"
    hand.window.open_paths([other])
    hand.wait_image("a.png")


def test_a_full_disk_is_shown_at_once_and_recovery_too(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    store = hand.window.session.store
    store.journal._retry_s = 0.05
    assert store.journal.flush(5)
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    hand.key(Qt.Key.Key_B)
    document = hand.window.session.document
    rng = np.random.default_rng(0)
    for _ in range(12):
        document.begin_stroke("Brush stroke")
        document.paint(MaskRegion(document.bounds, rng.random((256, 256)) < 0.5), document.new_instance_id())
        hand.window.session.publish(document.finish_stroke())
    qtbot.waitUntil(lambda: "NOT SAVED" in hand.window._saved.text(), timeout=10_000)
    assert "kept in memory" in hand.window.notice.text
    store._connection.execute("PRAGMA max_page_count = 1000000")
    qtbot.waitUntil(lambda: hand.window._saved.text() == "All changes saved", timeout=10_000)
    assert "on the disk again" in hand.window.notice.text


def test_checked_is_remembered_per_image_and_shown_in_the_list(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_C)
    assert hand.window.actions_by_id["edit.checked"].isChecked()
    assert hand.window.images_panel._summary.text() == "1 of 3 checked"
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    assert not hand.window.actions_by_id["edit.checked"].isChecked()
    hand.key(Qt.Key.Key_PageUp)
    hand.wait_image("field1.png")
    assert hand.window.actions_by_id["edit.checked"].isChecked()
    hand.key(Qt.Key.Key_C)
    assert hand.window.images_panel._summary.text() == "0 of 3 checked"


def test_fine_tuning_without_a_checked_image_says_what_to_do(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.window.actions_by_id["train.fine_tune"].trigger()
    assert "No image is checked yet" in hand.window.notice.text


def test_everything_is_reachable_on_a_small_laptop(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    window = hand.window
    window.resize(1366 - 10, 768 - 80)
    QApplication.processEvents()
    assert window.width() <= 1366
    assert window.height() <= 768
    assert window.minimumSizeHint().width() <= 1100
    assert window.minimumSizeHint().height() <= 600


def test_a_long_stroke_outside_the_image_does_no_harm(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((-500, -500), (128, 128), (900, 900))
    assert labels(hand.window)[128, 128]
    hand.drag((-50, -50), (-60, -60))
    assert hand.window.session.document.bounds == Rect(0, 0, 256, 256)


def test_a_stroke_under_way_when_another_image_arrives_is_finished_on_its_own_image(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    session = hand.window.session
    first = session.document
    ids = [record.id for record in session.images()]
    hand.key(Qt.Key.Key_B)
    session.show_image(ids[1])
    hand.press(50, 50)
    hand.move(70, 90)
    hand.wait_image("field2.png")
    hand.move(90, 90)
    hand.release(90, 90)
    assert not labels(hand.window).any(), "nothing of it reaches the other image"
    drawn = first.read(first.bounds)
    assert drawn[50, 50] == drawn[69, 88] == 1, "what was drawn is kept"
    assert not drawn[85:, :].any()
    assert not first.stroke_is_open
    hand.drag((50, 50), (60, 60))
    assert labels(hand.window).any(), "drawing on the new image works"
    assert session.store.journal.flush(5)
    assert (
        session.store.load_document(session.store.plane_places(ids[0])[0].id).history.undo_name
        == "Brush stroke"
    )


def test_going_there_and_back_quickly_keeps_the_document_that_was_drawn_on(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    session = hand.window.session
    ids = [record.id for record in session.images()]
    for image_id in (ids[1], ids[2], ids[1], ids[2]):
        session.show_image(image_id)
    hand.wait_image("field3.png")
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (60, 60))
    drawn = session.document
    qtbot.wait(300)
    assert session.document is drawn
    assert labels(hand.window).any()


def test_keys_during_a_stroke_do_not_disturb_it(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    hand.press(100, 50)
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_C, Qt.Key.Key_A):
        hand.key(key)
    hand.key(Qt.Key.Key_Z, CTRL)
    hand.move(100, 90)
    hand.release(100, 90)
    assert labels(hand.window)[50, 60]
    assert labels(hand.window)[100, 60]
    document = hand.window.session.document
    assert document.instances.area_px(1) == np.count_nonzero(labels(hand.window))


def test_proposals_for_a_project_that_was_left_are_dropped(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "a.png"), np.zeros((99, 99), np.uint8))
    hand.open(folder)
    hand.key(Qt.Key.Key_P)
    hand.window.open_paths([other])
    hand.wait_image("a.png")
    qtbot.waitUntil(lambda: not hand.window.job_bar.isVisible(), timeout=5_000)
    qtbot.wait(1500)
    assert hand.window.session.current.proposals is None
    assert not hand.window.session.open_proposals()


def test_escape_right_after_p_leaves_no_bar_behind(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    for _ in range(3):
        hand.key(Qt.Key.Key_P)
        hand.key(Qt.Key.Key_Escape)
    qtbot.wait(500)
    assert not hand.window.job_bar.isVisible()
    hand.wait_proposals()
    assert hand.window.session.open_proposals()


def answer(button: str) -> None:
    """Press this button of the question that will be asked."""

    def press(question: QMessageBox) -> None:
        next(b for b in question.buttons() if b.text().replace("&", "") == button).click()

    at_next_dialog(QMessageBox, press)


def test_masks_that_somebody_else_made_are_replaced_only_after_a_question(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "field1.tif").write_bytes(b"drawn by hand")
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    asking = hand.window.asking

    answer("Cancel")
    asking.export(masks, ("label-tiff",))
    qtbot.waitUntil(lambda: "Nothing was exported" in hand.window.notice.text, timeout=5_000)
    assert (masks / "field1.tif").read_bytes() == b"drawn by hand"

    answer("Replace them")
    with qtbot.waitSignal(asking.exported, timeout=5_000):
        asking.export(masks, ("label-tiff",))
    assert (masks / "field1.tif").read_bytes() != b"drawn by hand"

    # What the project wrote itself it replaces without a word, until somebody changes it.
    with qtbot.waitSignal(asking.exported, timeout=5_000):
        asking.export(masks, ("label-tiff",))
    (masks / "field1.tif").write_bytes(b"mended by hand")
    answer("Cancel")
    asking.export(masks, ("label-tiff",))
    qtbot.waitUntil(lambda: "Nothing was exported" in hand.window.notice.text, timeout=5_000)
    assert (masks / "field1.tif").read_bytes() == b"mended by hand"


def test_export_into_the_images_own_folder_is_refused(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((50, 50), (50, 90))
    before = (folder / "field1.png").read_bytes()
    hand.window.asking.export(folder, ("label-png",))
    qtbot.waitUntil(lambda: "would replace the images" in hand.window.notice.text, timeout=5_000)
    assert (folder / "field1.png").read_bytes() == before


def test_checking_an_image_on_which_proposals_wait_says_what_that_teaches(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_P)
    hand.wait_proposals()
    window = hand.window
    waiting = len(window.session.open_proposals())
    hand.key(Qt.Key.Key_C)
    assert f"still wait on this checked image: {waiting}" in window.notice.text
    (accept,) = window.notice.remedies
    accept.click()
    assert not window.session.open_proposals()
    assert "still wait" not in window.notice.text
    hand.key(Qt.Key.Key_C)
    hand.key(Qt.Key.Key_C)
    assert "still wait" not in window.notice.text, "nothing waits any more"


def test_a_proposal_on_which_a_cell_was_drawn_waits_no_longer(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_P)
    hand.wait_proposals()
    session = hand.window.session
    proposals = session.current.proposals
    drawn_on, *others = session.open_proposals()
    document, rect = session.document, proposals.table[drawn_on].rect
    document.begin_stroke("Brush stroke")
    document.paint(MaskRegion(rect, np.ones(rect.shape, bool)), document.new_instance_id())
    session.publish(document.finish_stroke())
    assert drawn_on in session.open_proposals()
    hand.key(Qt.Key.Key_A)
    assert not session.open_proposals()
    assert drawn_on in proposals.rejected, "no rest of it became a cell"
    for _ in range(2):
        hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert set(session.open_proposals()) == {drawn_on, *others}, "both are edits, which can be undone"
    hand.window.actions_by_id["propose.reject_all"].trigger()
    assert not session.open_proposals()
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert set(session.open_proposals()) == {drawn_on, *others}
    hand.key(Qt.Key.Key_C)
    assert f"still wait on this checked image: {len(session.open_proposals())}" in hand.window.notice.text
    assert drawn_on not in session.open_proposals()


def test_all_images_are_proposed_on_but_those_that_have_something_or_cannot_be_read(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    for name in ("field3", "field4"):
        (folder / f"{name}.png").write_bytes((folder / "field1.png").read_bytes())
    (folder / "field5.png").write_text("no picture")
    hand.open(folder)
    window, session = hand.window, hand.window.session
    hand.key(Qt.Key.Key_B)
    hand.drag((5, 5), (5, 9))
    ids = {record.title: record.id for record in session.images()}
    with qtbot.waitSignal(window.proposing.summed_up, timeout=60_000):
        window.actions_by_id["propose.all"].trigger()
        assert window.proposing.is_busy
        qtbot.waitUntil(window.job_bar.isVisible)
    assert not window.job_bar.isVisible()
    text = window.notice.text
    assert "Proposals on 3 images: " in text
    assert "cannot be read, are too large, or cannot be proposed on: 1 (field5.png)." in text
    assert not session.open_proposals(), "something was drawn on the first"
    counts = {}
    for name in ("field2.png", "field3.png", "field4.png"):
        session.show_image(ids[name])
        hand.wait_image(name)
        counts[name] = len(session.open_proposals())
    assert min(counts.values()) > 5
    assert f"images: {sum(counts.values())}, by nuclei" in text
    assert counts["field3.png"] == counts["field4.png"]
    with qtbot.waitSignal(window.proposing.summed_up, timeout=60_000):
        window.actions_by_id["propose.all"].trigger()
    assert "Left out" in window.notice.text, "only what cannot be read is tried again"
    (folder / "field5.png").unlink()


def test_an_image_whose_file_has_another_size_by_now_does_not_end_the_run_on_all(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    (folder / "field3.png").write_bytes((folder / "field1.png").read_bytes())
    hand.open(folder)
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    hand.key(Qt.Key.Key_PageUp)
    hand.wait_image("field1.png")
    cv2.imwrite(str(folder / "field2.png"), np.zeros((90, 70), np.uint8))
    window = hand.window
    with qtbot.waitSignal(window.proposing.summed_up, timeout=60_000):
        window.actions_by_id["propose.all"].trigger()
    assert "Proposals on 2 images: " in window.notice.text
    assert "1 (field2.png)" in window.notice.text


@pytest.mark.parametrize("failing", [{"field2.png"}, {"field2.png", "field3.png"}])
def test_an_image_the_engine_fails_on_does_not_end_the_run_on_all_two_in_a_row_do(
    hand: Hand, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, failing: set[str]
) -> None:
    for number in (3, 4):
        (folder / f"field{number}.png").write_bytes((folder / "field1.png").read_bytes())
    whole = OneOfAll.prepare

    def prepare(one: OneOfAll) -> object:
        if one.record.title in failing:
            raise JobFailed("crash", "The engine was killed.")
        return whole(one)

    monkeypatch.setattr(OneOfAll, "prepare", prepare)
    hand.open(folder)
    window = hand.window
    window.actions_by_id["propose.all"].trigger()
    qtbot.waitUntil(lambda: not window.proposing.is_busy, timeout=60_000)
    if len(failing) == 1:
        assert "Proposals on 3 images: " in window.notice.text
        assert "cannot be proposed on: 1 (field2.png)" in window.notice.text
    else:
        assert "The engine was killed." in window.notice.text


def test_proposing_on_all_images_can_be_stopped_and_keeps_what_is_done(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    for number in range(3, 30):
        (folder / f"field{number}.png").write_bytes((folder / "field1.png").read_bytes())
    hand.open(folder)
    window, session = hand.window, hand.window.session
    window.actions_by_id["propose.all"].trigger()
    qtbot.waitUntil(lambda: bool(session.open_proposals()), timeout=60_000)
    waiting = len(session.open_proposals())
    window.actions_by_id["propose.stop"].trigger()
    qtbot.waitUntil(lambda: not window.job_bar.isVisible(), timeout=30_000)
    assert "It was stopped: " in window.notice.text
    assert "of 29 images are left" in window.notice.text
    assert not window.proposing.is_busy
    assert len(session.open_proposals()) == waiting
    assert session.close_project()
    hand.open(folder)
    assert len(session.open_proposals()) == waiting


def test_an_export_says_what_it_leaves_out(hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_P)
    hand.wait_proposals()
    waiting = len(hand.window.session.open_proposals())
    hand.key(Qt.Key.Key_B)
    hand.drag((5, 5), (5, 9))
    with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
        hand.window.asking.export(tmp_path / "masks", ("label-tiff",))
    text = hand.window.notice.text
    without = len(hand.window.session.images()) - 1
    assert f"Images without a mask there: {without}." in text
    assert f"Proposals that wait are in no mask: {waiting} (images: 1)." in text
    hand.key(Qt.Key.Key_A)
    with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
        hand.window.asking.export(tmp_path / "masks", ("label-tiff",), replaces=True)
    assert "Proposals that wait" not in hand.window.notice.text


@pytest.fixture
def slow_writer(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Masks are written when this is set."""
    may_write = threading.Event()

    def write(*arguments: Any, **options: Any) -> list[Path]:
        assert may_write.wait(30)
        return write_plane_masks(*arguments, **options)

    monkeypatch.setattr(exporting, "write_plane_masks", write)
    return may_write


def draw_on_all(hand: Hand) -> int:
    images = hand.window.session.images()
    for image in images:
        hand.window.session.show_image(image.id)
        hand.wait_image(image.path.name)
        hand.key(Qt.Key.Key_B)
        hand.drag((40, 40), (40, 60))
    return len(images)


def test_a_window_that_is_closed_while_masks_are_written_closes_when_they_are_there(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot, slow_writer: threading.Event
) -> None:
    hand.open(folder)
    count = draw_on_all(hand)
    hand.window.asking.export(tmp_path / "masks", ("label-tiff",))
    assert not hand.window.close()
    qtbot.wait(300)
    assert hand.window.isVisible()
    assert "closes when they are there" in hand.window.notice.text
    slow_writer.set()
    qtbot.waitUntil(lambda: not hand.window.isVisible(), timeout=10_000)
    assert len(list((tmp_path / "masks").glob("*.tif"))) == count


def test_another_project_opens_when_the_masks_of_this_one_are_written(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot, slow_writer: threading.Event
) -> None:
    hand.open(folder)
    count, first = draw_on_all(hand), hand.window.session.store
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "another.png"), np.zeros((40, 40), np.uint8))
    hand.window.asking.export(tmp_path / "masks", ("label-tiff",))
    hand.window.open_paths([other])
    qtbot.wait(500)
    assert hand.window.session.store is first
    slow_writer.set()
    hand.wait_image("another.png")
    assert len(list((tmp_path / "masks").glob("*.tif"))) == count


def test_masks_beside_the_images_are_exported_again(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((5, 5), (5, 9))
    for _ in range(2):  # The second time the project's own masks are replaced.
        with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
            hand.window.asking.export(folder, ("label-tiff",))
        assert (folder / "field1.tif").is_file()


def test_an_image_that_cannot_be_read_is_marked_in_the_list_when_the_keys_come_to_it(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    (folder / "field2.png").write_text("no picture")
    hand.open(folder)
    hand.wait_image("field1.png")
    hand.key(Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: hand.window.session.current is None, timeout=10_000)
    assert hand.window.images_panel._list.currentItem().text().startswith("field2.png")


def test_news_of_proposals_are_over_when_the_image_changes(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_P)
    hand.wait_proposals()
    qtbot.waitUntil(lambda: "A accepts all" in hand.window.notice.text)
    hand.key(Qt.Key.Key_A)
    assert "A accepts all" not in hand.window.notice.text


def test_a_long_file_name_does_not_make_the_window_wider(
    hand: Hand, tmp_path: Path, folder: Path, qtbot: QtBot
) -> None:
    long = tmp_path / "long"
    long.mkdir()
    name = (
        "2026-03-12_Exp12_HeLa_siRNA-control_DAPI_GFP_mCherry_60x_oil_Pos003_z012_t001_" + 8 * "maxprojected"
    )
    (folder / "field1.png").rename(long / f"{name}.png")
    window = hand.window
    window.resize(1180, 680)
    window.open_paths([long])
    hand.wait_image(f"{name}.png")
    hand.key(Qt.Key.Key_P)
    qtbot.waitUntil(window.job_bar.isVisible)
    QApplication.processEvents()
    assert window.width() == 1180
    assert window.job_bar._title.text() != window.job_bar._full_title
    assert name in window.job_bar._title.toolTip()
    hand.wait_proposals()
    (long / f"{name}.png").unlink()
    window.notice.warn(f"There is no file {long / name}.png: it may have been moved or renamed.")
    QApplication.processEvents()
    assert window.width() == 1180
    assert window.notice.problem.label.width() < 1180


def test_checking_waits_no_longer_than_a_polygon_that_is_taken_back(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    window = hand.window
    window.use_tool("tool.polygon")
    hand.click(40, 40)
    hand.key(Qt.Key.Key_C)
    assert not window.session.document.is_checked, "not in the middle of it"
    hand.key(Qt.Key.Key_Backspace)
    assert window.session.document.is_checked
    assert window.actions_by_id["edit.checked"].isChecked()


def test_one_undo_after_checking_unchecks_and_the_warning_of_proposals_goes(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.wait_proposals()
    session = hand.window.session
    rect = session.current.proposals.table[session.open_proposals()[0]].rect
    hand.window.use_tool("tool.lasso")
    hand.drag(*[(y, x) for y, x in (
        (rect.top, rect.left), (rect.top, rect.right), (rect.bottom, rect.right), (rect.bottom, rect.left),
    )])  # fmt: skip
    hand.key(Qt.Key.Key_C)
    assert session.document.is_checked
    assert "still wait on this checked image" in hand.window.notice.text
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not session.document.is_checked
    assert "still wait on this checked image" not in hand.window.notice.text


def test_going_through_proposals_passes_one_that_labels_cover(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.wait_proposals()
    session = hand.window.session
    first = session.open_proposals()[0]
    rect = session.current.proposals.table[first].rect.grown(4)
    hand.window.use_tool("tool.lasso")
    hand.drag(
        (rect.top, rect.left), (rect.top, rect.right), (rect.bottom, rect.right), (rect.bottom, rect.left)
    )
    session.select(proposal=first)
    hand.key(Qt.Key.Key_Return, SHIFT)
    assert session.selected_proposal not in (0, first)
    assert first not in session.open_proposals()


def test_return_in_a_number_of_a_panel_gives_the_keys_back_and_accepts_nothing(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    hand.wait_proposals()
    window, session = hand.window, hand.window.session
    session.select(proposal=session.open_proposals()[0])
    boxes = window.repair_panel.findChildren(QSpinBox)
    window.repair_panel.parentWidget().fold(is_open=True)
    boxes[0].setFocus()
    qtbot.keyClicks(boxes[0], "5")
    qtbot.keyClick(boxes[0], Qt.Key.Key_Return)
    assert not session.document.instances
    assert window.canvas.hasFocus()


def test_who_reads_the_haematoxylin_of_one_image_reads_channels_of_another(
    hand: Hand, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    rng = np.random.default_rng(0)
    cv2.imwrite(str(folder / "a.png"), rng.integers(0, 255, (60, 60, 3), np.uint8))
    tifffile.imwrite(
        folder / "b.tif", rng.integers(0, 999, (3, 60, 60), np.uint16), metadata={"axes": "CYX"},
        photometric="minisblack",
    )  # fmt: skip
    hand.open(folder)
    panel = hand.window.model_panel
    panel.channel.setCurrentIndex(panel.channel.count() - 1)
    panel.channel.activated.emit(panel.channel.count() - 1)
    assert "haematoxylin" in panel.channel.currentText()
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("b.tif")
    assert "haematoxylin" not in panel.channel.currentText()
    hand.key(Qt.Key.Key_PageUp)
    hand.wait_image("a.png")
    assert "haematoxylin" in panel.channel.currentText()


def test_labels_stay_with_the_file_that_took_the_place_of_another(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    session = hand.window.session
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    session.planes.clear()
    (folder / "old").mkdir()
    (folder / "field1.png").rename(folder / "old" / "field1.png")
    cv2.imwrite(str(folder / "field1.png"), np.full((256, 256), 77, np.uint8))
    session.show_image(session.images()[0].id)
    hand.wait_image("field1.png")
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (40, 60))
    qtbot.waitUntil(lambda: session.saving.waiting == 0, timeout=5_000)
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    session.planes.clear()
    session.show_image(session.images()[0].id)
    hand.wait_image("field1.png")
    assert session.current.path == folder / "field1.png"
    assert labels(hand.window).any()


def test_a_class_that_was_named_gives_the_keys_back_to_the_image(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    panel = hand.window.classes_panel
    panel.list.editItem(panel.list.item(0))
    editor = panel.list.findChild(QLineEdit)
    qtbot.keyClicks(editor, "Nucleus")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(hand.window.canvas.hasFocus, timeout=2_000)
    assert hand.window.session.class_table.classes[0].name == "Nucleus"


def test_an_export_says_that_masks_of_what_was_deleted_are_still_there(
    hand: Hand, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    draw_on_all(hand)
    with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
        hand.window.asking.export(tmp_path / "masks", ("label-tiff",))
    assert "still there" not in hand.window.notice.text
    hand.key(Qt.Key.Key_I)
    hand.click(40, 50)
    hand.key(Qt.Key.Key_Delete)
    assert not labels(hand.window).any()
    with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
        hand.window.asking.export(tmp_path / "masks", ("label-tiff",))
    assert "an earlier export wrote are still there: 1." in hand.window.notice.text


def test_undo_keeps_its_name_when_the_shortcuts_were_changed(
    hand: Hand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (40, 60))
    actions = hand.window.actions_by_id
    assert actions["edit.undo"].text() == "Undo: Brush stroke"
    monkeypatch.setattr(hand.window.asking, "shortcuts", lambda actions: actions.reset_keys())
    actions["help.shortcuts"].trigger()
    assert actions["edit.undo"].text() == "Undo: Brush stroke"


def test_the_warning_of_proposals_that_wait_counts_those_that_still_do(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    hand.wait_proposals()
    session = hand.window.session
    hand.key(Qt.Key.Key_C)
    waiting = session.open_proposals()
    assert f"wait on this checked image: {len(waiting)}." in hand.window.notice.text
    session.select(proposal=waiting[0])
    hand.key(Qt.Key.Key_Return)
    assert f"wait on this checked image: {len(waiting) - 1}." in hand.window.notice.text
    hand.key(Qt.Key.Key_A)
    assert "wait on this checked image" not in hand.window.notice.text
