"""Colours: the dark window palette, and the label colours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from unet_studio.settings.locations import resources_folder

CANVAS = QColor(22, 23, 26)
PANEL = QColor(37, 39, 44)
FIELD = QColor(28, 30, 34)
TEXT = QColor(228, 230, 235)
FAINT_TEXT = QColor(150, 155, 165)
ACCENT = QColor(64, 140, 255)
PROPOSAL = QColor(255, 214, 64)
GOOD = QColor(70, 190, 120)
BAD = QColor(255, 110, 100)
WAITING = QColor(255, 190, 70)

LABEL_COLOURS = 256

_STYLE = """
QToolBar {{ spacing: 2px; padding: 3px; border: 0; background: {panel}; }}
QToolButton {{ padding: 4px 7px; border-radius: 4px; }}
QToolButton:checked {{ background: {accent}; color: white; }}
QToolButton:hover:!checked {{ background: rgba(255, 255, 255, 28); }}
QToolButton#flat {{ background: #3b3f47; border: 1px solid #4a4f59; padding: 3px 8px; }}
QToolButton#flat:checked {{ background: {accent}; border-color: {accent}; }}
QToolButton#flat:disabled {{ color: #777c86; background: #303339; }}
QDockWidget {{ font-weight: 600; titlebar-close-icon: none; }}
QDockWidget::title {{ padding: 6px 8px; background: {panel}; }}
QStatusBar {{ background: {panel}; }}
QStatusBar::item {{ border: 0; }}
QTabWidget::pane {{ border: 0; }}
QTabBar {{ background: {panel}; }}
QTabBar::tab {{ padding: 6px 14px; border: 0; border-bottom: 2px solid transparent; font-weight: 600; }}
QTabBar::tab:selected {{ border-bottom: 2px solid {accent}; }}
QTabBar::tab:!selected {{ color: {faint}; }}
QTabBar::tab:hover:!selected {{ background: rgba(255, 255, 255, 28); }}
QListView {{ border: 0; background: {field}; }}
QListView::item {{ padding: 3px; }}
QPushButton {{ padding: 5px 12px; border-radius: 4px; background: #3b3f47; border: 1px solid #4a4f59; }}
QPushButton:hover {{ background: #464b55; }}
QPushButton:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled {{ color: #777c86; background: #303339; }}
QPushButton:default {{ background: {accent}; border-color: {accent}; color: white; }}
QLineEdit {{
    padding: 3px 4px; border: 1px solid #555b66; border-radius: 3px; background: {field};
}}
QLineEdit:focus {{ border-color: {accent}; }}
QCheckBox::indicator {{
    width: 14px; height: 14px; border: 1px solid #7a818d; border-radius: 3px; background: {field};
}}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; image: url("{tick}"); }}
QCheckBox::indicator:focus {{ border-color: {accent}; }}
QProgressBar {{
    border: 1px solid #4a4f59; border-radius: 4px; background: {field}; text-align: center; min-height: 16px;
}}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolTip {{ color: {text}; background: {panel}; border: 1px solid #555; padding: 3px; }}
"""


def apply_theme(app: QApplication) -> None:
    """Dark Fusion: microscopy images are judged against a dark surround."""
    app.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, PANEL),
        (roles.Base, FIELD),
        (roles.AlternateBase, PANEL),
        (roles.Button, QColor(52, 55, 62)),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, PANEL),
        (roles.ToolTipText, TEXT),
        (roles.PlaceholderText, FAINT_TEXT),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, QColor(255, 255, 255)),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, colour)
    for role in (roles.Text, roles.ButtonText, roles.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(115, 120, 130))
    app.setPalette(palette)
    tick = (resources_folder() / "icons" / "accept.svg").as_posix()
    app.setStyleSheet(
        _STYLE.format(
            panel=PANEL.name(),
            field=FIELD.name(),
            accent=ACCENT.name(),
            text=TEXT.name(),
            faint=FAINT_TEXT.name(),
            tick=tick,
        )
    )


# Eight colours that the colour-blind tell apart (after Okabe and Ito, brightened for dark images), in an
# order in which neighbours differ most; without the proposals' yellow.
_BASE = (
    (86, 180, 233), (255, 128, 48), (48, 210, 150), (235, 130, 190),
    (120, 140, 255), (214, 190, 140), (0, 190, 215), (250, 110, 110),
)  # fmt: skip
_SHADES = (1.0, 0.72, 1.25)


@lru_cache(maxsize=1)
def label_palette() -> npt.NDArray[np.uint8]:
    """uint8 (256, 3) in B, G, R order: the colour of an instance is row id % 256.

    Eight hues in three shades. The shade changes with every round, so that ids far apart differ too.
    """
    places = np.arange(LABEL_COLOURS)
    base = np.array(_BASE, np.float64)[places % len(_BASE)]
    shade = np.array(_SHADES)[places // len(_BASE) % len(_SHADES)][:, None]
    colours = np.where(shade > 1, 255 - (255 - base) / shade**2, base * np.minimum(shade, 1))
    return np.ascontiguousarray(colours[:, ::-1].round().astype(np.uint8))
