"""Every command of the window in one table: id, text, keys, icon, when it is possible, what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence, QPainter, QPixmap

from unet_studio.gui.translation import mark, tr
from unet_studio.settings.locations import resources_folder


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One command. `keys`: any of these shortcuts. `checkable`: on or off."""

    id: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    tip: str = ""


_T = mark
TABLE = (
    ActionRow("file.open_images", _T("actions", "Open images…"), ("Ctrl+O",), "open"),
    ActionRow("file.open_folder", _T("actions", "Open folder…"), ("Ctrl+Shift+O",), "folder"),
    ActionRow("file.open_project", _T("actions", "Open project…")),
    ActionRow("file.export", _T("actions", "Export masks…"), ("Ctrl+E",), "export"),
    ActionRow("file.quit", _T("actions", "Quit"), ("Ctrl+Q",)),
    ActionRow("edit.undo", _T("actions", "Undo"), ("Ctrl+Z",), "undo"),
    ActionRow("edit.redo", _T("actions", "Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
    ActionRow("edit.new_instance", _T("actions", "New instance"), ("N",), "new"),
    ActionRow("edit.delete", _T("actions", "Delete"), ("Del",), "delete"),
    ActionRow("edit.checked", _T("actions", "Checked"), ("C",), "checked", True,
              _T("actions", "This image is verified. Only checked images teach.")),
    ActionRow("tool.pick", _T("actions", "Pick"), ("I",), "pick", True),
    ActionRow("tool.brush", _T("actions", "Brush"), ("B",), "brush", True),
    ActionRow("tool.eraser", _T("actions", "Eraser"), ("E",), "eraser", True),
    ActionRow("tool.smaller", _T("actions", "Smaller brush"), ("[",)),
    ActionRow("tool.larger", _T("actions", "Larger brush"), ("]",)),
    ActionRow("propose.run", _T("actions", "Propose"), ("P",), "propose",
              tip=_T("actions", "Let the model propose masks for this image")),
    ActionRow("propose.stop", _T("actions", "Stop"), ("Esc",), "stop",
              tip=_T("actions", "Stop proposing, or abort the stroke")),
    ActionRow("propose.accept_all", _T("actions", "Accept all"), ("A",), "accept_all",
              tip=_T("actions", "Make every proposal a label (one undoable edit)")),
    ActionRow("propose.accept", _T("actions", "Accept selected"), ("Return", "Enter"), "accept"),
    ActionRow("train.fine_tune", _T("actions", "Fine-tune…"), ("Ctrl+T",), "train"),
    ActionRow("train.stop", _T("actions", "Stop and keep the best")),
    ActionRow("train.cancel", _T("actions", "Cancel training")),
    ActionRow("view.fit", _T("actions", "Fit"), ("Ctrl+0",), "fit"),
    ActionRow("view.actual", _T("actions", "Actual pixels"), ("Ctrl+1",)),
    ActionRow("view.zoom_in", _T("actions", "Zoom in"), ("Ctrl++", "Ctrl+=")),
    ActionRow("view.zoom_out", _T("actions", "Zoom out"), ("Ctrl+-",)),
    ActionRow("view.labels", _T("actions", "Show labels"), ("X",), checkable=True),
    ActionRow("view.previous", _T("actions", "Previous image"), ("PgUp", "Ctrl+Left")),
    ActionRow("view.next", _T("actions", "Next image"), ("PgDown", "Ctrl+Right")),
    ActionRow("view.history", _T("actions", "History"), ("H",), "",
              tip=_T("actions", "The edits of this image by time; a click shows the image as it was then")),
    ActionRow("help.shortcuts", _T("actions", "Keyboard shortcuts"), ("?", "F1")),
    ActionRow("help.about", _T("actions", "About U-Net Studio")),
)  # fmt: skip


_ICON_PX = 64
_DISABLED_OPACITY = 0.3


def _icon(name: str) -> QIcon:
    """An icon that is plainly faint while its command is not possible."""
    drawing = QIcon(str(resources_folder() / "icons" / f"{name}.svg"))
    icon = QIcon()
    for mode, opacity in ((QIcon.Mode.Normal, 1.0), (QIcon.Mode.Disabled, _DISABLED_OPACITY)):
        picture = QPixmap(_ICON_PX, _ICON_PX)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setOpacity(opacity)
        drawing.paint(painter, picture.rect())
        painter.end()
        icon.addPixmap(picture, mode)
    return icon


class Actions:
    """The QActions of the table, by id."""

    def __init__(self, parent: QObject, handlers: dict[str, Callable[..., object]]) -> None:
        self._actions: dict[str, QAction] = {}
        self.rows = {row.id: row for row in TABLE}
        for row in TABLE:
            action = QAction(parent)
            action.setObjectName(row.id)
            action.setCheckable(row.checkable)
            action.setShortcuts([QKeySequence(keys) for keys in row.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            if row.icon:
                action.setIcon(_icon(row.icon))
            action.triggered.connect(handlers[row.id])
            self._actions[row.id] = action
        self.retranslate()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def retranslate(self) -> None:
        """Set every text in the current language."""
        for row in TABLE:
            action = self._actions[row.id]
            action.setText(tr("actions", row.text))
            keys = ", ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())
            tip = tr("actions", row.tip or row.text).rstrip("…")
            action.setToolTip(f"{tip} ({keys})" if keys else tip)
