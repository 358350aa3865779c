"""The label classes: colour, name, key; the active one is that of new instances."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.core.classes import LabelClass
from unet_studio.gui.actions import CLASS_KEYS
from unet_studio.gui.label_classes import LabelClasses, name_shown
from unet_studio.gui.panels.input_guards import KeepsKeys
from unet_studio.gui.translation import in_a_row, tr

_SWATCH_PX = 14
_SHOWN_ROWS = 4
_INDEX = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class _NameDelegate(QStyledItemDelegate):
    """What is typed into a name is no command."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._guard = KeepsKeys(self)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        """The line to type in."""
        editor = super().createEditor(parent, option, index)
        editor.installEventFilter(self._guard)
        return editor


class ClassesPanel(QWidget):
    """A click chooses the class of new instances, a double click renames, the right button has the rest."""

    def __init__(self, classes: LabelClasses) -> None:
        super().__init__()
        self._classes = classes
        self.list = QListWidget()
        self.list.setIconSize(QSize(_SWATCH_PX, _SWATCH_PX))
        self.list.setItemDelegate(_NameDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda at: self._menu(self.list.itemAt(at)))
        self.list.itemClicked.connect(lambda item: classes.choose(item.data(_INDEX)))
        self.list.itemChanged.connect(self._edited)
        self.add = _button(tr("classes", "Add"), tr("classes", "Add a class"))
        self.add.clicked.connect(self._add)
        self.more = _button(
            tr("classes", "Edit…"), tr("classes", "Name, colour and kind of the chosen class")
        )
        self.more.clicked.connect(lambda: self._menu(self.list.currentItem()))
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.more)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        classes.changed.connect(self.rebuild)
        self._shown: object = None
        self.rebuild()

    def rebuild(self) -> None:
        """Show the table as it is."""
        if self._shown == self._classes.table:
            self._mark_active()
            return
        self._shown = self._classes.table
        self.list.blockSignals(True)
        self.list.clear()
        for place, row in enumerate(self._classes.table, 1):
            item = QListWidgetItem(_swatch(row.colour), name_shown(row))
            item.setData(_INDEX, row.index)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            key = tr("classes", "Key {key}.").format(key=place) if place <= CLASS_KEYS else ""
            kind = tr("classes", "All of it is one instance.") if row.is_stuff else ""
            item.setToolTip(in_a_row((name_shown(row), key, kind)))
            self.list.addItem(item)
        height = self.list.sizeHintForRow(0) if self.list.count() else 22
        self.list.setFixedHeight(height * min(_SHOWN_ROWS, max(1, self.list.count())) + 4)
        self.list.blockSignals(False)
        self._mark_active()

    def _mark_active(self) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(_INDEX) == self._classes.active.index:
                self.list.setCurrentRow(row)

    def _edited(self, item: QListWidgetItem) -> None:
        self._classes.rename(item.data(_INDEX), item.text())
        self._shown = None
        self.rebuild()

    def _add(self) -> None:
        if self._classes.add() is not None:
            self.list.editItem(self.list.currentItem())

    def _menu(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        row = self._classes.table.get(item.data(_INDEX))
        menu = QMenu(self)
        give = menu.addAction(
            tr("classes", "Give to the selected instance"), lambda: self._classes.give_selected(row.index)
        )
        give.setEnabled(self._classes.has_selected)
        menu.addSeparator()
        menu.addAction(tr("classes", "Rename"), lambda: self.list.editItem(item))
        menu.addAction(tr("classes", "Colour…"), lambda: self._choose_colour(row))
        stuff = menu.addAction(tr("classes", "Not countable (vessels, membranes): one instance"))
        stuff.setCheckable(True)
        stuff.setChecked(row.is_stuff)
        stuff.triggered.connect(lambda on: self._classes.set_stuff(row.index, is_stuff=on))
        menu.addSeparator()
        remove = menu.addAction(tr("classes", "Remove"), lambda: self._classes.remove(row.index))
        remove.setEnabled(len(self._classes.table) > 1)
        menu.exec(self.list.mapToGlobal(self.list.visualItemRect(item).bottomLeft()))

    def _choose_colour(self, row: LabelClass) -> None:
        chosen = QColorDialog.getColor(
            QColor(*row.colour), self, tr("classes", "Colour of {name}").format(name=name_shown(row))
        )
        if chosen.isValid():
            self._classes.recolour(row.index, (chosen.red(), chosen.green(), chosen.blue()))


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setObjectName("flat")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX * 2, _SWATCH_PX * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(1, 1, _SWATCH_PX - 2, _SWATCH_PX - 2, 3, 3)
    painter.end()
    return QIcon(pixmap)
