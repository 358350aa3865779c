"""Around the tools: repairs, classes, looks, the instance table, shortcuts, the palette, stacks."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from tests.gui.toolsmith import CELLS, CTRL, KEY, SHIFT, Toolsmith
from unet_studio.core.geometry import Rect
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import MaskRegion, rectangle
from unet_studio.gui.app import Studio
from unet_studio.gui.dialogs.command_palette import CommandPalette, match
from unet_studio.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from unet_studio.gui.loaded_image import load_image
from unet_studio.gui.theme import label_palette
from unet_studio.gui.tools.tool import BrushMode
from unet_studio.settings.preferences import load_preferences
from unet_studio.store.project_store import ProjectStore


def put(hand: Hand, labels: np.ndarray) -> None:
    """Give the shown image these labels, as one stroke for each id."""
    session = hand.window.session
    document = session.document
    assert document is not None
    for number in np.unique(labels[labels > 0]).tolist():
        document.begin_stroke("Brush stroke")
        document.paint(MaskRegion(document.bounds, labels == number), number)
        session.publish(document.finish_stroke())
    hand.canvas.layer.forget(document.bounds)
    hand.canvas.refresh()


def trigger(hand: Hand, action_id: str, qtbot: QtBot) -> None:
    hand.window.actions_by_id[action_id].trigger()
    qtbot.waitUntil(hand.window.job_bar.isHidden, timeout=10_000)


# Repairs


def test_f_fills_the_holes_of_the_selected_instance(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[50:100, 50:100], labels[70:75, 70:75] = 1, 0
    labels[150:200, 50:100], labels[170:175, 70:75] = 2, 0
    put(smith, labels)
    smith.window.session.select(instance=1)
    smith.key(KEY.Key_F)
    assert smith.labels[72, 72] == 1
    assert smith.labels[172, 72] == 0
    smith.window.repairs.on_all = True
    trigger(smith, "repair.fill_holes", qtbot)
    assert smith.labels[172, 72] == 2


@pytest.mark.parametrize("on_all", [False, True])
def test_grow_and_shrink_go_by_the_pixels_that_are_set(smith: Toolsmith, qtbot: QtBot, on_all: bool) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 100:140] = 1
    labels[100:140, 145:180] = 2
    put(smith, labels)
    smith.window.session.select(instance=1)
    smith.window.repairs.on_all = on_all
    smith.window.settings.reshape_px = 3
    trigger(smith, "repair.grow", qtbot)
    assert smith.labels[120, 97] == 1
    assert smith.labels[120, 96] == 0
    assert (smith.labels[100:140, 145:180] == 2).all(), "a neighbour gives nothing away"
    assert smith.labels[120, 182] == (2 if on_all else 0)
    smith.key(KEY.Key_Z, CTRL)
    assert (smith.labels == labels).all(), "all of it is one edit"
    trigger(smith, "repair.shrink", qtbot)
    assert smith.labels[120, 103] == 1
    assert smith.labels[120, 102] == 0


@pytest.mark.parametrize("on_all", [False, True])
def test_shrinking_takes_nothing_where_the_image_ends(smith: Toolsmith, qtbot: QtBot, on_all: bool) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[0:30, 100:140] = 1
    put(smith, labels)
    smith.window.session.select(instance=1)
    smith.window.repairs.on_all = on_all
    smith.window.settings.reshape_px = 3
    trigger(smith, "repair.shrink", qtbot)
    ys, xs = np.nonzero(smith.labels)
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (0, 26, 103, 136), "the cell goes on beyond the image"


def test_repairs_of_all_leave_what_is_not_counted(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[200:203, 200:203] = 1
    put(smith, labels)
    smith.window.session.select(instance=1)
    smith.window.classes.set_stuff(smith.window.session.class_of(1), is_stuff=True)
    smith.window.settings.min_area_px = 100
    trigger(smith, "repair.delete_small", qtbot)
    assert smith.ids == [1]


def test_what_was_drawn_while_all_were_repaired_stays(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 100:140] = 1
    put(smith, labels)
    smith.window.repairs.on_all = True
    smith.window.settings.reshape_px = 10
    smith.window.actions_by_id["repair.grow"].trigger()
    smith.window.session.select()
    smith.key(KEY.Key_B)
    smith.drag((120, 142), (120, 160))  # In the way of what is being computed.
    drawn = smith.labels == 2
    qtbot.waitUntil(smith.window.job_bar.isHidden, timeout=10_000)
    assert (smith.labels[drawn] == 2).all()
    assert smith.labels[120, 91] == 1


def test_seams_are_cut_everywhere_as_one_edit(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 100:140], labels[100:140, 140:180], labels[140:160, 120:150] = 1, 2, 3
    labels[250:270, 250:262], labels[250:270, 262:270] = 4, 5  # Across the border of two tiles.
    put(smith, labels)
    trigger(smith, "repair.cut_seams", qtbot)
    cut = smith.labels
    assert set(np.unique(cut)) == {0, 1, 2, 3, 4, 5}
    for number in (1, 2, 3, 4, 5):
        around = cv2.dilate((cut == number).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert set(np.unique(cut[around])) <= {0, number}
    assert (cut != labels).sum() < 150
    smith.key(KEY.Key_Z, CTRL)
    assert (smith.labels == labels).all()
    smith.key(KEY.Key_Y, CTRL)
    trigger(smith, "repair.cut_seams", qtbot)
    assert "it is so already" in smith.window.notice.text


def test_small_ones_and_those_at_the_border_go(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[0:30, 50:90], labels[100:140, 100:140], labels[200:203, 200:203], labels[280:300, 10:40] = (
        1,
        2,
        3,
        4,
    )
    put(smith, labels)
    smith.window.settings.min_area_px = 10
    trigger(smith, "repair.delete_small", qtbot)
    assert smith.ids == [1, 2, 4]
    trigger(smith, "repair.delete_at_border", qtbot)
    assert smith.ids == [2]
    trigger(smith, "repair.delete_at_border", qtbot)
    assert "no such instance" in smith.window.notice.text


def test_only_the_largest_piece_is_kept(smith: Toolsmith, qtbot: QtBot) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 100:140], labels[200:205, 300:310] = 1, 1
    put(smith, labels)
    smith.window.session.select(instance=1)
    trigger(smith, "repair.largest_piece", qtbot)
    assert (smith.labels > 0).sum() == 1600
    trigger(smith, "repair.smooth", qtbot)
    assert smith.labels[100, 100] == 0, "a corner is rounded"
    assert smith.labels[120, 120] == 1


# Classes


def test_number_keys_give_the_selected_instance_a_class_and_new_ones_begin_in_it(
    smith: Toolsmith,
    cells: Path,
) -> None:
    window = smith.window
    window.classes.add()
    window.classes.rename(2, "Nucleus")
    smith.key(KEY.Key_1)
    smith.key(KEY.Key_B)
    smith.drag((50, 50), (50, 90))
    smith.key(KEY.Key_2)
    assert window.session.document.instances.get(1).class_index == 2
    assert window.session.document.history.undo_name == "Set class"
    smith.key(KEY.Key_N)
    smith.drag((150, 50), (150, 90))
    assert window.session.document.instances.get(2).class_index == 2
    smith.key(KEY.Key_9)
    assert window.classes.active.name == "Nucleus", "there is no ninth class"
    assert window.session.close_project()
    window.open_paths([cells])
    smith.wait_image()
    assert [row.name for row in window.classes.table] == ["Cell", "Nucleus"]
    assert window.classes.active.name == "Nucleus"
    assert window.session.document.instances.get(1).class_index == 2


def test_all_of_an_uncountable_class_is_one_instance(smith: Toolsmith) -> None:
    window = smith.window
    window.classes.add()
    window.classes.set_stuff(2, is_stuff=True)
    smith.key(KEY.Key_B)
    smith.drag((50, 50), (50, 90))
    smith.key(KEY.Key_N)
    smith.drag((150, 50), (150, 90))
    assert smith.ids == [1]
    assert window.session.document.instances.get(1).class_index == 2
    smith.key(KEY.Key_1)
    assert window.session.document.instances.get(1).class_index == 1


def test_a_class_in_use_can_be_removed_and_its_instances_stay(smith: Toolsmith) -> None:
    window = smith.window
    window.classes.add()
    smith.key(KEY.Key_B)
    smith.drag((50, 50), (50, 90))
    window.classes.remove(2)
    assert window.classes.active.index == 1
    assert window.session.document.instances.get(1).class_index == 2
    assert window.classes.name_of(1) == "#2"


def colour_at(smith: Toolsmith, y: float, x: float) -> tuple[int, int, int]:
    smith.qtbot.waitUntil(lambda: not smith.canvas._sharpen.isActive(), timeout=2_000)
    pixel = smith.canvas.grab().toImage().pixelColor(smith.at(y, x).toPoint())
    return pixel.red(), pixel.green(), pixel.blue()


def test_colours_can_be_those_of_the_classes(smith: Toolsmith) -> None:
    window = smith.window
    window.classes.add()
    window.classes.recolour(2, (10, 200, 30))
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 20:60], labels[200:240, 20:60] = 1, 2
    put(smith, labels)
    document = window.session.document
    window.session.publish(document.set_class([2], 2, name="Set class"))
    window.canvas.layer.style = type(window.canvas.layer.style)(opacity=1.0)
    window.actions_by_id["view.by_class"].trigger()
    assert colour_at(smith, 220, 40) == (10, 200, 30)
    assert colour_at(smith, 120, 40) == window.classes.table.get(1).colour
    window.actions_by_id["view.by_class"].trigger()
    assert colour_at(smith, 120, 40) == tuple(int(v) for v in label_palette()[1][::-1])


# Looks


def test_x_hides_the_labels_while_it_is_held(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    with_labels = colour_at(smith, 60, 70)
    smith.canvas.setFocus()
    qtbot.keyPress(smith.canvas, KEY.Key_X)
    hidden = colour_at(smith, 60, 70)
    qtbot.keyRelease(smith.canvas, KEY.Key_X)
    assert hidden[0] == hidden[1] == hidden[2]
    assert colour_at(smith, 60, 70) == with_labels != hidden


def test_o_turns_outlines_off_and_on(smith: Toolsmith) -> None:
    labels = np.zeros((300, 360), np.int32)
    labels[100:140, 20:60] = 1
    put(smith, labels)
    smith.canvas.zoom_by(3, smith.at(100, 40))
    rim, inside = colour_at(smith, 100.05, 40.5), colour_at(smith, 110, 40.5)
    smith.key(KEY.Key_O)
    assert colour_at(smith, 100.05, 40.5) != rim
    smith.key(KEY.Key_O)
    smith.key(KEY.Key_O, SHIFT)
    assert colour_at(smith, 100.05, 40.5) == rim
    assert colour_at(smith, 110, 40.5) != inside


def test_contrast_is_dragged_on_the_histogram_and_kept_for_the_next_image(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    window = hand.window
    histogram = window.display_panel.histogram
    auto = window.session.current.contrast
    end = QPoint(round(histogram._x(histogram._high)), 20)
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=end)
    qtbot.mouseMove(histogram, end - QPoint(20, 0))
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=end - QPoint(20, 0))
    set_by_hand = window.session.current.contrast
    assert set_by_hand.channels[0].high < auto.channels[0].high
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field2.png")
    assert window.session.current.contrast == set_by_hand
    hand.key(KEY.Key_L, CTRL)
    assert window.session.current.contrast == window.session.current.display.auto
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field3.png")
    assert window.session.current.contrast == window.session.current.display.auto


def test_inverted_and_gamma_change_what_is_seen_and_not_the_image(smith: Toolsmith) -> None:
    plane = smith.window.session.current.plane.copy()
    bright = colour_at(smith, 60, 70)[0]
    smith.key(KEY.Key_I, CTRL)
    assert colour_at(smith, 60, 70)[0] == 255 - bright
    smith.key(KEY.Key_I, CTRL)
    dark = colour_at(smith, 280, 30)[0]
    smith.window.display_panel.gamma.setValue(60)
    assert colour_at(smith, 280, 30)[0] > dark
    assert (smith.window.session.current.plane == plane).all()


def test_channels_are_shown_and_hidden_one_by_one(hand: Hand, tmp_path: Path) -> None:
    stack = np.zeros((4, 90, 100), np.uint16)
    for channel in range(4):
        stack[channel, 20 * channel : 20 * channel + 15] = 1000 + channel
    folder = tmp_path / "four"
    folder.mkdir()
    tifffile.imwrite(folder / "four.tif", stack, metadata={"axes": "CYX"})
    hand.open(folder)
    panel = hand.window.display_panel
    smith = Toolsmith(hand.window, hand.qtbot)
    assert panel.channel.count() == 4
    assert colour_at(smith, 7, 50)[0] > 200
    assert colour_at(smith, 67, 50) == (0, 0, 0), "the fourth is hidden at first"
    panel.channel.setCurrentIndex(3)
    panel.is_visible.setChecked(True)
    assert min(colour_at(smith, 67, 50)) > 200
    panel.channel.setCurrentIndex(0)
    panel.is_visible.setChecked(False)
    assert colour_at(smith, 7, 50) == (0, 0, 0)


def test_hovering_names_what_lies_under_the_pointer(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    smith.key(KEY.Key_I)
    smith.mouse(smith_move(), smith.at(60, 70), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    number = int(smith.labels[60, 70])
    qtbot.waitUntil(lambda: smith.canvas._tag == f"{number}  Cell", timeout=2_000)
    assert smith.window._hover.text().startswith(f"{number}  Cell   70, 60: ")
    smith.mouse(smith_move(), smith.at(280, 30), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    qtbot.waitUntil(lambda: not smith.canvas._tag, timeout=2_000)


def smith_move() -> object:
    from PySide6.QtCore import QEvent

    return QEvent.Type.MouseMove


def test_the_mini_map_shows_when_not_all_is_seen_and_goes_where_it_is_clicked(
    smith: Toolsmith,
    qtbot: QtBot,
) -> None:
    mini_map = smith.canvas._map
    assert not mini_map.isVisible()
    smith.canvas.zoom_by(6)
    assert mini_map.isVisible()
    qtbot.mouseClick(mini_map, Qt.MouseButton.LeftButton, pos=QPoint(mini_map.width() - 5, 5))
    seen = smith.canvas.view_rect
    assert seen.right > 330
    assert seen.top < 20
    smith.key(KEY.Key_0, CTRL)
    assert not mini_map.isVisible()


# Panels


def test_the_instance_table_sorts_filters_and_goes_there(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    smith.canvas.zoom_by(10, QPointF(5, 5))
    panel = smith.window.instances_panel
    smith.key(KEY.Key_J)
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(CELLS), timeout=2_000)
    panel.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    largest = int(smith.labels[CELLS[4][0], CELLS[4][1]])
    assert panel.model.instance_at(0) == largest
    rect = panel.table.visualRect(panel.model.index(0, 1))
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert smith.window.session.selected_instance == largest
    assert smith.canvas.view_rect.contains_point(CELLS[4][0], CELLS[4][1])
    panel.filter.setText(f">{smith.area_of(largest) - 1}")
    assert panel.model.rowCount() == 1
    panel.filter.setText("prop")
    assert panel.model.rowCount() == len(CELLS)
    panel.filter.setText("")
    smith.canvas.setFocus()
    smith.key(KEY.Key_Delete)
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(CELLS) - 1, timeout=2_000)


def test_a_hundred_thousand_instances_are_in_the_table_at_once(smith: Toolsmith, qtbot: QtBot) -> None:
    from unet_studio.core.instances import Instance

    model = smith.window.instances_panel.model
    model.show_rows([(Instance(i), i % 977) for i in range(1, 100_001)])
    model.sort(2, Qt.SortOrder.DescendingOrder)
    model.filter("999")
    assert model.rowCount() > 200


def test_the_image_list_shows_only_what_is_not_checked_if_asked(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    panel = hand.window.images_panel
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field2.png")
    hand.key(KEY.Key_C)
    hand.key(KEY.Key_PageUp)
    hand.wait_image("field1.png")
    panel.only_unchecked.setChecked(True)
    assert len(panel.shown_ids()) == 2
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field3.png")
    hand.qtbot.waitUntil(lambda: bool(panel._pictures), timeout=5_000)
    third = hand.window.session.current.id
    assert third in panel.shown_ids()
    hand.key(KEY.Key_C)
    assert third in panel.shown_ids(), "the shown one stays"
    hand.key(KEY.Key_PageUp)
    hand.wait_image("field1.png")
    assert third not in panel.shown_ids()


# Shortcuts and palette


def test_question_mark_shows_every_command_with_its_keys(smith: Toolsmith) -> None:
    dialog = ShortcutsDialog(smith.window, smith.window.actions_by_id)
    texts = {
        dialog.table.item(row, 0).text(): dialog.table.item(row, 1).text()
        for row in range(dialog.table.rowCount())
    }
    assert texts["Brush"] == "B"
    assert texts["Undo"] == "Ctrl+Z"
    assert texts["Show labels"] == "X"
    dialog.search.setText("split")
    shown = [row for row in range(dialog.table.rowCount()) if not dialog.table.isRowHidden(row)]
    assert 1 <= len(shown) <= 3


def test_a_key_that_is_taken_is_told_and_then_changes_hands(smith: Toolsmith) -> None:
    actions = smith.window.actions_by_id
    dialog = ShortcutsDialog(smith.window, actions)
    dialog.choose("tool.lasso")
    dialog.edit.setKeySequence(QKeySequence("B"))
    assert "Brush" in dialog.conflict.text()
    dialog.set.click()
    smith.key(KEY.Key_B)
    assert smith.window.tool_box.current_id == "tool.lasso"
    assert actions.keys_text("tool.brush") == ""
    assert load_preferences().shortcuts == {"tool.lasso": ["B"], "tool.brush": []}
    assert "(B)" in actions["tool.lasso"].toolTip()
    dialog.reset.click()
    smith.key(KEY.Key_B)
    assert smith.window.tool_box.current_id == "tool.brush"
    assert load_preferences().shortcuts == {}


def test_every_shortcut_belongs_to_one_command_only(smith: Toolsmith) -> None:
    actions = smith.window.actions_by_id
    for action_id in actions.rows:
        for key in actions.keys_of(action_id):
            assert not actions.users_of(key, but=action_id), key.toString()


def test_the_palette_finds_commands_by_a_few_letters(smith: Toolsmith) -> None:
    palette = CommandPalette(smith.window, smith.window.actions_by_id)
    palette.show()
    palette.search.setText("acc all")
    palette.search.setText("brush")
    assert palette.list.item(0).text() == "Brush"
    palette.search.setText("waist")
    palette.search.returnPressed.emit()  # Offscreen, the key would go to the window behind.
    assert palette.chosen == "tool.waist"
    smith.window.actions_by_id[palette.chosen].trigger()
    assert smith.window.tool_box.current_id == "tool.waist"
    assert match("xyz", "Brush", "Brush") is None
    assert match("brs", "Brush", "Brush") == 3


def test_every_tool_has_an_icon_a_key_a_hint_and_a_place_in_the_menu(smith: Toolsmith) -> None:
    actions = smith.window.actions_by_id
    in_menus = {a.objectName() for menu in smith.window.menuBar().actions() for a in menu.menu().actions()}
    for tool_id, tool in smith.window.tool_box.tools.items():
        assert actions.keys_of(tool_id), tool_id
        assert tool.hint
        assert len(tool.hint) < 120
        assert tool_id in in_menus
    assert set(actions.rows) <= in_menus | {"help.palette"}


# Small screens


def test_everything_fits_a_laptop_of_1366_by_768(smith: Toolsmith) -> None:
    assert smith.window.minimumSizeHint().width() <= 1366
    assert smith.window.minimumSizeHint().height() <= 700


# Stacks


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    planes = np.zeros((7, 200, 220), np.uint8)
    for z in range(7):
        cv2.circle(planes[z], (110, 100), 20 + 5 * z, 180, -1)
    folder = tmp_path / "stack"
    folder.mkdir()
    tifffile.imwrite(folder / "stack.tif", planes, metadata={"axes": "ZYX"})
    return folder


def test_a_stack_has_a_slider_and_every_plane_its_labels(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    window, session = hand.window, hand.window.session
    assert window.plane_bar.isVisible()
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    hand.key(KEY.Key_Period)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert not session.document.labels.indices()
    assert window.plane_bar.sliders["z"].value() == 1
    assert "z 2 of 7" in session.current.shape_text
    window.plane_bar.sliders["z"].setValue(6)
    qtbot.waitUntil(lambda: session.current.z == 6, timeout=5_000)
    hand.key(KEY.Key_Period)
    qtbot.wait(50)
    assert session.current.z == 6, "there is no plane behind the last one"
    window.plane_bar.sliders["z"].setValue(0)
    qtbot.waitUntil(lambda: session.current.z == 0, timeout=5_000)
    assert session.document.labels.indices()


def test_copying_to_the_next_plane_keeps_the_number_and_the_class(
    hand: Hand, stack: Path, qtbot: QtBot
) -> None:
    hand.open(stack)
    window, session = hand.window, hand.window.session
    window.classes.add()
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    here = session.document.read(session.document.bounds)
    with qtbot.waitSignal(window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert (session.document.read(session.document.bounds) == here).all()
    assert session.document.instances.get(1).class_index == 2
    assert session.document.next_id == 2
    assert session.document.history.undo_name == "Copy from another plane"
    hand.key(KEY.Key_Z, CTRL)
    assert not session.document.labels.indices()
    assert session.close_project()
    store = ProjectStore(stack / "stack.unetproject")
    places = store.plane_places(1)
    assert [place.z for place in places] == list(range(7))
    assert not store.load_document(places[1].id).labels.indices()
    store.close()


def test_copying_all_to_the_next_plane_renumbers_only_what_collides(
    hand: Hand, stack: Path, qtbot: QtBot
) -> None:
    hand.open(stack)
    session = hand.window.session

    def draw(number: int, top: int) -> None:
        document = session.document
        document.begin_stroke("Brush stroke")
        document.paint(rectangle(Rect(top, 20, top + 10, 30)), number)
        session.publish(document.finish_stroke())

    draw(2, 10)
    hand.key(KEY.Key_Period)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    draw(2, 180)  # Far from the other one: another cell.
    hand.key(KEY.Key_Comma)
    qtbot.waitUntil(lambda: session.current.z == 0, timeout=5_000)
    for number in (3, 4, 5):  # The next plane does not know that these numbers are taken.
        draw(number, 30 * number)
    session.select()
    with qtbot.waitSignal(hand.window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert [session.document.instance_at(30 * number + 5, 25) for number in (3, 4, 5)] == [3, 4, 5]
    assert session.document.instance_at(185, 25) == 2
    assert session.document.instance_at(15, 25) == 6, "2 is another cell there"


def test_copying_after_an_outline_was_given_up_copies_what_there_is(
    hand: Hand, stack: Path, qtbot: QtBot
) -> None:
    hand.open(stack)
    session = hand.window.session
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    session.select()
    hand.press(150, 50)
    hand.move(150, 90)
    hand.key(KEY.Key_Escape)
    hand.release(150, 90)
    assert session.selected_instance == 0, "the one that was to begin is none"
    with qtbot.waitSignal(hand.window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert [row.id for row in session.document.instances] == [1]


def test_interpolating_draws_the_planes_in_between(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    window, session = hand.window, hand.window.session

    def draw(size: int) -> None:
        document = session.document
        document.begin_stroke("Brush stroke")
        document.paint(rectangle(Rect(100 - size, 100 - size, 100 + size, 100 + size)), 1)
        session.publish(document.finish_stroke())

    draw(10)
    window.stacks.step_z(1)
    session.show_plane(0, 6)
    qtbot.waitUntil(lambda: session.current.z == 6, timeout=5_000)
    draw(40)
    session.select(instance=1)
    with qtbot.waitSignal(window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_J, CTRL)
    areas = []
    for z in range(7):
        session.show_plane(0, z)
        qtbot.waitUntil(lambda z=z: session.current.z == z, timeout=5_000)
        areas.append(session.document.instances.area_px(1))
    assert areas == sorted(areas)
    assert areas[3] == pytest.approx(50**2, rel=0.1), "half way between 20 and 80 px"
    session.show_plane(0, 3)
    qtbot.waitUntil(lambda: session.current.z == 3, timeout=5_000)
    hand.key(KEY.Key_Z, CTRL)
    assert session.document.instances.area_px(1) == 0


def test_masks_of_a_stack_are_exported_plane_by_plane(
    hand: Hand, stack: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    hand.open(stack)
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    with qtbot.waitSignal(hand.window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
    out = tmp_path / "masks"
    with qtbot.waitSignal(hand.window.asking.exported, timeout=10_000):
        hand.window.asking.export(out, ("label-tiff",))
    assert len(list(out.iterdir())) == 2


# Starting


def test_the_window_opens_on_the_project_that_was_open_last(
    hand: Hand, folder: Path, studio: Studio, qtbot: QtBot
) -> None:
    hand.open(folder)
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field2.png")
    assert hand.window.session.close_project()
    studio.reopen()
    hand.wait_image("field2.png")


def test_without_a_last_project_the_window_is_empty(hand: Hand, studio: Studio) -> None:
    studio.reopen()
    assert hand.window.session.store is None


# What a reviewer found


def test_repairs_of_all_leave_uncountable_classes_alone(smith: Toolsmith, qtbot: QtBot) -> None:
    window = smith.window
    window.classes.add()
    window.classes.set_stuff(2, is_stuff=True)
    labels = np.zeros((300, 360), np.int32)
    labels[20:60, 20:60], labels[200:220, 200:220], labels[30:40, 30:40] = 1, 1, 0
    put(smith, labels)
    window.session.select(instance=1)
    smith.key(KEY.Key_2)
    window.repairs.on_all = True
    for name in ("fill_holes", "largest_piece", "grow"):
        trigger(smith, f"repair.{name}", qtbot)
    assert (smith.labels == labels).all()


def test_uncountable_instances_become_one_when_the_class_is_given_or_accepted(smith: Toolsmith) -> None:
    window, session = smith.window, smith.window.session
    smith.draw_discs()
    window.classes.add()
    window.classes.set_stuff(2, is_stuff=True)
    for cell in (0, 1):
        session.select(instance=int(smith.labels[CELLS[cell][:2]]))
        smith.key(KEY.Key_2)
    document = session.document
    assert [row.class_index for row in document.instances].count(2) == 1
    assert len(smith.ids) == len(CELLS) - 1


def test_what_became_part_of_an_uncountable_instance_waits_again_when_that_is_undone(
    smith: Toolsmith,
) -> None:
    window, session = smith.window, smith.window.session
    window.classes.add()
    window.classes.set_stuff(2, is_stuff=True)
    window.classes.choose(2)
    smith.key(KEY.Key_B)
    smith.drag((20, 20), (20, 60))
    proposed = np.zeros((300, 360), np.int32)
    proposed[100:130, 100:130], proposed[200:240, 200:240] = 1, 2
    proposals = Proposals.from_label_image(proposed, model="m")
    proposals.give_classes({1: 2, 2: 2})
    session.set_proposals(session.current.plane_id, proposals)
    document = session.document
    before = document.instances.area_px(1)
    session.accept_all()
    assert [row.id for row in document.instances] == [1]
    assert not session.open_proposals()
    for _ in range(2):
        smith.key(KEY.Key_Z, CTRL)
        assert document.instances.area_px(1) == before
        assert session.open_proposals() == [1, 2]
        smith.key(KEY.Key_Y, CTRL)
        assert not session.open_proposals()
    session.select(instance=1)
    smith.key(KEY.Key_Delete)
    assert not session.open_proposals(), "the person has decided about all of it"
    assert set(session.current.proposals.rejected) == {1, 2}
    smith.key(KEY.Key_Z, CTRL)
    assert not session.open_proposals()


def test_choosing_a_class_in_the_panel_changes_no_instance_and_typing_a_name_is_no_command(
    smith: Toolsmith, qtbot: QtBot
) -> None:
    window = smith.window
    window.classes.add()
    window.classes.choose(1)
    smith.key(KEY.Key_B)
    smith.drag((50, 50), (50, 90))
    panel = window.classes_panel
    rect = panel.list.visualItemRect(panel.list.item(1))
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.classes.active.index == 2
    assert window.session.document.instances.get(1).class_index == 1
    panel.list.editItem(panel.list.item(1))
    editor = panel.list.findChild(QLineEdit)
    editor.selectAll()
    for key in (KEY.Key_B, KEY.Key_E, KEY.Key_N, KEY.Key_Return):
        qtbot.keyClick(editor, key)
    qtbot.waitUntil(lambda: window.classes.table.get(2).name == "ben", timeout=2_000)
    assert window.tool_box.current_id == "tool.brush"


def test_a_stack_is_checked_when_all_of_its_planes_are(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    session = hand.window.session
    hand.key(KEY.Key_C)
    assert not session.images()[0].is_checked
    assert session.images()[0].checked_planes == 1
    row = hand.window.images_panel._list.item(0)
    assert row.statusTip().endswith(": partly checked, 0 instances")
    assert len(hand.window.training.checked_images()) == 1, "the checked plane teaches"
    for z in range(1, 7):
        session.show_plane(0, z)
        qtbot.waitUntil(lambda z=z: session.current.z == z, timeout=5_000)
        hand.key(KEY.Key_C)
    assert session.images()[0].is_checked
    assert session.close_project()
    store = ProjectStore(stack / "stack.unetproject")
    assert store.images()[0].is_checked
    store.close()


def test_numbers_of_a_stack_are_given_once(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    session = hand.window.session
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    hand.key(KEY.Key_Period)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    session.select()
    hand.drag((150, 50), (150, 90))
    assert [row.id for row in session.document.instances] == [2]


def test_copying_waits_for_a_stroke_on_the_plane_it_goes_to(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    session = hand.window.session
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    session.show_plane(0, 1)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    session.show_plane(0, 0)
    qtbot.waitUntil(lambda: session.current.z == 0, timeout=5_000)
    hand.press(150, 50)
    hand.move(150, 90)
    hand.window.stacks.copy_to_next()  # Refused: a stroke is open.
    hand.release(150, 90)
    with qtbot.waitSignal(hand.window.stacks.arrived, timeout=5_000):
        hand.window.stacks.copy_to_next()
        hand.press(100, 150)
        hand.move(100, 170)
        qtbot.wait(100)
        hand.release(100, 170)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert session.document.instances.area_px(2) > 0, "the selected one"


def test_a_wheel_over_the_panel_changes_no_setting(smith: Toolsmith) -> None:
    window = smith.window
    for widget in (window.tool_panel._mode, window.repair_panel.target, window.display_panel.gamma):
        at = QPointF(5, 5)
        event = QWheelEvent(
            at, widget.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
    assert window.settings.mode is BrushMode.BACKGROUND
    assert not window.repairs.on_all
    assert window.display_panel.gamma.value() == 0


def test_after_a_click_in_the_table_the_keys_belong_to_the_canvas(smith: Toolsmith, qtbot: QtBot) -> None:
    smith.draw_discs()
    smith.key(KEY.Key_J)
    panel = smith.window.instances_panel
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0, timeout=2_000)
    rect = panel.table.visualRect(panel.model.index(0, 1))
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert smith.window.focusWidget() is smith.canvas


def test_a_filter_that_is_no_number_finds_nothing_and_breaks_nothing(smith: Toolsmith) -> None:
    model = smith.window.instances_panel.model
    model.show_rows([])
    for text in (">²", ">", "<-", "> 12", "<1e3"):
        model.filter(text)


def test_inverting_is_kept_and_every_image_still_has_its_own_range(hand: Hand, folder: Path) -> None:
    hand.open(folder)
    session = hand.window.session
    hand.key(KEY.Key_I, CTRL)
    hand.key(KEY.Key_PageDown)
    hand.wait_image("field2.png")
    assert session.current.contrast.is_inverted
    assert session.current.contrast.channels == session.current.display.auto.channels


def test_a_large_image_is_seen_before_it_is_read_and_nothing_can_be_drawn_on_it_until_then(
    hand: Hand, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    plane = np.kron(np.random.default_rng(0).integers(0, 255, (60, 60)), np.ones((100, 100))).astype(np.uint8)
    tifffile.imwrite(folder / "large.tif", plane)
    may_load = threading.Event()
    monkeypatch.setattr(
        "unet_studio.gui.session.load_image", lambda *args: (may_load.wait(20), load_image(*args))[1]
    )
    window = hand.window
    with qtbot.waitSignal(window.session.glanced, timeout=10_000):
        window.open_paths([folder])
    assert window.session.current is None
    QApplication.processEvents()
    look = window.canvas.grab().toImage()
    hand.key(Qt.Key.Key_B)
    hand.drag((3000, 3000), (3100, 3200))
    hand.key(Qt.Key.Key_P)
    may_load.set()
    hand.wait_image("large.tif")
    assert not len(window.session.document.instances)
    QApplication.processEvents()
    sharp = window.canvas.grab().toImage()
    for y, x in ((0.3, 0.3), (0.5, 0.5), (0.7, 0.4)):
        at = int(look.width() * x), int(look.height() * y)
        assert abs(look.pixelColor(*at).red() - sharp.pixelColor(*at).red()) < 40


def test_an_uncountable_class_stays_one_instance_when_it_is_copied(
    hand: Hand, stack: Path, qtbot: QtBot
) -> None:
    hand.open(stack)
    window, session = hand.window, hand.window.session
    window.classes.set_stuff(1, is_stuff=True)
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    hand.key(KEY.Key_Period)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    hand.drag((150, 50), (150, 90))
    hand.key(KEY.Key_Comma)
    qtbot.waitUntil(lambda: session.current.z == 0, timeout=5_000)
    with qtbot.waitSignal(window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
    qtbot.waitUntil(lambda: session.current.z == 1, timeout=5_000)
    assert len(session.document.instances) == 1
    labels = session.document.read(session.document.bounds)
    assert labels[50, 70] == labels[150, 70] > 0


def test_every_press_of_the_plane_keys_counts_however_quick(hand: Hand, stack: Path, qtbot: QtBot) -> None:
    hand.open(stack)
    for _ in range(4):
        hand.key(KEY.Key_Period)
    qtbot.waitUntil(lambda: hand.window.session.current.z == 4, timeout=5_000)
    for _ in range(2):
        hand.key(KEY.Key_Comma)
    qtbot.waitUntil(lambda: hand.window.session.current.z == 2, timeout=5_000)


def test_copying_to_the_next_plane_leads_nowhere_when_another_image_was_asked_for(
    hand: Hand, stack: Path, qtbot: QtBot
) -> None:
    (stack / "second.tif").write_bytes((stack / "stack.tif").read_bytes())
    hand.open(stack)
    window, session = hand.window, hand.window.session
    hand.key(KEY.Key_PageUp)
    first = session.current.path.name
    hand.key(KEY.Key_B)
    hand.drag((50, 50), (50, 90))
    with qtbot.waitSignal(window.stacks.arrived, timeout=5_000):
        hand.key(KEY.Key_D, CTRL)
        hand.key(KEY.Key_PageDown)
    qtbot.waitUntil(lambda: session.current.path.name != first, timeout=5_000)
    qtbot.wait(200)
    assert (session.current.path.name != first, session.current.z) == (True, 0)


def test_commands_for_depth_are_off_where_there_is_only_time(hand: Hand, tmp_path: Path) -> None:
    folder = tmp_path / "time"
    folder.mkdir()
    tifffile.imwrite(folder / "time.tif", np.zeros((5, 60, 60), np.uint8), metadata={"axes": "TYX"})
    hand.open(folder)
    actions = hand.window.actions_by_id
    assert actions["stack.later"].isEnabled()
    for name in ("stack.next", "stack.previous", "stack.copy", "stack.interpolate"):
        assert not actions[name].isEnabled(), name


def test_tools_see_the_maximum_of_all_planes_where_that_is_shown(
    hand: Hand, tmp_path: Path, qtbot: QtBot
) -> None:
    planes = np.zeros((4, 120, 140), np.uint8)
    cv2.circle(planes[2], (60, 60), 20, 200, -1)
    folder = tmp_path / "deep"
    folder.mkdir()
    tifffile.imwrite(folder / "deep.tif", planes, metadata={"axes": "ZYX"})
    hand.open(folder)
    window, session = hand.window, hand.window.session
    with qtbot.waitSignal(window.projection.made, timeout=10_000):
        window.actions_by_id["view.projection"].trigger()
    window.use_tool("tool.wand")
    hand.click(60, 60)
    drawn = (session.document.read(session.document.bounds) > 0).sum()
    assert 1000 < drawn < 1500, "the disc that is seen, not the black plane below"
    window.actions_by_id["view.projection"].trigger()
    assert session.light(session.document.bounds).max() == 0
