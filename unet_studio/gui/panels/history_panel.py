"""The history of the shown image: its edits by time, across sessions. A click visits that moment."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QMenu,
    QMessageBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.core.document import Step
from unet_studio.gui import theme
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.session import Session
from unet_studio.gui.time_travel import TimeTravel, moment_name, moment_text
from unet_studio.gui.translation import mark, tr
from unet_studio.store.journal import Moment
from unet_studio.store.project_store import JournalSize, ProjectStore
from unet_studio.store.time_machine import Timeline

_BATCH = 300
_MOST_ROWS = 600
_BUDGETS = (2**28, 2**30, 2**32, 2**34)

_Index = QModelIndex | QPersistentModelIndex


class TimelineModel(QAbstractListModel):
    """Moments, newest first; older ones are asked for when the list is scrolled to its end."""

    wanted = Signal(int)  # older than this entry

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[Moment] = []
        self.trimmed_at: float | None = None
        self._older_than: int | None = None
        self._asked = False

    def clear(self) -> None:
        """No moments."""
        self.beginResetModel()
        self.moments, self.trimmed_at, self._older_than, self._asked = [], None, None, False
        self.endResetModel()

    def extend(self, timeline: Timeline) -> None:
        """Older moments at the end."""
        first = len(self.moments)
        if timeline.moments:
            self.beginInsertRows(QModelIndex(), first, first + len(timeline.moments) - 1)
            self.moments.extend(timeline.moments)
            self.endInsertRows()
        self._older_than, self.trimmed_at, self._asked = timeline.older_than, timeline.trimmed_at, False

    def prepend(self, moment: Moment) -> None:
        """The newest moment. Very old ones are forgotten here, and asked for again when scrolled to."""
        if self.moments and moment.id <= self.moments[0].id:
            return  # Read from the disk before its signal came.
        self.beginInsertRows(QModelIndex(), 0, 0)
        self.moments.insert(0, moment)
        self.endInsertRows()
        if len(self.moments) > _MOST_ROWS:
            self.beginRemoveRows(QModelIndex(), _MOST_ROWS // 2, len(self.moments) - 1)
            del self.moments[_MOST_ROWS // 2 :]
            self._older_than = self.moments[-1].id
            self.endRemoveRows()
        if len(self.moments) > 1:
            self.dataChanged.emit(self.index(1), self.index(1))  # It is not the present any more.

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """One row for each moment."""
        return 0 if parent.isValid() else len(self.moments)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words of a row; the moment itself as UserRole."""
        if role == Qt.ItemDataRole.UserRole:
            return self.moments[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            moment = self.moments[index.row()]
            return f"{moment_text(moment)}  {moment_name(moment)}"
        return None

    def canFetchMore(self, parent: _Index) -> bool:
        """True until the beginning is there."""
        return self._older_than is not None and not self._asked

    def fetchMore(self, parent: _Index) -> None:
        """Ask for older moments; they come later."""
        if self._older_than is not None and not self._asked:
            self._asked = True
            self.wanted.emit(self._older_than)


class _MomentDelegate(QStyledItemDelegate):
    """The time faint, the edit plain; undo and redo faint; the present bold."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        moment: Moment = index.data(Qt.ItemDataRole.UserRole)
        options = QStyleOptionViewItem(option)
        self.initStyleOption(options, index)
        options.text = ""
        style = options.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, options, painter, options.widget)
        rect = options.rect.adjusted(8, 0, -6, 0)
        painter.save()
        painter.setFont(options.font)
        when = moment_text(moment)
        centre = Qt.AlignmentFlag.AlignVCenter
        chosen = bool(options.state & QStyle.StateFlag.State_Selected)
        bright = options.palette.highlightedText().color() if chosen else options.palette.text().color()
        faint = bright if chosen else theme.FAINT_TEXT
        painter.setPen(faint)
        painter.drawText(rect, centre | Qt.AlignmentFlag.AlignLeft, when)
        rect.setLeft(rect.left() + options.fontMetrics.horizontalAdvance(when) + 10)
        painter.setPen(bright if moment.step is Step.MAKE else faint)
        if index.row() == 0:
            font = QFont(options.font)
            font.setBold(True)
            painter.setFont(font)
        text = painter.fontMetrics().elidedText(
            moment_name(moment), Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, centre | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """As high as the image list's rows."""
        return QSize(120, option.fontMetrics.height() + 8)


class HistoryPanel(QWidget):
    """Reads nothing while it is hidden."""

    def __init__(self, session: Session, travel: TimeTravel, pool: Pool) -> None:
        super().__init__()
        self._session, self._travel, self._pool = session, travel, pool
        self._plane: int | None = None
        self._readings = 0
        """Counts the reads from the newest entry; an answer to an earlier one is out of date."""
        self.model = TimelineModel()
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_MomentDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        text = mark(
            "history", "Every edit of this image will stand here.\n\nA click on one shows it as it was then."
        )
        self._empty = QLabel(tr("history", text))
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(8, 8, 8, 8)
        self._empty.setStyleSheet(f"color: {theme.FAINT_TEXT.name()};")
        self._trimmed = QLabel()
        self._trimmed.setWordWrap(True)
        self._trimmed.setContentsMargins(8, 2, 8, 2)
        self._trimmed.hide()
        self._size = QToolButton()
        self._size.setAutoRaise(True)
        self._size.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._size.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._size.setToolTip(tr("history", "Size of this project's history; its oldest edits go first"))
        self._size.setMenu(QMenu(self._size))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._trimmed)
        layout.addWidget(self._size)
        self.model.wanted.connect(self._read_older)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        session.image_changed.connect(self.reload)
        session.history_changed.connect(self._entry_added)
        session.past_changed.connect(self._past_changed)
        self._show_state()

    def sizeHint(self) -> QSize:
        """As wide as the image list: changing the tab must not move the image under the hand."""
        return QSize(200, 400)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was not read while hidden."""
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        """Read the timeline of the shown image anew."""
        current = self._session.current
        self._plane = current.plane_id if current else None
        self.model.clear()
        self._show_state()
        if self.isVisible() and self._plane is not None:
            self._read(None)

    def _read_older(self, older_than: int) -> None:
        self._read(older_than)

    def _read(self, older_than: int | None) -> None:
        store, plane = self._session.store, self._plane
        if store is None or plane is None:
            return

        if older_than is None:
            self._readings += 1
        reading = self._readings

        def work() -> tuple[Timeline, JournalSize]:
            return store.timeline(plane, older_than=older_than, count=_BATCH), store.journal_size()

        def done(result: tuple[Timeline, JournalSize]) -> None:
            if reading == self._readings and store is self._session.store and plane == self._plane:
                self.model.extend(result[0])
                self._show_size(store, result[1])
                self._show_state()

        self._pool.submit(work, done, self._session.failed.emit)

    def _entry_added(self, moment: Moment | None) -> None:
        if not self.isVisible():
            return  # Read when shown.
        if moment is None or not self.model.moments:
            self.reload()
        else:
            self.model.prepend(moment)
            self._select_row(-1 if self._session.past is None else None)

    def _chosen(self, index: QModelIndex, _: QModelIndex) -> None:
        if not index.isValid():
            return
        if index.row() == 0:
            self._travel.return_to_now()
        else:
            self._travel.visit(self.model.moments[index.row()])

    def _past_changed(self) -> None:
        if self._session.past is None:
            self._select_row(-1)

    def _select_row(self, row: int | None) -> None:
        """Mark a row without visiting it; -1: none; None: as it is."""
        if row is None:
            return
        selection = self.list.selectionModel()
        selection.blockSignals(True)
        selection.setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.Clear)
        selection.blockSignals(False)
        self.list.viewport().update()

    def _show_state(self) -> None:
        has_rows = bool(self.model.moments)
        self._empty.setVisible(not has_rows)
        self.list.setVisible(has_rows)
        trimmed = self.model.trimmed_at
        self._trimmed.setVisible(trimmed is not None)
        if trimmed is not None:
            text = tr("history", "Edits up to {time} were trimmed to keep the history's size.")
            self._trimmed.setText(text.format(time=moment_text(Moment(0, trimmed, Step.MAKE, ""))))
        self._size.setVisible(self._session.store is not None)

    def _show_size(self, store: ProjectStore, size: JournalSize) -> None:
        text = tr("history", "{used} of {budget}")
        self._size.setText(text.format(used=_size_text(size.used), budget=_size_text(size.budget)))
        menu = self._size.menu()
        menu.clear()
        for budget in sorted({*_BUDGETS, size.budget}):
            action = menu.addAction(_size_text(budget))
            action.setCheckable(True)
            action.setChecked(budget == size.budget)
            action.triggered.connect(lambda _, chosen=budget: self._choose_budget(store, size.used, chosen))

    def _choose_budget(self, store: ProjectStore, used: int, budget: int) -> None:
        if used > budget:
            question = tr("history", "The history takes {used}. Forget its oldest edits, down to {budget}?")
            text = question.format(used=_size_text(used), budget=_size_text(budget))
            buttons = QMessageBox.StandardButton
            if QMessageBox.question(self, tr("history", "History"), text) != buttons.Yes:
                self.reload()
                return
        store.set_journal_budget(budget)
        self.reload()


def _size_text(size: int) -> str:
    """Bytes for a person."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"
