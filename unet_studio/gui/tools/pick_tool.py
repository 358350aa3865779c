"""Pick: a click selects the proposal or the instance under it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from unet_studio.core.document import Change, Document
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import Tool, Touch
from unet_studio.gui.translation import mark, tr

_HINT = mark(
    "tools", "Pick: click an instance or a proposal. Enter accepts the proposal, Del removes either."
)


class PickTool(Tool):
    """Makes no edit; tells the session what was clicked."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", _HINT)

    def press(self, touch: Touch, document: Document) -> Change | None:
        """See Tool."""
        del document
        self._session.select_at(touch.at)
        return None
