"""The list of the project's images: picture, name, whether checked, how many instances."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QCheckBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from unet_studio.core.errors import UserError
from unet_studio.gui import theme
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.image_layer import DisplayImage, Picture, Pixels
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr
from unet_studio.io.image_source import whole_plane
from unet_studio.io.overview import make_overview
from unet_studio.store.project_images import open_project_image
from unet_studio.store.project_store import ImageRecord, ProjectStore

_PICTURE_PX = 36
_DOT_PX = 14
_LARGEST_FILE_BYTES = 64 * 2**20
_QUICK_PX = 2**24
"""Larger images get their picture when they are opened: nobody reads gigabytes for a list."""
_ID = Qt.ItemDataRole.UserRole
_CHECKED = Qt.ItemDataRole.UserRole + 1
_STATE = Qt.ItemDataRole.UserRole + 2


class ImagesPanel(QWidget):
    """A click shows the image."""

    chosen = Signal(int)

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__()
        self._session, self._pool = session, pool
        self._pictures: dict[int, QPixmap] = {}
        self._given_up: set[int] = set()
        self._loading = False
        self._summary = QLabel()
        self._summary.setContentsMargins(8, 4, 8, 4)
        self.only_unchecked = QCheckBox(tr("images", "Only not checked"))
        self.only_unchecked.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.only_unchecked.setContentsMargins(8, 4, 8, 4)
        self.only_unchecked.setStyleSheet("QCheckBox { padding: 5px 8px; }")
        self.only_unchecked.toggled.connect(self._filter)
        self._list = QListWidget()
        self._list.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        self._list.setUniformItemSizes(True)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The canvas has the keys: arrows and letters in the list would be taken from it.
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(lambda item: self.chosen.emit(item.data(_ID)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.only_unchecked)
        layout.addWidget(self._list)
        layout.addWidget(self._summary)
        self.setMinimumWidth(150)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(250)
        self._idle.timeout.connect(self._load_next)
        self._list.verticalScrollBar().valueChanged.connect(self._idle.start)
        session.project_changed.connect(self._forget)
        session.images_changed.connect(self.rebuild)
        session.image_changed.connect(self._image_shown)
        session.changed.connect(lambda _: self.update_current())
        self.rebuild()

    def sizeHint(self) -> QSize:
        """Wide enough for usual file names."""
        return QSize(220, 400)

    def shown_ids(self) -> list[int]:
        """The images that pass the filter, in their order."""
        items = (self._list.item(row) for row in range(self._list.count()))
        return [item.data(_ID) for item in items if not item.isHidden()]

    def rebuild(self) -> None:
        """Read the list anew from the project."""
        self._list.clear()
        for record in self._session.images():
            item = QListWidgetItem(record.title)
            item.setToolTip(str(record.path))
            item.setData(_ID, record.id)
            item.setSizeHint(QSize(120, _PICTURE_PX + 8))
            self._list.addItem(item)
            self._show_state(item, record)
        self.mark_current()
        self._update_summary()
        self._filter()
        self._idle.start()

    def mark_current(self) -> None:
        """Select the shown image, or the one that could not be."""
        wanted = self._session.wanted_id
        for row in range(self._list.count()):
            item = self._list.item(row)
            if item.data(_ID) == wanted:
                self._list.setCurrentItem(item)
        self.update_current()

    def update_current(self) -> None:
        """The shown image's own state, which may be ahead of the disk."""
        current, item = self._session.current, self._list.currentItem()
        if current is not None and item is not None and item.data(_ID) == current.id:
            record = self._session.record(current.id)
            if record is None:
                return
            was_checked = bool(item.data(_CHECKED))
            self._show_state(item, record)
            if record.is_checked != was_checked:
                self._update_summary()

    def _image_shown(self) -> None:
        current = self._session.current
        if current is not None and current.id not in self._pictures:
            self._keep_picture(current.id, _small(current.display, *current.document.bounds.shape))
        self.mark_current()
        self._filter()  # The one before may have been checked meanwhile.

    def _filter(self) -> None:
        current = self._session.current
        for row in range(self._list.count()):
            item = self._list.item(row)
            is_current = current is not None and item.data(_ID) == current.id
            item.setHidden(self.only_unchecked.isChecked() and bool(item.data(_CHECKED)) and not is_current)
        self._idle.start()

    def _update_summary(self) -> None:
        count = self._list.count()
        checked = sum(bool(self._list.item(row).data(_CHECKED)) for row in range(count))
        text = tr("images", "{checked} of {count} checked").format(checked=checked, count=count)
        self._summary.setText(text if count else tr("images", "No images"))

    def _show_state(self, item: QListWidgetItem, record: ImageRecord) -> None:
        checked, begun = record.is_checked, record.instances > 0 or record.checked_planes > 0
        state = (checked, begun, item.data(_ID) in self._pictures)
        if item.data(_STATE) != state:
            item.setData(_STATE, state)
            item.setData(_CHECKED, checked)
            item.setIcon(_icon(self._pictures.get(item.data(_ID)), checked=checked, begun=begun))
        if checked:
            words = tr("images", "checked, {count} instances")
        elif record.checked_planes:
            words = tr("images", "partly checked, {count} instances")
        elif record.instances:
            words = tr("images", "{count} instances, not checked")
        else:
            words = tr("images", "untouched")
        state_text = tr("images", "{name}: {state}")
        item.setStatusTip(state_text.format(name=item.toolTip(), state=words.format(count=record.instances)))

    # Pictures: of the rows that are seen, one after the other, when nothing else is to be done

    def _forget(self) -> None:
        self._pictures.clear()
        self._given_up.clear()

    def _load_next(self) -> None:
        store = self._session.store
        if self._loading or store is None or not self.isVisible():
            return
        view = self._list.viewport().rect()
        records = {record.id: record for record in self._session.images()}
        for row in range(self._list.count()):
            item = self._list.item(row)
            image_id = item.data(_ID)
            is_seen = not item.isHidden() and self._list.visualItemRect(item).intersects(view)
            if is_seen and image_id in records and image_id not in self._pictures.keys() | self._given_up:
                self._load(store, records[image_id])
                return

    def _load(self, store: ProjectStore, record: ImageRecord) -> None:
        image_id = record.id
        self._loading = True

        def done(pixels: Pixels | None) -> None:
            self._loading = False
            if store is self._session.store:
                if pixels is None:
                    self._given_up.add(image_id)
                else:
                    self._keep_picture(image_id, pixels)
                self._idle.start()

        def failed(_: UserError) -> None:
            done(None)  # Whoever opens the image is told why.

        self._pool.submit(lambda: _read_small(store, record), done, failed)

    def _keep_picture(self, image_id: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._pictures[image_id] = QPixmap.fromImage(image)
        for row in range(self._list.count()):
            item = self._list.item(row)
            if item.data(_ID) == image_id and item.data(_STATE) is not None:
                checked, begun, _ = item.data(_STATE)
                item.setData(_STATE, (checked, begun, True))
                item.setIcon(_icon(self._pictures[image_id], checked=checked, begun=begun))


def _read_small(store: ProjectStore, record: ImageRecord) -> Pixels | None:
    try:
        is_large = record.path.stat().st_size > _LARGEST_FILE_BYTES
    except OSError:
        return None
    source = open_project_image(store, record.id, record.path, record.scene)
    if len(source.levels) > 1 and source.levels[-1][0] * source.levels[-1][1] < _QUICK_PX:
        seen = make_overview(source)
        display = DisplayImage.from_samples(seen.pixels, seen.factor)
    elif is_large:
        return None
    else:
        plane = whole_plane(source)
        step = max(1, min(plane.shape[:2]) // (8 * _PICTURE_PX))
        display = DisplayImage.from_samples(np.ascontiguousarray(plane[::step, ::step]), step)
    return _small(display, source.axes.y, source.axes.x)


def _small(image: Picture, height: int, width: int) -> Pixels:
    """The middle square of a plane, small: uint8 (h, w, 4)."""
    side = min(height, width)
    # Painted finer than it is shown: the mean of some pixels instead of one of them.
    count = min(side, 8 * _PICTURE_PX)
    out = np.empty((count, count, 4), np.uint8)
    image.paint(out, (height - side) / 2, (width - side) / 2, side / count, image.auto)
    size = (2 * _PICTURE_PX, 2 * _PICTURE_PX)
    return np.ascontiguousarray(cv2.resize(out, size, interpolation=cv2.INTER_AREA))


def _icon(picture: QPixmap | None, *, checked: bool, begun: bool) -> QIcon:
    """The picture with its state in a corner: a tick (checked), half a disc (begun), a ring (untouched)."""
    pixmap = QPixmap(_PICTURE_PX * 2, _PICTURE_PX * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(theme.CANVAS)
    painter = QPainter(pixmap)
    if picture is not None:
        painter.drawPixmap(0, 0, _PICTURE_PX, _PICTURE_PX, picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    left = top = _PICTURE_PX - _DOT_PX - 1
    colour = theme.GOOD if checked else theme.TEXT
    painter.setPen(QPen(QColor(0, 0, 0, 150), 3.2))
    painter.setBrush(QColor(0, 0, 0, 110))
    painter.drawEllipse(left, top, _DOT_PX - 2, _DOT_PX - 2)
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(colour if checked else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(left, top, _DOT_PX - 2, _DOT_PX - 2)
    if checked:
        painter.setPen(QPen(QColor(255, 255, 255), 1.8))
        painter.drawLine(left + 3, top + 6, left + 5, top + 9)
        painter.drawLine(left + 5, top + 9, left + 9, top + 4)
    elif begun:
        painter.setBrush(colour)
        painter.drawPie(left, top, _DOT_PX - 2, _DOT_PX - 2, 90 * 16, 180 * 16)
    painter.end()
    return QIcon(pixmap)
