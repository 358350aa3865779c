"""What every tool is: press, move, release on the plane; Esc aborts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint


class Tool(Protocol):
    """press, move …, release = at most one edit."""

    @property
    def hint(self) -> str:
        """One line for the status bar."""
        ...

    @property
    def cursor(self) -> Qt.CursorShape:
        """The mouse pointer over the canvas."""
        ...

    @property
    def cursor_diameter_px(self) -> float | None:
        """Diameter of the circle around the pointer, in image pixels; None: no circle."""
        ...

    def press(self, at: PixelPoint, document: Document) -> Change | None:
        """The left button went down."""
        ...

    def move(self, at: PixelPoint) -> Change | None:
        """The mouse moved with the button down."""
        ...

    def release(self) -> Change | None:
        """The button went up: the edit is finished."""
        ...

    def abort(self) -> Change | None:
        """Esc: take back what was drawn since the press."""
        ...


@dataclass(slots=True)
class BrushSettings:
    """Shared by brush and eraser."""

    diameter_px: float = 16.0
    protect_others: bool = True
    """The brush paints on background and on its own instance only."""
