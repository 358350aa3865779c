"""Pick: a click selects the proposal or the instance under it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint
from unet_studio.gui.translation import mark, tr

_HINT = mark(
    "tools", "Pick: click an instance or a proposal. Enter accepts the proposal, Del removes either."
)


class PickTool:
    """Makes no edit; tells the session what was clicked."""

    cursor = Qt.CursorShape.ArrowCursor
    cursor_diameter_px = None

    def __init__(self, select_at: Callable[[PixelPoint], None]) -> None:
        self._select_at = select_at

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, at: PixelPoint, document: Document) -> Change | None:
        """See Tool."""
        self._select_at(at)
        return None

    def move(self, at: PixelPoint) -> Change | None:
        """See Tool."""
        return None

    def release(self) -> Change | None:
        """See Tool."""
        return None

    def abort(self) -> Change | None:
        """See Tool."""
        return None
