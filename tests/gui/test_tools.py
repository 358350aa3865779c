"""Every tool with the mouse (or the pen) on an image; set UNET_STUDIO_SHOTS to keep a picture after each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from tests.gui.toolsmith import CELLS, CTRL, KEY, SHIFT, Toolsmith
from unet_studio.core.regions import MaskRegion
from unet_studio.gui.tools.tool import BrushMode


def test_alt_erases_with_the_brush(smith: Toolsmith) -> None:
    smith.key(KEY.Key_B)
    smith.drag((100, 100), (100, 180))
    smith.picture("brush")
    smith.alt_drag((100, 140), (100, 150))
    assert smith.labels[100, 110] > 0
    assert smith.labels[100, 145] == 0
    assert smith.window.session.document.history.undo_name == "Erase"


def test_the_brush_inside_the_selected_instance_carves_a_new_one_out_of_it(smith: Toolsmith) -> None:
    smith.draw_discs()
    smith.key(KEY.Key_I)
    smith.click(60, 200)
    parent = smith.window.session.selected_instance
    smith.window.settings.mode = BrushMode.INSIDE
    smith.key(KEY.Key_B)
    before = smith.labels == parent
    smith.drag((60, 150), (60, 200))
    new = max(smith.ids)
    assert new != parent
    assert smith.window.session.selected_instance == parent
    assert before[smith.labels == new].all(), "nothing outside the selected one was drawn on"
    assert smith.labels[60, 160] == 0


def test_the_eraser_can_spare_all_but_the_selected_instance(smith: Toolsmith) -> None:
    smith.draw_discs()
    third, fourth = smith.labels[150, 80], smith.labels[150, 145]
    smith.window.session.select(instance=int(third))
    smith.window.settings.erase_selected_only = True
    smith.key(KEY.Key_E)
    kept = smith.area_of(fourth)
    smith.drag((150, 80), (150, 150))
    assert smith.labels[150, 85] == 0
    assert smith.area_of(fourth) == kept


def test_the_brush_can_have_its_size_on_the_screen(smith: Toolsmith) -> None:
    smith.window.settings.is_screen_size = True
    smith.window.settings.diameter = 40
    smith.key(KEY.Key_B)
    scale = smith.canvas.transform.scale
    smith.click(100, 100)
    width = int((smith.labels[100] > 0).sum())
    assert width == pytest.approx(40 / scale, abs=1.5)
    smith.canvas.zoom_by(4)
    smith.key(KEY.Key_N)
    smith.click(150, 180)
    assert int((smith.labels[150] == 2).sum()) == pytest.approx(40 / scale / 4, abs=1.5)


def test_f_fills_what_the_stroke_has_enclosed_while_it_is_drawn(smith: Toolsmith) -> None:
    smith.window.settings.diameter = 8
    smith.key(KEY.Key_B)
    points = smith.circle(150, 200, 40)
    smith.press(*points[0])
    for point in points[1:]:
        smith.move(*point)
    assert smith.labels[150, 200] == 0
    smith.key(KEY.Key_F)
    assert smith.labels[150, 200] == 1
    smith.release(*points[-1])
    assert smith.labels[150, 200] == 1
    smith.key(KEY.Key_Z, CTRL)
    assert not smith.labels.any(), "one edit"


def test_a_fast_hand_leaves_no_gap(smith: Toolsmith) -> None:
    smith.window.settings.diameter = 6
    smith.key(KEY.Key_B)
    smith.drag((40, 40), (200, 300), (60, 280))
    count, _ = cv2.connectedComponents((smith.labels > 0).astype(np.uint8), connectivity=4)
    assert count == 2


def pen(
    smith: Toolsmith, kind: QEvent.Type, at: QPointF, pressure: float, *,
    eraser: bool = False, on: QWidget | None = None,
) -> None:  # fmt: skip
    end = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice(
        "pen", 7, QInputDevice.DeviceType.Stylus, end,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 3,
    )  # fmt: skip
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.TabletMove else left
    held = none if kind == QEvent.Type.TabletRelease else left
    event = QTabletEvent(
        kind, device, at, (on or smith.canvas).mapToGlobal(at), pressure, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, button, held,
    )  # fmt: skip
    QApplication.sendEvent(on or smith.canvas, event)


def test_a_pen_draws_wider_when_pressed_and_its_other_end_erases(smith: Toolsmith) -> None:
    smith.window.settings.diameter = 30
    smith.key(KEY.Key_B)
    kinds = QEvent.Type
    pen(smith, kinds.TabletPress, smith.at(100, 60), 0.2)
    pen(smith, kinds.TabletMove, smith.at(100, 100), 0.2)
    pen(smith, kinds.TabletMove, smith.at(100, 200), 1.0)
    pen(smith, kinds.TabletRelease, smith.at(100, 200), 0.0)
    thin, wide = int((smith.labels[:, 80] > 0).sum()), int((smith.labels[:, 190] > 0).sum())
    assert thin == pytest.approx(6, abs=2)
    assert wide == pytest.approx(30, abs=2)
    pen(smith, kinds.TabletPress, smith.at(100, 190), 1.0, eraser=True)
    pen(smith, kinds.TabletRelease, smith.at(100, 190), 0.0, eraser=True)
    assert smith.labels[100, 190] == 0


def test_a_pen_takes_the_keys_from_a_field_and_draws_nothing_under_the_map(smith: Toolsmith) -> None:
    smith.key(KEY.Key_B)
    field = smith.window.instances_panel.findChildren(QLineEdit)[0]
    field.setFocus()
    pen(smith, QEvent.Type.TabletPress, smith.at(100, 60), 0.5)
    pen(smith, QEvent.Type.TabletRelease, smith.at(100, 60), 0.0)
    assert smith.canvas.hasFocus()
    before = smith.labels.copy()
    smith.canvas.zoom_by(4)
    small = smith.canvas._map
    assert small.isVisible()
    seen = smith.canvas.view_rect
    at = QPointF(small.width() - 4, small.height() - 4)
    for kind in (QEvent.Type.TabletPress, QEvent.Type.TabletRelease):
        pen(smith, kind, at, 0.5, on=small)
    assert (smith.labels == before).all()
    assert smith.canvas.view_rect != seen, "it went there"


def test_a_thousand_pen_events_a_second_are_all_used_and_none_is_late(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.window.settings.diameter = 5
    smith.key(KEY.Key_B)
    kinds = QEvent.Type
    turns = np.linspace(0, 8 * np.pi, 2000)
    pen(smith, kinds.TabletPress, smith.at(150, 260), 1.0)
    for turn in turns:
        pen(smith, kinds.TabletMove, smith.at(150 + 80 * np.sin(turn * 1.1), 180 + 80 * np.cos(turn)), 1.0)
    qtbot.wait(1)
    pen(smith, kinds.TabletRelease, smith.at(150, 260), 0.0)
    for turn in turns[::50]:
        assert smith.labels[int(150 + 80 * np.sin(turn * 1.1)), int(180 + 80 * np.cos(turn))] == 1


def test_the_lasso_fills_what_it_goes_around_and_alt_takes_away(smith: Toolsmith) -> None:
    smith.key(KEY.Key_L)
    y, x, radius = CELLS[1]
    points = smith.circle(y, x, radius)
    smith.press(*points[0])
    for point in points[1:12]:
        smith.move(*point)
    smith.picture("lasso")
    for point in points[12:]:
        smith.move(*point)
    smith.release(*points[-1])
    assert smith.iou(1, 1) > 0.9
    smith.alt_drag(*smith.circle(y, x, 10))
    assert smith.labels[y, x] == 0
    assert smith.labels[y, x + 20] == 1
    smith.drag(*smith.circle(230, 250, 30))
    assert smith.ids == [1, 2], "apart from the selected one a new instance begins"


def test_a_lasso_without_area_draws_nothing(smith: Toolsmith) -> None:
    smith.key(KEY.Key_L)
    smith.click(100, 100)
    smith.drag((100, 100), (100, 160))
    smith.drag((-50, -50), (-80, -20), (-60, -60))
    assert not smith.labels.any()
    assert smith.window.session.document.history.undo_name is None


def test_escape_aborts_a_lasso_and_a_polygon(smith: Toolsmith) -> None:
    smith.key(KEY.Key_L)
    smith.press(50, 50)
    smith.move(50, 150)
    smith.move(150, 150)
    smith.key(KEY.Key_Escape)
    smith.release(150, 150)
    smith.key(KEY.Key_L, SHIFT)
    for point in ((50, 50), (50, 150), (150, 150)):
        smith.click(*point)
    smith.key(KEY.Key_Escape)
    assert not smith.window.tool_box.current.is_busy
    assert not smith.labels.any()


@pytest.mark.parametrize("end", ["first corner", "Enter", "double click"])
def test_a_polygon_is_closed_by_its_first_corner_enter_or_a_double_click(smith: Toolsmith, end: str) -> None:
    smith.key(KEY.Key_L, SHIFT)
    for point in ((50, 50), (50, 150), (150, 150), (170, 60)):
        smith.click(*point)
    smith.key(KEY.Key_Backspace)
    smith.move(160, 50)
    smith.picture("polygon")
    smith.click(150, 50)
    assert not smith.labels.any()
    if end == "first corner":
        smith.click(50.2, 50.2)
    elif end == "Enter":
        smith.key(KEY.Key_Return)
    else:
        smith.double_click(150, 50)
    assert int((smith.labels > 0).sum()) == pytest.approx(100 * 100, rel=0.03)
    assert smith.labels[165, 60] == 0, "the corner that was taken back does not count"
    smith.key(KEY.Key_Z, CTRL)
    assert not smith.labels.any()


def test_the_wand_takes_a_cell_and_dragging_changes_how_much(smith: Toolsmith) -> None:
    smith.window.settings.tolerance = 0
    smith.key(KEY.Key_W)
    y, x, _ = CELLS[1]
    smith.press(y, x)
    little = int((smith.labels > 0).sum())
    at = smith.at(y, x)
    smith.mouse(
        QEvent.Type.MouseMove, at + QPointF(120, 0), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    )
    smith.picture("wand")
    more = int((smith.labels > 0).sum())
    smith.release(y, x)
    assert more > little
    assert smith.iou(1, 1) > 0.85
    assert smith.window.settings.tolerance == 40, "what was set stays"
    smith.key(KEY.Key_Z, CTRL)
    assert not smith.labels.any()


def test_a_click_with_the_wand_that_finds_nothing_leaves_the_tolerance_alone(smith: Toolsmith) -> None:
    smith.key(KEY.Key_W)
    smith.click(-30, -30)
    smith.alt_drag((280, 20), (280, 60))
    assert smith.window.settings.tolerance == 24
    assert smith.window.session.document.history.undo_name is None


def test_the_wand_stops_at_a_neighbour(smith: Toolsmith) -> None:
    smith.draw_discs()
    fourth = int(smith.labels[150, 145])
    kept = smith.labels == fourth
    third = int(smith.labels[150, 80])
    smith.window.session.delete([third], name="Delete instance")
    smith.key(KEY.Key_W)
    smith.click(150, 80)
    assert (smith.labels[kept] == fourth).all()
    assert smith.labels[150, 80] not in (0, fourth)


@pytest.mark.parametrize("cell", [0, 1, 4])
def test_one_click_grows_to_the_cell(smith: Toolsmith, cell: int) -> None:
    smith.key(KEY.Key_G)
    y, x, _ = CELLS[cell]
    smith.click(y + 3, x - 4)
    smith.picture("grow")
    assert smith.iou(1, cell) > 0.9


def test_growing_follows_the_models_probability_where_there_is_one(smith: Toolsmith) -> None:
    session = smith.window.session
    probability = np.zeros((300, 360), np.uint8)
    cv2.circle(probability, (300, 60), 25, 240, -1)  # The image is plain there.
    session.current.probability = cv2.GaussianBlur(probability, (0, 0), 2)
    smith.key(KEY.Key_G)
    smith.click(60, 300)
    assert smith.labels[60, 300] == 1
    assert smith.area_of(1) == pytest.approx(np.pi * 25**2, rel=0.2)


def test_a_click_where_nothing_is_says_so(smith: Toolsmith) -> None:
    smith.key(KEY.Key_G)
    smith.click(270, 40)
    assert not smith.labels.any()
    assert "Nothing stands out" in smith.window.notice.text


def test_the_smart_edge_follows_the_rim_between_few_clicks(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.key(KEY.Key_S)
    y, x, radius = CELLS[4]
    tool = smith.window.tool_box.current
    for turn in np.arange(4) * np.pi / 2:
        smith.click(y + radius * np.sin(turn), x + radius * np.cos(turn))
        qtbot.waitUntil(lambda: tool._wire is not None, timeout=10_000)
        smith.move(y + radius * np.sin(turn + 1.2), x + radius * np.cos(turn + 1.2))
        tool.hover(smith.canvas._touch(smith.at(y, x + radius), _plain()))
    smith.picture("edge")
    smith.key(KEY.Key_Return)
    assert smith.iou(1, 4) > 0.88, "four straight lines would give 0.64"


def _plain() -> QMouseEvent:
    at = QPointF(0, 0)
    button = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, at, at, button, button, Qt.KeyboardModifier.NoModifier)


def test_a_box_finds_the_cell_in_it(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.key(KEY.Key_S, SHIFT)
    y, x, radius = CELLS[0]
    smith.press(y - radius - 7, x - radius - 6)
    smith.move(y + radius + 6, x + radius + 8)
    smith.picture("box")
    smith.release(y + radius + 6, x + radius + 8)
    qtbot.waitUntil(lambda: bool(smith.labels.any()), timeout=10_000)
    assert smith.iou(1, 0) > 0.9
    smith.drag((10, 10), (10, 10))
    assert smith.ids == [1]


def test_a_line_splits_and_leaves_a_seam(smith: Toolsmith) -> None:
    smith.draw_discs()
    second = int(smith.labels[60, 200])
    row = smith.window.session.document.instances.get(second)
    area = smith.area_of(second)
    smith.key(KEY.Key_K)
    smith.press(20, 205)
    smith.move(70, 195)
    smith.picture("split")
    smith.move(110, 205)
    smith.release(110, 205)
    new = max(smith.ids)
    assert smith.window.session.document.instances.get(new).origin == row.origin
    pieces = cv2.connectedComponents(np.isin(smith.labels, (second, new)).astype(np.uint8), connectivity=8)[0]
    assert pieces == 3, "background and two pieces that do not even touch at a corner"
    assert smith.area_of(second) + smith.area_of(new) > area * 0.94
    smith.key(KEY.Key_Z, CTRL)
    assert smith.area_of(second) == area


def test_a_line_that_cuts_nothing_apart_changes_nothing_and_says_so(smith: Toolsmith) -> None:
    smith.draw_discs()
    before = smith.labels
    smith.key(KEY.Key_K)
    smith.drag((60, 195), (60, 205))
    assert (smith.labels == before).all()
    assert "Nothing was split" in smith.window.notice.text


def test_split_at_waists_shows_its_pieces_and_dragging_changes_their_number(smith: Toolsmith) -> None:
    smith.draw_discs()
    third, fourth = int(smith.labels[150, 80]), int(smith.labels[150, 145])
    smith.window.session.merge(third, [fourth])
    both = smith.area_of(third)
    smith.key(KEY.Key_K, SHIFT)
    smith.press(150, 80)
    smith.picture("waist")
    assert len(set(np.unique(smith.labels[130:170, 70:150])) - {0}) == 2
    assert smith.window.tool_box.current.overlay.note.startswith("2 of up to")
    at = smith.at(150, 80)
    left = Qt.MouseButton.LeftButton
    smith.mouse(QEvent.Type.MouseMove, at - QPointF(40, 0), Qt.MouseButton.NoButton, left)
    assert smith.area_of(third) == both, "one piece: as it was"
    smith.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, left)
    smith.release(150, 80)
    pieces = sorted(smith.area_of(int(i)) for i in set(np.unique(smith.labels[130:170, 70:150])) - {0})
    assert pieces[0] > both * 0.4
    smith.key(KEY.Key_Z, CTRL)
    assert smith.area_of(third) == both


def test_two_clicks_merge_and_so_does_a_drag_across(smith: Toolsmith) -> None:
    smith.draw_discs()
    first, second, fifth = (int(smith.labels[y, x]) for y, x, _ in (CELLS[0], CELLS[1], CELLS[4]))
    smith.key(KEY.Key_M)
    smith.click(60, 70)
    smith.click(60, 200)
    assert smith.labels[60, 200] == first
    assert second not in smith.ids
    smith.press(60, 200)
    smith.move(230, 250)
    smith.picture("merge")
    smith.release(230, 250)
    assert smith.labels[230, 250] == first
    assert fifth not in smith.ids
    smith.key(KEY.Key_Z, CTRL)
    smith.key(KEY.Key_Z, CTRL)
    assert {first, second, fifth} <= set(smith.ids)


def test_merging_what_a_seam_divides_closes_the_seam(smith: Toolsmith) -> None:
    smith.draw_discs()
    second, whole = int(smith.labels[60, 200]), smith.area_of(int(smith.labels[60, 200]))
    smith.key(KEY.Key_K)
    smith.drag((20, 200), (110, 200))
    smith.key(KEY.Key_M)
    smith.drag((60, 190), (60, 215))
    merged = int(smith.labels[60, 200])
    assert merged in (second, max(smith.ids))
    assert smith.area_of(merged) >= whole * 0.99
    assert cv2.connectedComponents((smith.labels == merged).astype(np.uint8))[0] == 2


def test_a_lasso_deletes_what_lies_mostly_inside(smith: Toolsmith) -> None:
    smith.draw_discs()
    first, second = int(smith.labels[60, 70]), int(smith.labels[60, 200])
    smith.key(KEY.Key_D)
    smith.press(20, 20)
    for point in ((20, 190), (110, 190), (110, 20)):
        smith.move(*point)
    smith.picture("delete_lasso")
    smith.release(110, 20)
    assert first not in smith.ids
    assert second in smith.ids, "a corner of it was inside"
    assert smith.window.session.document.history.undo_name == "Delete instances in a lasso"


def test_a_lasso_accepts_or_rejects_proposals(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.undo()
    waiting = len(session.open_proposals())
    smith.key(KEY.Key_A, SHIFT)
    smith.press(20, 20)
    for point in ((20, 240), (110, 240), (110, 20)):
        smith.move(*point)
    smith.picture("accept_lasso")
    smith.release(110, 20)
    assert len(smith.ids) == 2
    smith.key(KEY.Key_R, SHIFT)
    smith.drag((190, 200), (190, 300), (280, 300), (280, 200))
    assert len(session.open_proposals()) == waiting - 3
    smith.drag((0, 0), (0, 9), (9, 9))
    assert "No proposal" in smith.window.notice.text


def test_accepting_goes_on_to_the_next_proposal(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.undo()
    visited = []
    for _ in range(len(CELLS)):
        smith.key(KEY.Key_Return, SHIFT)
        visited.append(session.selected_proposal)
    assert sorted(visited) == sorted(session.current.proposals.table)
    smith.key(KEY.Key_Delete, SHIFT)
    assert len(smith.ids) == len(CELLS) - 1
    assert not session.open_proposals()
    assert "No proposal waits" in smith.window.notice.text


def test_proposals_of_one_class_are_accepted_by_themselves(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.undo()
    table = session.current.proposals.table
    for number in (1, 2):
        table[number] = type(table[number])(number, table[number].rect, table[number].area_px, 2)
    reviewing = smith.window.reviewing
    assert reviewing.classes_waiting() == [1, 2]
    reviewing.accept_class(2)
    assert [session.document.instances.get(i).class_index for i in smith.ids] == [2, 2]
    reviewing.reject_class(1)
    assert not session.open_proposals()


def test_the_ruler_measures_and_changes_nothing(smith: Toolsmith) -> None:
    smith.window.session.current.source = _sized(smith, 0.5)
    smith.key(KEY.Key_R)
    smith.press(10, 10)
    smith.move(10, 110)
    smith.picture("ruler")
    assert smith.window.tool_box.current.overlay.note == "100.0 px = 50.00 µm"
    smith.release(10, 110)
    smith.key(KEY.Key_Escape)
    assert smith.window.tool_box.current.overlay is None
    assert not smith.labels.any()


def _sized(smith: Toolsmith, size_um: float) -> object:
    from dataclasses import replace

    return replace(smith.window.session.current.source, pixel_size_um=size_um)


def test_tools_outside_the_image_do_nothing(smith: Toolsmith) -> None:
    for tool_id in smith.window.tool_box.tools:
        smith.window.use_tool(tool_id)
        smith.drag((-60, -60), (-50, -40), (-45, -45))
        smith.click(900, 900)
        smith.key(KEY.Key_Escape)
    assert not smith.labels.any()
    assert not smith.window.notice.problem.isVisible()


def test_tools_without_an_image_do_nothing(hand: Hand) -> None:
    for tool_id in hand.window.tool_box.tools:
        hand.window.use_tool(tool_id)
        hand.drag((10, 10), (50, 50), (20, 80))
        hand.key(KEY.Key_F)
        hand.key(KEY.Key_Return)
        hand.key(KEY.Key_Escape)
    for action_id in hand.window.actions_by_id.rows:
        if action_id.startswith(("repair.", "stack.", "view.", "class.")):
            hand.window.actions_by_id[action_id].trigger()


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (1, 1), (2, 2)])
def test_every_tool_on_a_plane_of_a_single_row(hand: Hand, tmp_path: Path, shape: tuple[int, int]) -> None:
    folder = tmp_path / "line"
    folder.mkdir()
    cv2.imwrite(str(folder / "line.png"), np.arange(shape[0] * shape[1]).reshape(shape).astype(np.uint8))
    hand.open(folder)
    hand.canvas.fit()
    for tool_id in hand.window.tool_box.tools:
        hand.window.use_tool(tool_id)
        y, x = min(shape[0] - 0.5, 0.5), min(shape[1] - 0.5, 20.5)
        hand.click(y, x)
        hand.drag((0.5, 0.5), (y, x), (0.9, 0.9))
        hand.key(KEY.Key_Return)
        hand.key(KEY.Key_Escape)
    hand.window.repairs.on_all = True
    for name in ("fill_holes", "smooth", "grow", "shrink", "largest_piece", "cut_seams"):
        hand.window.actions_by_id[f"repair.{name}"].trigger()
        hand.qtbot.waitUntil(hand.window.job_bar.isHidden, timeout=5_000)
    assert not hand.window.notice.problem.isVisible()


# What a reviewer found


def test_merging_and_splitting_proposals_says_that_they_have_to_be_accepted(smith: Toolsmith) -> None:
    smith.draw_discs()
    smith.window.session.undo()
    assert not smith.ids
    smith.key(KEY.Key_M)
    smith.click(60, 70)
    assert "Proposals can be merged when accepted" in smith.window.notice.text
    smith.key(KEY.Key_K)
    smith.drag((20, 200), (110, 200))
    assert "Proposals can be split when they are accepted" in smith.window.notice.text


def test_the_third_click_of_the_merge_tool_begins_the_next_pair(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.select(instance=int(smith.labels[230, 250]))
    smith.key(KEY.Key_M)
    smith.click(60, 70)
    assert len(smith.ids) == len(CELLS), "what was selected before is none of its business"
    smith.click(60, 200)
    smith.click(230, 250)
    assert len(smith.ids) == len(CELLS) - 1
    smith.key(KEY.Key_Escape)
    smith.click(150, 80)
    assert len(smith.ids) == len(CELLS) - 1
    smith.key(KEY.Key_Z, CTRL)
    assert len(smith.ids) == len(CELLS) - 1, "the first click is taken back, not the last merge"
    smith.key(KEY.Key_Z, CTRL)
    assert len(smith.ids) == len(CELLS)


def test_erasing_the_selected_only_erases_nothing_without_a_selection(smith: Toolsmith) -> None:
    smith.draw_discs()
    before = smith.labels
    smith.window.session.select()
    smith.window.settings.erase_selected_only = True
    smith.key(KEY.Key_E)
    smith.drag((60, 60), (60, 220))
    assert (smith.labels == before).all()
    assert "No instance is selected" in smith.window.notice.text
    smith.key(KEY.Key_B)
    smith.alt_drag((60, 60), (60, 220))
    smith.key(KEY.Key_L)
    smith.alt_drag(*smith.circle(60, 70, 20))
    assert (smith.labels == before).all()


def test_painting_inside_without_a_selection_says_so(smith: Toolsmith) -> None:
    smith.draw_discs()
    before = smith.labels
    smith.window.session.select()
    smith.window.settings.mode = BrushMode.INSIDE
    for key in (KEY.Key_B, KEY.Key_L, KEY.Key_W, KEY.Key_G):
        smith.key(key)
        smith.drag((60, 60), (60, 90), (80, 70))
    assert (smith.labels == before).all()
    assert smith.window.session.selected_instance == 0
    assert "No instance is selected" in smith.window.notice.text


def test_a_lasso_that_begins_in_the_selected_instance_adds_and_beside_it_makes_a_new_one(
    smith: Toolsmith,
) -> None:
    smith.key(KEY.Key_L)
    smith.drag(*smith.circle(100, 100, 30))
    smith.drag(*smith.circle(100, 155, 30))
    assert smith.ids == [1, 2], "they touch, and are two"
    smith.window.session.select(instance=1)
    smith.drag((100, 100), (160, 70), (160, 130), (100, 110))
    assert smith.ids == [1, 2]
    assert smith.labels[150, 100] == 1


def test_alt_and_the_wand_do_not_touch_a_neighbour(smith: Toolsmith) -> None:
    smith.draw_discs()
    fourth = int(smith.labels[150, 145])
    kept = smith.labels == fourth
    smith.key(KEY.Key_W)
    smith.alt_drag((150, 80), (150, 80))
    assert (smith.labels == fourth)[kept].all()
    assert smith.labels[150, 80] == 0


def test_changing_the_tool_in_a_stroke_keeps_the_stroke(smith: Toolsmith) -> None:
    smith.key(KEY.Key_B)
    smith.press(100, 100)
    smith.move(100, 160)
    smith.key(KEY.Key_E)
    assert smith.labels[100, 130] == 1
    assert smith.window.session.document.history.undo_name == "Brush stroke"


def test_a_stroke_ends_when_the_button_went_up_somewhere_else(smith: Toolsmith) -> None:
    smith.key(KEY.Key_B)
    smith.press(100, 100)
    smith.move(100, 120)
    none = Qt.MouseButton.NoButton
    smith.mouse(QEvent.Type.MouseMove, smith.at(200, 200), none, none)
    smith.mouse(QEvent.Type.MouseMove, smith.at(250, 300), none, none)
    assert smith.labels[100, 120] == 1
    assert smith.labels[200, 200] == 0
    assert not smith.canvas.is_drawing


def test_a_repair_that_comes_back_waits_for_the_hand(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    smith.key(KEY.Key_D)
    smith.press(20, 20)
    smith.move(20, 120)
    smith.window.actions_by_id["repair.cut_seams"].trigger()
    qtbot.waitUntil(smith.window.job_bar.isHidden, timeout=10_000)
    qtbot.wait(20)
    edits = len(smith.window.session.document.history.done)
    assert len(smith.ids) == len(CELLS), "the half-drawn lasso deleted nothing"
    smith.move(110, 120)
    smith.move(110, 20)
    smith.release(110, 20)
    assert len(smith.ids) == len(CELLS) - 1
    assert len(smith.window.session.document.history.done) == edits + 2


def test_rejecting_is_undone_like_everything_else(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.undo()
    smith.key(KEY.Key_B)
    smith.drag((280, 20), (280, 60))
    smith.key(KEY.Key_R, SHIFT)
    smith.drag((5, 5), (5, 355), (270, 355), (270, 5))
    assert not session.open_proposals()
    smith.key(KEY.Key_Z, CTRL)
    assert len(session.open_proposals()) == len(CELLS)
    assert smith.labels[280, 40] > 0, "the stroke is as it was"
    smith.key(KEY.Key_Y, CTRL)
    assert not session.open_proposals()


def test_a_deleted_instance_does_not_come_back_as_a_proposal(smith: Toolsmith) -> None:
    smith.draw_discs()
    session = smith.window.session
    session.select(instance=int(smith.labels[60, 70]))
    smith.key(KEY.Key_Delete)
    assert not session.open_proposals()
    smith.key(KEY.Key_Z, CTRL)
    smith.key(KEY.Key_Z, CTRL)
    assert len(session.open_proposals()) == len(CELLS), "accepting itself was undone"


def test_a_pen_pans_with_space_and_closes_a_polygon_with_two_taps(smith: Toolsmith, qtbot: QtBot) -> None:
    kinds = QEvent.Type
    smith.key(KEY.Key_B)
    qtbot.keyPress(smith.canvas, KEY.Key_Space)
    start = smith.at(100, 100)
    pen(smith, kinds.TabletPress, start, 1.0)
    pen(smith, kinds.TabletMove, start + QPointF(30, 0), 1.0)
    pen(smith, kinds.TabletRelease, start + QPointF(30, 0), 0.0)
    qtbot.keyRelease(smith.canvas, KEY.Key_Space)
    assert not smith.labels.any()
    assert smith.at(100, 100).x() == pytest.approx(start.x() + 30)
    smith.key(KEY.Key_L, SHIFT)
    for y, x in ((50, 50), (50, 150), (150, 150), (150, 60), (150, 60)):
        pen(smith, kinds.TabletPress, smith.at(y, x), 1.0)
        pen(smith, kinds.TabletRelease, smith.at(y, x), 0.0)
    assert smith.labels[100, 120] == 1


def test_a_cell_drawn_over_by_another_while_it_is_selected(smith: Toolsmith) -> None:
    smith.draw_discs()
    smith.window.session.select(instance=smith.ids[0])
    document, chosen = smith.window.session.document, smith.ids[0]
    rect = document.instance_rect(chosen)
    document.begin_stroke("Brush stroke")
    document.paint(MaskRegion(rect, np.ones(rect.shape, bool)), document.new_instance_id())
    assert document.instance_rect(chosen).is_empty
    document.abort_stroke()
    assert document.instance_rect(chosen) == rect


def test_checking_while_something_is_drawn_waits_for_the_end_of_the_stroke(smith: Toolsmith) -> None:
    smith.key(KEY.Key_B)
    smith.press(100, 60)
    smith.move(100, 90)
    smith.key(KEY.Key_C)
    assert not smith.window.session.document.is_checked
    smith.move(140, 90)
    smith.release(140, 90)
    assert smith.labels[100, 75] > 0
    assert smith.labels[130, 90] > 0
    assert smith.window.session.document.is_checked
    assert smith.window.actions_by_id["edit.checked"].isChecked()


def test_labels_come_back_with_their_key_whatever_else_is_held(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    smith.canvas.setFocus()
    qtbot.keyPress(smith.canvas, KEY.Key_X)
    assert not smith.canvas.layer.is_visible
    qtbot.keyRelease(smith.canvas, KEY.Key_X, Qt.KeyboardModifier.ShiftModifier)
    assert smith.canvas.layer.is_visible
    slider = smith.window.display_panel.gamma
    slider.setValue(40)
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton)
    assert slider.value() == 0
