"""The list of the project's images: name, whether checked, how many instances."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from unet_studio.gui import theme
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr

_DOT_PX = 16


class ImagesPanel(QWidget):
    """A click shows the image."""

    chosen = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._summary = QLabel()
        self._summary.setContentsMargins(8, 4, 8, 4)
        self._list = QListWidget()
        self._list.setIconSize(QSize(_DOT_PX, _DOT_PX))
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The canvas has the keys: arrows and letters in the list would be taken from it.
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._list)
        layout.addWidget(self._summary)
        self.setMinimumWidth(150)
        session.images_changed.connect(self.rebuild)
        session.image_changed.connect(self.mark_current)
        session.changed.connect(lambda _: self.update_current())
        self.rebuild()

    def sizeHint(self) -> QSize:
        """Wide enough for usual file names."""
        return QSize(200, 400)

    def rebuild(self) -> None:
        """Read the list anew from the project."""
        self._list.clear()
        for record in self._session.images():
            item = QListWidgetItem(record.path.name)
            item.setToolTip(str(record.path))
            item.setData(Qt.ItemDataRole.UserRole, record.id)
            self._list.addItem(item)
            _show_state(item, checked=record.is_checked, instances=record.instances)
        self.mark_current()

    def mark_current(self) -> None:
        """Select the shown image."""
        current = self._session.current
        for row in range(self._list.count()):
            item = self._list.item(row)
            if current is not None and item.data(Qt.ItemDataRole.UserRole) == current.id:
                self._list.setCurrentItem(item)
        self.update_current()

    def update_current(self) -> None:
        """The shown image's own state, which may be ahead of the disk."""
        current, item = self._session.current, self._list.currentItem()
        if current is not None and item is not None and item.data(Qt.ItemDataRole.UserRole) == current.id:
            document = current.document
            _show_state(item, checked=document.is_checked, instances=len(document.instances))
        self._update_summary()

    def _update_summary(self) -> None:
        count = self._list.count()
        checked = sum(bool(self._list.item(row).data(Qt.ItemDataRole.UserRole + 1)) for row in range(count))
        text = tr("images", "{checked} of {count} checked").format(checked=checked, count=count)
        self._summary.setText(text if count else tr("images", "No images"))


def _show_state(item: QListWidgetItem, *, checked: bool, instances: int) -> None:
    item.setIcon(_dot(checked=checked, begun=instances > 0))
    item.setData(Qt.ItemDataRole.UserRole + 1, checked)
    name = item.toolTip()
    if checked:
        state = tr("images", "checked, {count} instances").format(count=instances)
    elif instances:
        state = tr("images", "{count} instances, not checked").format(count=instances)
    else:
        state = tr("images", "untouched")
    item.setStatusTip(f"{name}: {state}")


@lru_cache(maxsize=4)
def _dot(*, checked: bool, begun: bool) -> QIcon:
    """A filled circle with a tick: checked. A half circle: begun. A ring: untouched.

    Made once: Qt keeps the pixels of every icon it has shown.
    """
    colour = theme.GOOD if checked else theme.FAINT_TEXT
    pixmap = QPixmap(_DOT_PX * 2, _DOT_PX * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.6))
    if checked:
        painter.setBrush(colour)
    painter.drawEllipse(3, 3, _DOT_PX - 6, _DOT_PX - 6)
    if checked:
        painter.setPen(QPen(QColor(255, 255, 255), 1.8))
        painter.drawLine(5, 8, 7, 10)
        painter.drawLine(7, 10, 11, 6)
    elif begun:
        painter.setBrush(colour)
        painter.drawPie(3, 3, _DOT_PX - 6, _DOT_PX - 6, 90 * 16, 180 * 16)
    painter.end()
    return QIcon(pixmap)
