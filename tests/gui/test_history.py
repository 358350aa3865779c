"""The history panel and the past on the canvas, used with the mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from unet_studio.core.document import Step
from unet_studio.gui.time_travel import moment_name
from unet_studio.store.journal import Moment


def labels(hand: Hand) -> np.ndarray:
    document = hand.window.session.document
    assert document is not None
    return document.read(document.bounds)


def shown(hand: Hand) -> np.ndarray:
    """The labels on the canvas, past or present."""
    layer, document = hand.canvas.layer, hand.window.session.document
    assert layer._labels is not None
    assert document is not None
    return layer._labels._tiles.read(document.bounds)


def rows(hand: Hand) -> list[str]:
    return [moment_name(moment) for moment in hand.window.history_panel.model.moments]


def click_row(hand: Hand, row: int, qtbot: QtBot) -> None:
    view = hand.window.history_panel.list
    rect = view.visualRect(view.model().index(row, 0))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


@pytest.fixture
def drawn(hand: Hand, folder: Path, qtbot: QtBot) -> Hand:
    """Two instances, the first then deleted, with the history open."""
    hand.open(folder)
    hand.key(Qt.Key.Key_H)
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (60, 80))
    hand.key(Qt.Key.Key_N)
    hand.drag((150, 40), (170, 90))
    hand.key(Qt.Key.Key_I)
    hand.click(50, 60)
    hand.key(Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(rows(hand)) == 4, timeout=5_000)
    return hand


def test_every_edit_undo_and_redo_is_listed_newest_first(drawn: Hand, qtbot: QtBot) -> None:
    assert rows(drawn) == ["Delete instance", "Brush stroke", "Brush stroke", "Beginning"]
    drawn.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    drawn.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(rows(drawn)) == 6, timeout=5_000)
    assert rows(drawn)[:2] == ["Redo: Delete instance", "Undo: Delete instance"]


def test_a_click_shows_the_image_as_it_was_and_escape_returns(drawn: Hand, qtbot: QtBot) -> None:
    now = labels(drawn)
    click_row(drawn, 1, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    assert set(np.unique(shown(drawn)).tolist()) == {0, 1, 2}
    assert drawn.window.past_bar.isVisible()
    assert (labels(drawn) == now).all()
    click_row(drawn, 3, qtbot)
    qtbot.waitUntil(lambda: not shown(drawn).any(), timeout=5_000)
    drawn.key(Qt.Key.Key_Escape)
    assert not drawn.window.past_bar.isVisible()
    assert (shown(drawn) == now).all()
    click_row(drawn, 2, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    click_row(drawn, 0, qtbot)
    assert drawn.window.session.past is None, "the newest row is now"


def test_nothing_can_be_drawn_in_the_past(drawn: Hand, qtbot: QtBot) -> None:
    now = labels(drawn)
    click_row(drawn, 1, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    drawn.key(Qt.Key.Key_B)
    drawn.drag((100, 100), (120, 140))
    drawn.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    drawn.click(155, 55)
    drawn.key(Qt.Key.Key_Delete)
    drawn.key(Qt.Key.Key_C)
    drawn.key(Qt.Key.Key_A)
    assert (labels(drawn) == now).all()
    assert not drawn.window.session.document.is_checked
    assert not drawn.window.actions_by_id["edit.undo"].isEnabled()
    drawn.key(Qt.Key.Key_Escape)
    assert drawn.window.actions_by_id["edit.undo"].isEnabled()
    drawn.drag((100, 100), (120, 140))
    assert (labels(drawn) != now).any(), "back in the present the brush draws again"


def test_one_deleted_instance_comes_back_and_the_rest_stays(drawn: Hand, qtbot: QtBot) -> None:
    drawn.key(Qt.Key.Key_B)
    drawn.key(Qt.Key.Key_N)
    drawn.drag((200, 100), (220, 190))
    now = labels(drawn)
    click_row(drawn, 2, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    assert not drawn.window.past_bar.one.isEnabled(), "nothing is chosen yet"
    drawn.click(50, 60)
    assert drawn.window.session.selected_instance == 1
    qtbot.mouseClick(drawn.window.past_bar.one, Qt.MouseButton.LeftButton)
    assert drawn.window.session.past is None
    after = labels(drawn)
    assert (after[after != 1] == now[after != 1]).all(), "the others are as they were"
    assert after[50, 60] == 1
    assert "Instance 1 is as it was at" in drawn.window.notice.text
    qtbot.waitUntil(lambda: rows(drawn)[0] == "Bring instance back", timeout=5_000)
    drawn.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (labels(drawn) == now).all()


def test_everything_comes_back_as_one_edit(drawn: Hand, qtbot: QtBot) -> None:
    now = labels(drawn)
    click_row(drawn, 2, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    then = shown(drawn)
    qtbot.mouseClick(drawn.window.past_bar.all, Qt.MouseButton.LeftButton)
    assert (labels(drawn) == then).all()
    drawn.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (labels(drawn) == now).all()


def test_another_image_has_its_own_history_and_ends_the_past(drawn: Hand, qtbot: QtBot) -> None:
    click_row(drawn, 2, qtbot)
    qtbot.waitUntil(lambda: drawn.window.session.past is not None, timeout=5_000)
    drawn.key(Qt.Key.Key_PageDown)
    drawn.wait_image("field2.png")
    assert drawn.window.session.past is None
    assert not drawn.window.past_bar.isVisible()
    qtbot.waitUntil(lambda: rows(drawn) == [], timeout=5_000)
    drawn.key(Qt.Key.Key_PageUp)
    drawn.wait_image("field1.png")
    qtbot.waitUntil(lambda: len(rows(drawn)) == 4, timeout=5_000)


def test_the_history_reaches_across_sessions(drawn: Hand, qtbot: QtBot, folder: Path) -> None:
    session = drawn.window.session
    assert session.close_project()
    drawn.window.open_paths([folder])
    drawn.wait_image("field1.png")
    qtbot.waitUntil(lambda: len(rows(drawn)) == 4, timeout=5_000)
    click_row(drawn, 1, qtbot)
    qtbot.waitUntil(lambda: session.past is not None, timeout=5_000)
    assert set(np.unique(shown(drawn)).tolist()) == {0, 1, 2}


def test_scrubbing_with_the_arrow_keys_ends_at_the_last_wish(drawn: Hand, qtbot: QtBot) -> None:
    for number in range(30):
        drawn.key(Qt.Key.Key_B)
        drawn.drag((10 + number * 7, 200), (12 + number * 7, 220))
    qtbot.waitUntil(lambda: len(rows(drawn)) == 34, timeout=5_000)
    click_row(drawn, 1, qtbot)
    view = drawn.window.history_panel.list
    for _ in range(32):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: drawn.window.travel.moment is not None and drawn.window.travel.moment.id == 0)
    assert not shown(drawn).any()


def test_a_trimmed_history_says_so(drawn: Hand, qtbot: QtBot) -> None:
    store, panel = drawn.window.session.store, drawn.window.history_panel
    store.set_journal_budget(2500)
    drawn.key(Qt.Key.Key_B)
    for number in range(20):
        drawn.drag((10 + number * 11, 200), (14 + number * 11, 230))
    qtbot.waitUntil(lambda: panel._trimmed.isVisible(), timeout=5_000)
    assert "were trimmed to keep the history's size" in panel._trimmed.text()
    panel.reload()
    qtbot.waitUntil(lambda: "of 2.44 KiB" in panel._size.text(), timeout=5_000)


def test_undo_and_redo_have_names_of_their_own() -> None:
    assert moment_name(Moment(5, 0.0, Step.UNDO, "Erase")) == "Undo: Erase"
    assert moment_name(Moment(5, 0.0, Step.REDO, "Erase")) == "Redo: Erase"
    assert moment_name(Moment(0, 0.0, Step.MAKE, "")) == "Beginning"
