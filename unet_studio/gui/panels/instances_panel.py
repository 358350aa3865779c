"""The table of the shown image's instances: number, class, area, where it came from. A click goes there."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from unet_studio.core.document import Change, ChangeKind
from unet_studio.core.instances import Instance, Origin
from unet_studio.gui.label_classes import LabelClasses, name_shown
from unet_studio.gui.session import Session
from unet_studio.gui.translation import mark, tr

_Index = QModelIndex | QPersistentModelIndex
_HEADERS = (
    mark("instances", "No."),
    mark("instances", "Class"),
    mark("instances", "Area"),
    mark("instances", "From"),
)
_ORIGINS = {Origin.DRAWN: mark("instances", "drawn"), Origin.PROPOSED: mark("instances", "proposed")}
_REFRESH_MS = 300


class InstancesModel(QAbstractTableModel):
    """A snapshot of the table, sorted and filtered; 100,000 rows cost one pass."""

    def __init__(self, classes: LabelClasses) -> None:
        super().__init__()
        self._classes = classes
        self._rows: list[tuple[Instance, int]] = []
        self._shown: list[int] = []
        self._sort = (0, Qt.SortOrder.AscendingOrder)
        self._filter = ""

    def show_rows(self, rows: list[tuple[Instance, int]]) -> None:
        """Instances with their areas."""
        self._rows = rows
        self._arrange()

    def filter(self, text: str) -> None:
        """Rows whose number, class or origin holds the text; `>100` and `<100` ask for areas."""
        self._filter = text.strip().lower()
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column."""
        self._sort = (column, order)
        self._arrange()

    def instance_at(self, row: int) -> int:
        """The instance of a row."""
        return self._rows[self._shown[row]][0].id

    def row_of(self, instance_id: int) -> int:
        """The row of an instance; -1 if it is not shown."""
        for row, place in enumerate(self._shown):
            if self._rows[place][0].id == instance_id:
                return row
        return -1

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """One for each instance that passes the filter."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Number, class, area, origin."""
        return 0 if parent.isValid() else len(_HEADERS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell; numbers to the right."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (0, 2):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._texts(*self._rows[self._shown[index.row()]])[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr("instances", _HEADERS[section])
        return None

    def _texts(self, row: Instance, area: int) -> tuple[str, str, str, str]:
        name = name_shown(self._classes.table.get(row.class_index))
        return str(row.id), name, str(area), tr("instances", _ORIGINS[row.origin])

    def _arrange(self) -> None:
        self.beginResetModel()
        text = self._filter
        places = range(len(self._rows))
        if text[:1] in (">", "<") and text[1:].strip().isdecimal():
            limit, above = int(text[1:]), text[0] == ">"
            shown = [p for p in places if (self._rows[p][1] > limit if above else self._rows[p][1] < limit)]
        elif text:
            shown = [p for p in places if any(text in cell.lower() for cell in self._texts(*self._rows[p]))]
        else:
            shown = list(places)
        column, order = self._sort
        keys: tuple[Any, ...] = (
            lambda p: self._rows[p][0].id,
            lambda p: name_shown(self._classes.table.get(self._rows[p][0].class_index)).lower(),
            lambda p: self._rows[p][1],
            lambda p: self._rows[p][0].origin,
        )
        shown.sort(key=keys[column], reverse=order == Qt.SortOrder.DescendingOrder)
        self._shown = shown
        self.endResetModel()


class InstancesPanel(QWidget):
    """Reads nothing while it is hidden."""

    chosen = Signal(int)

    def __init__(self, session: Session, classes: LabelClasses) -> None:
        super().__init__()
        self._session = session
        self.model = InstancesModel(classes)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("instances", "Filter: number, class, >100, <50"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.filter.textChanged.connect(self._filter)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setResizeContentsPrecision(60)
        header.setHighlightSections(False)
        self._summary = QLabel()
        self._summary.setContentsMargins(8, 4, 8, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.filter)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._summary)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.reload)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.table.clicked.connect(lambda index: self._row_chosen(index, index))
        session.image_changed.connect(self.reload)
        session.past_changed.connect(self.reload)
        session.changed.connect(self._changed)
        session.selection_changed.connect(self._mark_selected)
        classes.changed.connect(self._later)

    def sizeHint(self) -> QSize:
        """As wide as the image list: changing the tab must not move the image under the hand."""
        return QSize(200, 400)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was not read while hidden."""
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        """Read the table anew."""
        if not self.isVisible():
            return
        past, document = self._session.past, self._session.document
        table = past.instances if past is not None else document.instances if document is not None else None
        rows = [(row, table.area_px(row.id)) for row in table] if table is not None else []
        self.model.show_rows(rows)
        self._mark_selected()
        areas = np.array([area for _, area in rows])
        text = tr("instances", "{count} instances, median area {area} px")
        empty = tr("instances", "No instances yet")
        self._summary.setText(text.format(count=len(rows), area=f"{np.median(areas):.0f}") if rows else empty)

    def _filter(self, text: str) -> None:
        self.model.filter(text)
        self._mark_selected()

    def _changed(self, change: Change) -> None:
        if change.edit is not None and change.kind & (ChangeKind.INSTANCES | ChangeKind.PIXELS):
            self._later()

    def _later(self) -> None:
        """Soon, but not at every stroke of a fast hand."""
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(_REFRESH_MS)

    def _row_chosen(self, index: QModelIndex, _: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.model.instance_at(index.row()))

    def _mark_selected(self) -> None:
        if not self.isVisible():
            return
        selection, row = self.table.selectionModel(), self.model.row_of(self._session.selected_instance)
        selection.blockSignals(True)
        if row >= 0:
            index = self.model.index(row, 0)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(index, flags)
            self.table.scrollTo(index)
        else:
            selection.clear()
        selection.blockSignals(False)
        self.table.viewport().update()
