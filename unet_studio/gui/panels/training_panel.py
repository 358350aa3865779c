"""The live curves of a training: loss and Dice against steps."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from unet_studio.gui import theme
from unet_studio.gui.translation import in_a_row, sentence_text, tr
from unet_studio.jobs.messages import TrainingBegun, TrainingPoint

_PLOT_HEIGHT = 128
_TRAIN_COLOUR = theme.ACCENT
_VAL_COLOUR = theme.WAITING
_DICE_COLOUR = theme.GOOD


class TrainingPanel(QWidget):
    """Shows one training at a time; the curves of the last one stay until the next begins."""

    stop_asked = Signal()
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setVisible(False)
        self._bar = QProgressBar()
        self._bar.setTextVisible(True)
        self._stop = QPushButton()
        self._cancel = QPushButton()
        self._stop.clicked.connect(self.stop_asked)
        self._cancel.clicked.connect(self.cancel_asked)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._stop, 1)
        row.addWidget(self._cancel)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self._state)
        self._layout.addWidget(self._bar)
        self._layout.addWidget(self._buttons)
        self._layout.addWidget(self._about)
        self._layout.addStretch(1)
        self._points: list[TrainingPoint] = []
        self._curves: dict[str, object] = {}
        self._set_running(False)
        self.retranslate()

    @property
    def points(self) -> list[TrainingPoint]:
        """What the curves show."""
        return list(self._points)

    def retranslate(self) -> None:
        """Set every text in the current language."""
        self._stop.setText(tr("training", "Stop, keep the best"))
        self._cancel.setText(tr("training", "Cancel"))
        if not self._points:
            self._state.setText(
                tr(
                    "training",
                    "Mark corrected images as checked (C), then Train ▸ Fine-tune… teaches the model.",
                )
            )

    def forget(self) -> None:
        """Another project: what was trained here is none of its business."""
        self._points.clear()
        self._redraw()
        self._about.setVisible(False)
        self._set_running(False)
        self.retranslate()

    def begin(self, title: str) -> None:
        """A training has begun: empty curves."""
        self._points.clear()
        self._make_plots()
        self._redraw()
        self._state.setText(title)
        self._about.setVisible(False)
        self._bar.setRange(0, 0)
        self._set_running(True)

    def show_begun(self, begun: TrainingBegun) -> None:
        """What teaches, what validates, what computes, and what is worth knowing about the data."""
        text = tr(
            "training", "Images that teach: {training}, that validate: {validation}. Computes on {device}."
        )
        text = text.format(training=begun.training, validation=begun.validation, device=begun.device)
        self._about.setText(in_a_row([text, *map(sentence_text, begun.notes)]))
        self._about.setToolTip(in_a_row(map(sentence_text, begun.reasons)))
        self._about.setVisible(True)

    def show_progress(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def add(self, point: TrainingPoint) -> None:
        """One more point of the curves."""
        self._points.append(point)
        self._redraw()
        if point.val_dice is not None:
            text = tr("training", "Step {step}: Dice {dice}").format(
                step=point.step, dice=f"{point.val_dice:.3f}"
            )
            # Not the highest Dice: what would be kept now, for which AP50 counts too.
            best = next((p for p in reversed(self._points) if p.is_best), None)
            if best is not None and best.val_dice is not None:
                kept = tr("training", "best so far: step {step}, Dice {dice}")
                text += "; " + kept.format(step=best.step, dice=f"{best.val_dice:.3f}")
            self._state.setText(text)
        elif not math.isnan(point.train_loss):
            text = tr("training", "Step {step}: training loss {loss}")
            self._state.setText(text.format(step=point.step, loss=f"{point.train_loss:.3f}"))

    def end(self, sentence: str) -> None:
        """The training is over, one way or another."""
        self._state.setText(sentence)
        self._set_running(False)

    def _set_running(self, running: bool) -> None:
        self._bar.setVisible(running)
        self._buttons.setVisible(running)

    def _make_plots(self) -> None:
        if self._curves:
            return
        # Only a person who trains pays for the plotting library.
        import pyqtgraph

        pyqtgraph.setConfigOptions(background=theme.FIELD, foreground=theme.FAINT_TEXT, antialias=True)
        names = {
            "train_loss": tr("training", "training"),
            "val_loss": tr("training", "validation"),
            "val_dice": "Dice",
            "val_iou": "IoU",
            "val_ap50": "AP50",
        }
        for title, curves in (
            (tr("training", "Loss"), (("train_loss", _TRAIN_COLOUR), ("val_loss", _VAL_COLOUR))),
            (
                tr("training", "Validation"),
                (("val_dice", _DICE_COLOUR), ("val_iou", _TRAIN_COLOUR), ("val_ap50", _VAL_COLOUR)),
            ),
        ):
            plot = pyqtgraph.PlotWidget()
            # The names in the curves' colours stand in the title: a legend would lie over them.
            shown = [f'<span style="color: {colour.name()}">{names[key]}</span>' for key, colour in curves]
            plot.setTitle(f"{title}:&nbsp; " + " &nbsp; ".join(shown), size="9pt")
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.getViewBox().setLimits(xMin=0, yMin=0)
            plot.showGrid(x=False, y=True, alpha=0.2)
            plot.setFixedHeight(_PLOT_HEIGHT)
            for key, colour in curves:
                pen = pyqtgraph.mkPen(colour, width=2)
                self._curves[key] = plot.plot(
                    [], [], pen=pen, symbol="o", symbolSize=4, symbolBrush=colour,
                    symbolPen=None,
                )  # fmt: skip
            self._layout.insertWidget(self._layout.count() - 1, plot)

    def _redraw(self) -> None:
        for key, curve in self._curves.items():
            known = [(p.step, getattr(p, key)) for p in self._points]
            shown = [(x, y) for x, y in known if y is not None and not math.isnan(y)]
            curve.setData([x for x, _ in shown], [y for _, y in shown])  # type: ignore[attr-defined]
