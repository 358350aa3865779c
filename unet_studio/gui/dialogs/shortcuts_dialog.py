"""Every shortcut in one table, and a way to change one. A key that is taken is told first."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui import theme
from unet_studio.gui.actions import Actions
from unet_studio.gui.translation import mark, tr

_ID = Qt.ItemDataRole.UserRole
_FIXED = (
    (mark("shortcuts", "Brush size"), mark("shortcuts", "Wheel")),
    (mark("shortcuts", "Zoom at the pointer"), mark("shortcuts", "Ctrl + wheel")),
    (mark("shortcuts", "Pan"), mark("shortcuts", "Space + drag, middle button")),
    (mark("shortcuts", "Erase with the brush, take away with an outline"), mark("shortcuts", "Alt + drag")),
    (mark("shortcuts", "Abort what is being drawn"), mark("shortcuts", "Esc")),
)


class ShortcutsDialog(QDialog):
    """Changes take effect at once and are remembered for this person."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setWindowTitle(tr("shortcuts", "Keyboard shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("shortcuts", "Find a command or a key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([tr("shortcuts", "Command"), tr("shortcuts", "Keys")])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(150)
        self.table.itemSelectionChanged.connect(self._row_chosen)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.keySequenceChanged.connect(lambda _: self._show_conflict())
        self.set = QPushButton(tr("shortcuts", "Set"))
        self.set.clicked.connect(self._set)
        self.clear = QPushButton(tr("shortcuts", "No key"))
        self.clear.clicked.connect(self._clear)
        self.reset = QPushButton(tr("shortcuts", "All as at first"))
        self.reset.clicked.connect(self._reset)
        self.conflict = QLabel(" ")
        self.conflict.setWordWrap(True)
        self.conflict.setMinimumHeight(2 * self.fontMetrics().height())
        row = QHBoxLayout()
        row.addWidget(QLabel(tr("shortcuts", "New key")))
        row.addWidget(self.edit, 1)
        row.addWidget(self.set)
        row.addWidget(self.clear)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.addButton(self.reset, QDialogButtonBox.ButtonRole.ResetRole)
        for button in (self.set, self.clear, self.reset):
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.conflict)
        layout.addWidget(buttons)
        self._fill()
        available = self.screen().availableGeometry()
        self.resize(min(620, available.width() - 60), min(680, available.height() - 80))

    def choose(self, action_id: str) -> None:
        """Select a command's row."""
        for row in range(self.table.rowCount()):
            if self._id(row) == action_id:
                self.table.selectRow(row)

    def _fill(self) -> None:
        rows = [(action_id, self._actions.text(action_id)) for action_id in self._actions.rows]
        self.table.setRowCount(len(rows) + len(_FIXED))
        for place, (action_id, text) in enumerate(rows):
            name, keys = QTableWidgetItem(text), QTableWidgetItem(self._actions.keys_text(action_id))
            name.setData(_ID, action_id)
            self.table.setItem(place, 0, name)
            self.table.setItem(place, 1, keys)
        for place, (text, keys_text) in enumerate(_FIXED, len(rows)):
            cells = QTableWidgetItem(tr("shortcuts", text)), QTableWidgetItem(tr("shortcuts", keys_text))
            for column, cell in enumerate(cells):
                cell.setFlags(Qt.ItemFlag.ItemIsEnabled)
                cell.setForeground(theme.FAINT_TEXT)
                self.table.setItem(place, column, cell)
        self._row_chosen()

    def _chosen(self) -> str:
        items = self.table.selectedItems()
        return self._id(items[0].row()) if items else ""

    def _id(self, row: int) -> str:
        """The command of a row; "" for one that cannot be changed."""
        item = self.table.item(row, 0)
        return (item.data(_ID) or "") if item is not None else ""

    def _row_chosen(self) -> None:
        chosen = self._chosen()
        for widget in (self.edit, self.set, self.clear):
            widget.setEnabled(bool(chosen))
        self.edit.blockSignals(True)
        self.edit.clear()
        self.edit.blockSignals(False)
        self._show_conflict()

    def _show_conflict(self) -> None:
        chosen, key = self._chosen(), self.edit.keySequence()
        users = self._actions.users_of(key, but=chosen) if chosen and not key.isEmpty() else []
        is_pan = key == QKeySequence(Qt.Key.Key_Space)
        self.set.setEnabled(bool(chosen) and not key.isEmpty() and not is_pan)
        if is_pan:
            self.conflict.setText(tr("shortcuts", "Space belongs to panning: choose another key."))
            self.conflict.setStyleSheet(f"color: {theme.WAITING.name()};")
            return
        if users:
            names = ", ".join(self._actions.text(user) for user in users)
            text = tr("shortcuts", "{key} belongs to: {names}. Set takes it from there.")
            self.conflict.setText(
                text.format(key=key.toString(QKeySequence.SequenceFormat.NativeText), names=names)
            )
            self.conflict.setStyleSheet(f"color: {theme.WAITING.name()};")
        else:
            self.conflict.setText(
                tr("shortcuts", "Choose a command, then press its new key.") if not chosen else " "
            )
            self.conflict.setStyleSheet(f"color: {theme.FAINT_TEXT.name()};")

    def _set(self) -> None:
        self._change([self.edit.keySequence()])

    def _clear(self) -> None:
        self._change([])

    def _change(self, keys: list[QKeySequence]) -> None:
        chosen = self._chosen()
        if chosen:
            self._actions.set_keys(chosen, keys)
            self._fill()
            self.choose(chosen)

    def _reset(self) -> None:
        self._actions.reset_keys()
        self._fill()

    def _filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for row in range(self.table.rowCount()):
            items = (self.table.item(row, column) for column in (0, 1))
            cells = [item.text().lower() for item in items if item is not None]
            self.table.setRowHidden(row, bool(wanted) and not any(wanted in cell for cell in cells))
