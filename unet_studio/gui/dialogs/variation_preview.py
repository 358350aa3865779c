"""What the network would see: patches of a checked image, varied as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from unet_studio.core.errors import UserError
from unet_studio.gui import theme
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.translation import error_text, tr
from unet_studio.io.model_folder import read_model_config
from unet_studio.segmentation.patches import Patch, PatchMaker, Sample, scaled_sample
from unet_studio.segmentation.scaling import Objects, scale_by_objects
from unet_studio.settings.training import TrainConfig

COLUMNS, ROWS = 3, 2
_WAIT_MS = 120
_GAP_PX = 6
_MOST_WEIGHT = 12.0

RgbImage = npt.NDArray[np.uint8]


class VariationPreview(QWidget):
    """Six patches; they follow the settings. `load` reads the sample, in a worker. `scale`: at which the
    images are seen, None: by how wide the sample's objects are beside those of the model."""

    def __init__(self, pool: Pool, load: Callable[[], Sample], scale: float | None = None) -> None:
        super().__init__()
        self._scale = scale
        self._model: Path | None = None
        self._pool = pool
        self._load = load
        self._sample: Sample | None = None
        self._config: TrainConfig | None = None
        self._first = 0
        self._is_computing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._compute)
        self._pictures = _Pictures()
        self._weights = QCheckBox(tr("variation", "Show weights"))
        self._weights.setToolTip(tr("variation", "Bright: pixels that count much, between close cells."))
        self._weights.toggled.connect(self._timer_start)
        self._other = QPushButton(tr("variation", "Other patches"))
        self._other.setAutoDefault(False)
        self._other.clicked.connect(self._next)
        about = QLabel(tr("variation", "As the network sees your images; outlines are its targets."))
        about.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._weights)
        row.addStretch(1)
        row.addWidget(self._other)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(about)
        layout.addWidget(self._pictures, 1)
        layout.addLayout(row)

    @property
    def pictures(self) -> list[RgbImage]:
        """What is shown."""
        return self._pictures.shown

    def show_config(self, config: TrainConfig, model: Path | None = None) -> None:
        """Show what these settings make of the sample, a moment later. `model`: what is trained on."""
        self._config, self._model = config, model
        self._timer_start()

    def showEvent(self, event: QShowEvent) -> None:
        """See QWidget."""
        super().showEvent(event)
        self._timer_start()

    def hideEvent(self, event: QHideEvent) -> None:
        """See QWidget. Nobody looks: nothing is computed."""
        super().hideEvent(event)
        self._timer.stop()

    def _timer_start(self) -> None:
        if self.isVisible():
            self._timer.start(_WAIT_MS)

    def _next(self) -> None:
        self._first += COLUMNS * ROWS
        self._timer_start()

    def _compute(self) -> None:
        if self._config is None or self._is_computing:
            return  # What is under way looks again when it is done.
        config, first, sample, load = self._config, self._first, self._sample, self._load
        model, scale = self._model, self._scale
        with_weights = self._weights.isChecked()
        self._is_computing = True

        def work() -> tuple[Sample, list[RgbImage]]:
            known = sample or load()
            seen = _as_seen(known, model, scale)
            return known, pictures_of(seen, config, first=first, with_weights=with_weights)

        def done(result: tuple[Sample, list[RgbImage]]) -> None:
            if not isValid(self):
                return  # The dialog was closed meanwhile.
            self._is_computing = False
            self._sample = result[0]
            self._pictures.show_all(result[1])
            now = (self._config, self._model, self._first, self._weights.isChecked())
            if (config, model, first, with_weights) != now:
                self._timer_start()

        def failed(error: UserError) -> None:
            if isValid(self):
                self._is_computing = False
                self._pictures.say(error_text(error))
                if model != self._model:
                    self._timer_start()

        self._pool.submit(work, done, failed)


def _as_seen(sample: Sample, model: Path | None, scale: float | None) -> Sample:
    """At the size at which the network will see it, if this sample is like the others.

    Raises UserError if the model is gone.
    """
    if scale is None:
        if model is None:
            return sample
        config = read_model_config(model)
        scale = scale_by_objects(Objects.of(sample.labels).width_px, config.object_px, config.scale)
    return scaled_sample(sample, scale)


def pictures_of(sample: Sample, config: TrainConfig, *, first: int, with_weights: bool) -> list[RgbImage]:
    """Patches `first` … of a training on this sample alone, as uint8 (side, side, 3)."""
    network = msgspec.structs.replace(
        config.network, in_channels=sample.image.shape[2], classes=int(sample.class_of.max(initial=1)) + 1
    )
    maker = PatchMaker([sample], msgspec.structs.replace(config, network=network))
    return [_picture(maker.patch(first + n), with_weights=with_weights) for n in range(COLUMNS * ROWS)]


def _picture(patch: Patch, *, with_weights: bool) -> RgbImage:
    margin = (patch.image.shape[0] - patch.target.shape[0]) // 2
    side = slice(margin, patch.image.shape[0] - margin)
    grey = np.clip(patch.image[side, side], 0, 1)
    if grey.shape[2] != 3:
        grey = np.repeat(grey.mean(2, keepdims=True), 3, 2)
    if with_weights:
        heat = np.clip(patch.weight / _MOST_WEIGHT, 0, 1)
        grey = np.stack([heat, heat**2, heat * 0.4], axis=2)
    out = (grey * 255).astype(np.uint8)
    outlines, _ = cv2.findContours((patch.target > 0).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        out[outline[:, 0, 1], outline[:, 0, 0]] = theme.PROPOSAL.getRgb()[:3]  # type: ignore[index]
    return out


class _Pictures(QWidget):
    """A grid of square pictures as large as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[RgbImage] = []
        self._text = tr("variation", "A moment…")
        self.setMinimumSize(COLUMNS * 96, ROWS * 96)

    def show_all(self, pictures: Sequence[RgbImage]) -> None:
        self.shown = [np.ascontiguousarray(p) for p in pictures]
        self.update()

    def say(self, text: str) -> None:
        self.shown, self._text = [], text
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """See QWidget."""
        painter = QPainter(self)
        if not self.shown:
            painter.setPen(theme.FAINT_TEXT)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._text)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(
            (self.width() - (COLUMNS - 1) * _GAP_PX) // COLUMNS,
            (self.height() - (ROWS - 1) * _GAP_PX) // ROWS,
        )
        for number, picture in enumerate(self.shown):
            height, width = picture.shape[:2]
            image = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            x, y = number % COLUMNS * (side + _GAP_PX), number // COLUMNS * (side + _GAP_PX)
            painter.drawImage(x, y, image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio,
                                                 Qt.TransformationMode.SmoothTransformation))  # fmt: skip
