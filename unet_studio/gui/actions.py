"""Every command of the window in one table: id, text, keys, icon; and the QActions made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence, QPainter, QPixmap

from unet_studio.gui.language import languages, name_of
from unet_studio.gui.translation import mark, tr
from unet_studio.settings.locations import resources_folder
from unet_studio.settings.preferences import load_preferences, save_preferences

CLASS_KEYS = 9


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One command. `keys`: any of these shortcuts. `is_checkable`: on or off.

    `is_held`: the key works while it is held down; the canvas watches it. `short`: on a narrow button.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    is_checkable: bool = False
    tip: str = ""
    is_held: bool = False
    short: str = ""


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
    ActionRow("edit.step_back", _T("actions", "Take back the last corner"), ("Backspace",)),
    ActionRow("edit.checked", _T("actions", "Checked"), ("C",), "checked", True,
              _T("actions", "This image is verified. Only checked images teach.")),
    ActionRow("tool.pick", _T("actions", "Pick"), ("I",), "pick", True),
    ActionRow("tool.brush", _T("actions", "Brush"), ("B",), "brush", True),
    ActionRow("tool.eraser", _T("actions", "Eraser"), ("E",), "eraser", True),
    ActionRow("tool.lasso", _T("actions", "Lasso"), ("L",), "lasso", True,
              _T("actions", "Lasso: drag around a cell")),
    ActionRow("tool.polygon", _T("actions", "Polygon"), ("Shift+L",), "polygon", True,
              _T("actions", "Polygon: click the corners")),
    ActionRow("tool.wand", _T("actions", "Magic wand"), ("W",), "wand", True,
              _T("actions", "Magic wand: similar grey values")),
    ActionRow("tool.grow", _T("actions", "Grow from a click"), ("G",), "grow", True,
              _T("actions", "Grow: one click, one cell")),
    ActionRow("tool.edge", _T("actions", "Smart edge"), ("S",), "edge", True,
              _T("actions", "Smart edge: the line finds the edge")),
    ActionRow("tool.box", _T("actions", "Cell in a box"), ("Shift+S",), "box", True,
              _T("actions", "Box: the cell in it is found")),
    ActionRow("tool.split", _T("actions", "Split along a line"), ("K",), "split", True),
    ActionRow("tool.waist", _T("actions", "Split at waists"), ("Shift+K",), "waist", True),
    ActionRow("tool.merge", _T("actions", "Merge"), ("M",), "merge", True),
    ActionRow("tool.delete_lasso", _T("actions", "Delete by lasso"), ("D",), "delete_lasso", True),
    ActionRow("tool.accept_lasso", _T("actions", "Accept by lasso"), ("Shift+A",), "accept_lasso", True),
    ActionRow("tool.reject_lasso", _T("actions", "Reject by lasso"), ("Shift+R",), "", True),
    ActionRow("tool.ruler", _T("actions", "Ruler"), ("R",), "ruler", True),
    ActionRow("tool.smaller", _T("actions", "Smaller brush"), ("[",)),
    ActionRow("tool.larger", _T("actions", "Larger brush"), ("]",)),
    ActionRow("repair.fill_holes", _T("actions", "Fill holes"), ("F",)),
    ActionRow("repair.smooth", _T("actions", "Smooth"), ("Shift+F",)),
    ActionRow("repair.grow", _T("actions", "Grow"), ("+", "=")),
    ActionRow("repair.shrink", _T("actions", "Shrink"), ("-",)),
    ActionRow("repair.largest_piece", _T("actions", "Keep largest piece"), ("Shift+G",)),
    ActionRow("repair.cut_seams", _T("actions", "Cut seams"), ("Shift+C",), "", False,
              _T("actions", "One pixel of background between all instances that touch")),
    ActionRow("repair.delete_small", _T("actions", "Delete small instances")),
    ActionRow("repair.delete_at_border", _T("actions", "Delete instances at the image border")),
    ActionRow("stack.previous", _T("actions", "Previous plane"), (",",)),
    ActionRow("stack.next", _T("actions", "Next plane"), (".",)),
    ActionRow("stack.earlier", _T("actions", "Earlier time point"), ("Shift+,",)),
    ActionRow("stack.later", _T("actions", "Later time point"), ("Shift+.",)),
    ActionRow("stack.copy", _T("actions", "Copy to next plane"), ("Ctrl+D",)),
    ActionRow("stack.interpolate", _T("actions", "Interpolate between planes"), ("Ctrl+J",)),
    ActionRow("propose.run", _T("actions", "Propose"), ("P",), "propose",
              tip=_T("actions", "Let the model propose masks here; of a large image, on what is seen of it")),
    ActionRow("propose.whole", _T("actions", "Propose on the whole image"), ("Ctrl+P",),
              tip=_T("actions", "A large image is proposed on part by part; what was begun goes on")),
    ActionRow("propose.all", _T("actions", "Propose on all images"),
              tip=_T("actions", "Every image without labels and proposals; of a stack the first plane")),
    ActionRow("propose.stop", _T("actions", "Stop"), ("Esc",), "stop",
              tip=_T("actions", "Stop proposing, or abort the stroke")),
    ActionRow("propose.accept_all", _T("actions", "Accept all"), ("A",), "accept_all",
              tip=_T("actions", "Make every proposal a label (one undoable edit)")),
    ActionRow("propose.accept", _T("actions", "Accept selected"), ("Return", "Enter"), "accept"),
    ActionRow("propose.accept_next", _T("actions", "Accept and go to next"), ("Shift+Return", "Shift+Enter")),
    ActionRow("propose.reject_next", _T("actions", "Reject and go to next"), ("Shift+Del",)),
    ActionRow("propose.reject_all", _T("actions", "Reject all"),
              tip=_T("actions", "Put every proposal aside (one undoable edit)")),
    ActionRow("propose.accept_class", _T("actions", "Accept a class…")),
    ActionRow("propose.reject_class", _T("actions", "Reject a class…")),
    ActionRow("train.fine_tune", _T("actions", "Fine-tune…"), ("Ctrl+T",), "train"),
    ActionRow("train.new", _T("actions", "Train a new network…"), ("Ctrl+Shift+T",)),
    ActionRow("train.resume", _T("actions", "Resume the interrupted training")),
    ActionRow("train.keep", _T("actions", "Keep the model for all projects"),
              tip=_T("actions", "Copy this project's model to where every project finds it")),
    ActionRow("train.stop", _T("actions", "Stop and keep the best")),
    ActionRow("train.cancel", _T("actions", "Cancel training")),
    ActionRow("view.fit", _T("actions", "Fit"), ("Ctrl+0",), "fit"),
    ActionRow("view.actual", _T("actions", "Actual pixels"), ("Ctrl+1",)),
    ActionRow("view.zoom_in", _T("actions", "Zoom in"), ("Ctrl++", "Ctrl+=")),
    ActionRow("view.zoom_out", _T("actions", "Zoom out"), ("Ctrl+-",)),
    ActionRow("view.selected", _T("actions", "Go to the selected instance"), ("Home",)),
    ActionRow("view.labels", _T("actions", "Show labels"), ("X",), "", True,
              _T("actions", "Labels are hidden while the key is held"), is_held=True),
    ActionRow("view.outlines", _T("actions", "Outlines"), ("O",), "", True),
    ActionRow("view.fill", _T("actions", "Filling"), ("Shift+O",), "", True),
    ActionRow("view.by_class", _T("actions", "Colours of classes"), ("Ctrl+K",), "", True,
              short=_T("actions", "By class")),
    ActionRow("view.grid", _T("actions", "Pixel grid"), (), "", True),
    ActionRow("view.projection", _T("actions", "Maximum of all planes"), ("Shift+M",), "", True,
              tip=_T("actions", "Show the brightest value along z; labels are still those of this plane"),
              short=_T("actions", "Maximum")),
    ActionRow("view.invert", _T("actions", "Invert the image"), ("Ctrl+I",), "", True,
              short=_T("actions", "Invert")),
    ActionRow("view.auto_contrast", _T("actions", "Automatic contrast"), ("Ctrl+L",),
              short=_T("actions", "Auto")),
    ActionRow("view.previous", _T("actions", "Previous image"), ("PgUp", "Ctrl+Left")),
    ActionRow("view.next", _T("actions", "Next image"), ("PgDown", "Ctrl+Right")),
    ActionRow("view.instances", _T("actions", "Instances"), ("J",), "",
              tip=_T("actions", "The table of this image's instances")),
    ActionRow("view.history", _T("actions", "History"), ("H",), "",
              tip=_T("actions", "The edits of this image by time; a click shows the image as it was then")),
    ActionRow("help.palette", _T("actions", "Find a command…"), ("Ctrl+Shift+P",)),
    ActionRow("help.shortcuts", _T("actions", "Keyboard shortcuts"), ("?", "F1")),
    ActionRow("help.machine", _T("actions", "What computes here…"),
              tip=_T("actions", "The GPU or processor the network uses, and why; versions; the log's place")),
    ActionRow("help.about", _T("actions", "About U-Net Studio")),
)  # fmt: skip
CLASS_TABLE = tuple(
    ActionRow(f"class.{n}", _T("actions", "Class {number}"), (str(n),)) for n in range(1, CLASS_KEYS + 1)
)


def language_rows() -> tuple[ActionRow, ...]:
    """A command for every language of the window, called as its speakers call it."""
    return tuple(
        ActionRow(f"language.{code}", name_of(code), is_checkable=True,
                  tip=_T("actions", "The window speaks this language from now on"))
        for code in languages()
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
    """The QActions of the table, by id, with the person's own keys where there are any."""

    def __init__(self, parent: QObject, handlers: dict[str, Callable[..., object]]) -> None:
        self._actions: dict[str, QAction] = {}
        self.rows = {row.id: row for row in (*TABLE, *CLASS_TABLE, *language_rows())}
        self._preferences = load_preferences()
        for row in self.rows.values():
            action = QAction(parent)
            action.setObjectName(row.id)
            action.setCheckable(row.is_checkable)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            if row.icon:
                action.setIcon(_icon(row.icon))
            action.triggered.connect(handlers[row.id])
            self._actions[row.id] = action
        self.retranslate()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def keys_of(self, action_id: str) -> list[QKeySequence]:
        """The keys of a command, the held ones too."""
        keys = self._preferences.shortcuts.get(action_id)
        return [QKeySequence(key) for key in (self.rows[action_id].keys if keys is None else keys)]

    def keys_text(self, action_id: str) -> str:
        """The keys of a command for a person."""
        native = QKeySequence.SequenceFormat.NativeText
        # Return and Enter are one word in Chinese.
        return ", ".join(dict.fromkeys(key.toString(native) for key in self.keys_of(action_id)))

    def held_by(self, key: QKeySequence) -> str:
        """The command that works while this key is held; "" if none does."""
        return next((i for i, row in self.rows.items() if row.is_held and key in self.keys_of(i)), "")

    def users_of(self, key: QKeySequence, *, but: str) -> list[str]:
        """Other commands that have a key."""
        return [i for i in self.rows if i != but and key in self.keys_of(i)]

    def set_keys(self, action_id: str, keys: list[QKeySequence]) -> None:
        """Give a command other keys; nobody else keeps them."""
        for key in keys:
            for other in self.users_of(key, but=action_id):
                self._store(other, [own for own in self.keys_of(other) if own != key])
        self._store(action_id, keys)
        self._save()

    def reset_keys(self) -> None:
        """The usual keys for every command."""
        self._preferences.shortcuts.clear()
        self._save()

    def text(self, action_id: str) -> str:
        """The command in the person's language, without dots."""
        row = self.rows[action_id]
        return tr("actions", row.text).format(number=row.id.rpartition(".")[2]).rstrip("…")

    def retranslate(self) -> None:
        """Set every text, and the keys beside it, in the current language."""
        for row in self.rows.values():
            action = self._actions[row.id]
            action.setShortcuts([] if row.is_held else self.keys_of(row.id))
            action.setText(tr("actions", row.text).format(number=row.id.rpartition(".")[2]))
            if row.short:
                action.setIconText(tr("actions", row.short))
            tip = tr("actions", row.tip) if row.tip else self.text(row.id)
            keys = self.keys_text(row.id)
            action.setToolTip(f"{tip} ({keys})" if keys else tip)

    def _store(self, action_id: str, keys: list[QKeySequence]) -> None:
        portable = QKeySequence.SequenceFormat.PortableText
        texts = [key.toString(portable) for key in keys]
        if texts == list(self.rows[action_id].keys):
            self._preferences.shortcuts.pop(action_id, None)
        else:
            self._preferences.shortcuts[action_id] = texts

    def _save(self) -> None:
        # Read anew: another window may have changed something else.
        stored = load_preferences()
        stored.shortcuts = self._preferences.shortcuts
        save_preferences(stored)
        self.retranslate()
