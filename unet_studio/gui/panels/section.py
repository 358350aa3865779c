"""A titled part of a side panel that a click on its title folds away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from unet_studio.gui import theme


class Section(QWidget):
    """`panel` under a title."""

    def __init__(self, title: str, panel: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self.panel = panel
        self.title = QToolButton()
        self.title.setText(title)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setAutoRaise(True)
        self.title.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.title.setStyleSheet(
            f"QToolButton {{ font-weight: 600; color: {theme.FAINT_TEXT.name()}; border: 0; padding: 4px 2px;"
            " text-align: left; }"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addWidget(panel)
        self.title.clicked.connect(lambda: self.fold(is_open=self.panel.isHidden()))
        self.fold(is_open=is_open)

    def fold(self, *, is_open: bool) -> None:
        """Show or hide the panel."""
        self.panel.setVisible(is_open)
        self.title.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
