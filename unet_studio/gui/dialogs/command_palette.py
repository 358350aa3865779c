"""Every command by its name: type a few letters, Enter runs it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui import theme
from unet_studio.gui.actions import Actions
from unet_studio.gui.translation import tr

_ID, _KEYS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class _CommandDelegate(QStyledItemDelegate):
    """The name on the left, the keys faint on the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        """Draw one row."""
        super().paint(painter, option, index)  # type: ignore[arg-type]
        keys = index.data(_KEYS)  # type: ignore[attr-defined]
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(theme.TEXT if is_chosen else theme.FAINT_TEXT)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(option.rect.adjusted(0, 0, -8, 0), right, keys)

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        """Easy to hit."""
        del index
        return QSize(200, option.fontMetrics.height() + 10)


class CommandPalette(QDialog):
    """`chosen` is the command after it was accepted; those that are impossible now are not offered."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self._actions = actions
        self.chosen = ""
        self.setWindowTitle(tr("palette", "Find a command"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("palette", "Type what you want to do"))
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._accept)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda _: self._accept())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.resize(460, min(420, self.screen().availableGeometry().height() - 120))
        self._fill("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the letters go into the line."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None:
                row = min(max(0, self.list.currentRow() + step), self.list.count() - 1)
                self.list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        self.list.clear()
        found = []
        for place, (action_id, row) in enumerate(self._actions.rows.items()):
            if action_id == "help.palette" or not self._actions[action_id].isEnabled():
                continue
            name = self._actions.text(action_id)
            haystack = f"{name} {tr('actions', row.tip) if row.tip else ''} {action_id}"
            score = match(text, name, haystack)
            if score is not None:
                found.append((score, place, action_id, name))
        for _, _, action_id, name in sorted(found):
            item = QListWidgetItem(name)
            item.setData(_ID, action_id)
            item.setData(_KEYS, self._actions.keys_text(action_id))
            item.setToolTip(self._actions[action_id].toolTip())
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _accept(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen = item.data(_ID)
            self.accept()


def match(wanted: str, name: str, haystack: str) -> int | None:
    """How well a command fits what was typed, 0 best; None: not at all.

    Every word has to be found; in the name is better than elsewhere, at its beginning best. Else the letters
    have to come in their order in the name.
    """
    words, name, haystack = wanted.lower().split(), name.lower(), haystack.lower()
    if not words:
        return 0
    if all(word in haystack for word in words):
        if name.startswith(words[0]):
            return 0
        return 1 if all(word in name for word in words) else 2
    letters = iter(name)
    return 3 if all(letter in letters for letter in "".join(words)) else None
