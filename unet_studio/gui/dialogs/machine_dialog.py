"""What computes on this machine and why, in words, with all that a report of a fault should name."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.core.errors import UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.translation import error_text, in_a_row, mark, sentence_text, tr
from unet_studio.jobs.describing import describe_machine
from unet_studio.jobs.messages import Described
from unet_studio.settings.locations import shipped_models_folder, user_folder, window_log

_VERSIONS = {
    "unet_studio": "U-Net Studio",
    "python": "Python",
    "torch": "PyTorch",
    "cuda": "CUDA",
    "openvino": "OpenVINO",
    "numpy": "NumPy",
    "platform": mark("machine", "System"),
    "executable": mark("machine", "Runs in"),
}


class MachineDialog(QDialog):
    """Asks an engine of its own, which takes a moment, and shows what it says."""

    def __init__(self, parent: QWidget, pool: Pool) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("machine", "What computes here"))
        self._rows: list[tuple[str, str]] = []
        self._answer = QLabel(tr("machine", "A moment…"))
        self._answer.setWordWrap(True)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(16)
        self._table.setColumnStretch(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._copy = QPushButton(tr("machine", "Copy all"))
        self._copy.setEnabled(False)
        self._copy.clicked.connect(self._to_clipboard)
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self._answer)
        layout.addLayout(self._table)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.setMinimumWidth(560)
        pool.submit(describe_machine, self._show, self._show_failure)

    def text(self) -> str:
        """All of it, a line each."""
        return "\n".join([self._answer.text(), *(f"{name}: {value}" for name, value in self._rows)])

    def _show(self, described: Described) -> None:
        text = tr("machine", "Computes on {device}.").format(device=described.chosen)
        self._answer.setText(in_a_row([text, *map(sentence_text, described.reasons)]))
        self._add(tr("machine", "Devices"), "\n".join(described.devices))
        for key, name in _VERSIONS.items():
            version = described.versions.get(key, "none")
            self._add(tr("machine", name), tr("machine", "not there") if version == "none" else version)
        self._show_places()

    def _show_failure(self, error: UserError) -> None:
        self._answer.setText(error_text(error))
        self._show_places()

    def _show_places(self) -> None:
        folders = (shipped_models_folder(), user_folder() / "models")
        self._add(tr("machine", "Models"), "\n".join(map(str, folders)))
        self._add(tr("machine", "Log"), str(window_log()))
        self._copy.setEnabled(True)
        QTimer.singleShot(0, self, self.adjustSize)  # New rows are shown when this has been left.

    def _add(self, name: str, value: str) -> None:
        row = len(self._rows)
        self._rows.append((name, value))
        shown = QLabel(value)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._table.addWidget(QLabel(name), row, 0, Qt.AlignmentFlag.AlignTop)
        self._table.addWidget(shown, row, 1)

    def _to_clipboard(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
