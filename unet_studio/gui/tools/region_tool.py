"""What tools share that make a region and give it to an instance: outline, wand, edges, growing."""

from __future__ import annotations

from unet_studio.core.document import Change, Document, Over
from unet_studio.core.regions import Region
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import BrushMode, Tool, ToolSettings

OVER = {
    BrushMode.EVERYTHING: Over.EVERYTHING,
    BrushMode.BACKGROUND: Over.BACKGROUND,
    BrushMode.INSIDE: Over.INSIDE,
}


class RegionTool(Tool):
    """Adds a region to the selected instance if it overlaps it, else makes a new one; Alt takes it away."""

    def __init__(self, session: Session, settings: ToolSettings) -> None:
        self._session = session
        self._settings = settings

    def give(
        self, document: Document, region: Region, *, name: str, alt: bool = False, target: int = 0
    ) -> Change | None:
        """The whole region as one edit; `target`: see `draw`."""
        document.begin_stroke(name)
        drawn = self.draw(document, region, alt=alt, target=target)
        finished = document.finish_stroke()
        return drawn.and_then(finished) if drawn is not None else finished

    def draw(
        self, document: Document, region: Region, *, alt: bool = False, target: int = 0
    ) -> Change | None:
        """The region in the open stroke; `target`: the instance that gets it, 0: found out here."""
        session, settings = self._session, self._settings
        if alt:
            return document.erase(
                region, only=session.selected_instance if settings.erase_selected_only else 0
            )
        if settings.mode is BrushMode.INSIDE and session.selected_instance:
            new = target or session.new_instance_id(document)
            inside = session.selected_instance
            return document.paint(
                region, new, over=Over.INSIDE, inside=inside, class_index=session.active_class
            )
        target = target or session.target_for(document, region)
        return document.paint(
            region, target, over=OVER[settings.mode], inside=target, class_index=session.active_class
        )
