"""Export masks…: where to, in which formats, which images."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from unet_studio.gui.translation import tr


class ExportDialog(QDialog):
    """Asks; `folder`, `formats` and `only_checked` hold the answer."""

    def __init__(self, parent: QWidget | None, *, folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("export", "Export masks"))
        self._folder = QLineEdit(str(folder))
        browse = QPushButton(tr("export", "Choose…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self._folder, 1)
        where.addWidget(browse)
        group = QGroupBox(tr("export", "Formats"))
        self._boxes = {
            "label-tiff": QCheckBox(tr("export", "Label image, TIFF (uint16, int32 when needed)")),
            "label-png": QCheckBox(tr("export", "Label image, 16-bit PNG")),
            "binary-png": QCheckBox(tr("export", "Binary mask, PNG (0 and 255)")),
        }
        self._boxes["label-tiff"].setChecked(True)
        formats = QVBoxLayout(group)
        for box in self._boxes.values():
            formats.addWidget(box)
            box.toggled.connect(self._check)
        self._only_checked = QCheckBox(tr("export", "Only checked images"))
        note = QLabel(
            tr(
                "export",
                "Files are named after the images; planes of a stack NAME_t0000_z0000, counted from 0. "
                "Several formats go into one folder each.",
            )
        )
        note.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self._buttons.addButton(tr("export", "Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr("export", "Folder")))
        layout.addLayout(where)
        layout.addWidget(group)
        layout.addWidget(self._only_checked)
        layout.addWidget(note)
        layout.addWidget(self._buttons)
        self._folder.textChanged.connect(self._check)
        self.setMinimumWidth(460)

    @property
    def folder(self) -> Path:
        """Where the files go."""
        return Path(self._folder.text().strip()).expanduser()

    @property
    def formats(self) -> tuple[str, ...]:
        """The chosen formats, at least one."""
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    @property
    def only_checked(self) -> bool:
        """Leave out images that are not checked."""
        return self._only_checked.isChecked()

    def set_format(self, name: str, chosen: bool) -> None:
        """Preset a format."""
        self._boxes[name].setChecked(chosen)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.windowTitle(), self._folder.text())
        if chosen:
            self._folder.setText(chosen)

    def _check(self) -> None:
        self._export.setEnabled(bool(self.formats) and bool(self._folder.text().strip()))
