"""A lasso around instances or proposals: all that lie mostly inside are deleted, accepted or rejected."""

from __future__ import annotations

from collections.abc import Callable

from unet_studio.core.document import Change, Document
from unet_studio.core.regions import Polygon
from unet_studio.gui.session import Session
from unet_studio.gui.tools.outline_tool import LassoTool
from unet_studio.gui.tools.tool import ToolSettings
from unet_studio.gui.translation import tr


class GatherTool(LassoTool):
    """`act` gets the line when it is closed."""

    def __init__(
        self, session: Session, settings: ToolSettings, *, hint: str, act: Callable[[Polygon], None]
    ) -> None:
        super().__init__(session, settings)
        self._own_hint = hint
        self._act = act

    @property
    def hint(self) -> str:
        """See Tool."""
        return tr("tools", self._own_hint)

    def gathered(self, document: Document, polygon: Polygon, *, alt: bool) -> Change | None:
        """See LassoTool."""
        del document, alt
        self._act(polygon)
        return None
