"""Which command stands in which menu and on which bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMainWindow, QMenuBar, QToolBar, QToolButton

from unet_studio.gui.actions import CLASS_TABLE, Actions, language_rows
from unet_studio.gui.translation import mark, tr

TOOLS = (
    "tool.pick", "tool.brush", "tool.eraser", "",
    "tool.lasso", "tool.polygon", "tool.wand", "tool.grow", "tool.edge", "tool.box", "",
    "tool.split", "tool.waist", "tool.merge", "tool.delete_lasso", "tool.accept_lasso", "",
    "tool.ruler",
)  # fmt: skip
_MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        mark("menus", "File"),
        ("file.open_images", "file.open_folder", "file.open_project", "", "file.export", "", "file.quit"),
    ),
    (
        mark("menus", "Edit"),
        (
            "edit.undo", "edit.redo", "", "edit.new_instance", "edit.delete", "edit.step_back", "",
            "edit.checked",
        ),
    ),
    (
        mark("menus", "Tools"),
        (*TOOLS[:-2], "tool.reject_lasso", "", "tool.ruler", "", "tool.smaller", "tool.larger"),
    ),
    (
        mark("menus", "Repair"),
        (
            "repair.fill_holes", "repair.smooth", "repair.grow", "repair.shrink", "repair.largest_piece", "",
            "repair.cut_seams", "repair.delete_small", "repair.delete_at_border",
        ),
    ),
    (mark("menus", "Class"), tuple(row.id for row in CLASS_TABLE)),
    (
        mark("menus", "Stack"),
        (
            "stack.previous", "stack.next", "stack.earlier", "stack.later", "",
            "stack.copy", "stack.interpolate",
        ),
    ),
    (
        mark("menus", "Propose"),
        (
            "propose.run", "propose.whole", "propose.all", "propose.stop", "",
            "propose.accept_all", "propose.accept", "propose.accept_next", "",
            "propose.reject_all", "propose.reject_next", "", "propose.accept_class", "propose.reject_class",
        ),
    ),
    (
        mark("menus", "Train"),
        ("train.fine_tune", "train.new", "train.resume", "", "train.stop", "train.cancel", "", "train.keep"),
    ),
    (
        mark("menus", "View"),
        (
            "view.fit", "view.actual", "view.zoom_in", "view.zoom_out", "view.selected", "",
            "view.labels", "view.outlines", "view.fill", "view.by_class", "view.grid", "",
            "view.auto_contrast", "view.invert", "view.projection", "", "view.previous", "view.next", "",
            "view.instances", "view.history",
        ),
    ),
    (
        mark("menus", "Help"),
        (
            "help.palette", "help.shortcuts", "", *(row.id for row in language_rows()), "",
            "help.machine", "help.about",
        ),
    ),
)  # fmt: skip
_COMMANDS = (
    "file.open_folder", "", "edit.undo", "edit.redo", "", "edit.new_instance", "edit.delete", "",
    "propose.run", "propose.stop", "propose.accept_all", "propose.accept", "",
    "edit.checked", "train.fine_tune", "file.export", "", "view.fit",
)  # fmt: skip
_TEXT_BESIDE_ICON = ("propose.run", "propose.accept_all", "edit.checked", "train.fine_tune", "file.export")


def fill_menus(bar: QMenuBar, actions: Actions) -> None:
    """Make the menus."""
    for title, ids in _MENUS:
        menu = bar.addMenu(tr("menus", title))
        menu.setToolTipsVisible(True)
        for action_id in ids:
            if action_id:
                menu.addAction(actions[action_id])
            else:
                menu.addSeparator()


def add_toolbars(window: QMainWindow, actions: Actions) -> None:
    """Commands on top, tools down the left side, so that a low screen shows all of them."""
    commands = _toolbar(tr("menus", "Commands"), "commands", _COMMANDS, actions, icon_px=20)
    for action_id in _TEXT_BESIDE_ICON:
        button = commands.widgetForAction(actions[action_id])
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    window.addToolBar(commands)
    tools = _toolbar(tr("menus", "Tools"), "tools", TOOLS, actions, icon_px=20)
    window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, tools)


def _toolbar(title: str, name: str, ids: Sequence[str], actions: Actions, *, icon_px: int) -> QToolBar:
    toolbar = QToolBar(title)
    toolbar.setObjectName(name)
    toolbar.setMovable(False)
    toolbar.setIconSize(QSize(icon_px, icon_px))
    for action_id in ids:
        if action_id:
            toolbar.addAction(actions[action_id])
        else:
            toolbar.addSeparator()
    return toolbar
