"""What tools share that make a region and give it to an instance: outline, wand, edges, growing."""

from __future__ import annotations

from unet_studio.core.document import Change, Document, Over
from unet_studio.core.regions import Region
from unet_studio.gui.session import Session
from unet_studio.gui.tools.tool import BrushMode, Tool, ToolSettings
from unet_studio.gui.translation import mark, tr

NOTHING_SELECTED = mark("tools", "No instance is selected: click one with Pick (I) first.")
OVER = {
    BrushMode.EVERYTHING: Over.EVERYTHING,
    BrushMode.BACKGROUND: Over.BACKGROUND,
    BrushMode.INSIDE: Over.INSIDE,
}


class RegionTool(Tool):
    """Adds to the selected instance what begins in it, else makes a new one; Alt takes away."""

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
        """The region in the open stroke; `target`: the instance that gets it, 0: a new one."""
        session, settings = self._session, self._settings
        class_index = session.active_class
        if alt:
            only = session.selected_instance if settings.erase_selected_only else 0
            if settings.erase_selected_only and only not in document.instances:
                session.said.emit(tr("tools", NOTHING_SELECTED))
                return None
            return document.erase(region, only=only)
        if settings.mode is BrushMode.INSIDE:
            inside = session.selected_instance
            if inside not in document.instances:
                session.said.emit(tr("tools", NOTHING_SELECTED))
                return None
            new = target if target and target != inside else session.new_instance_id(document)
            return document.paint(region, new, over=Over.INSIDE, inside=inside, class_index=class_index)
        target = target or session.new_instance_id(document)
        drawn = document.paint(region, target, over=OVER[settings.mode], class_index=class_index)
        if drawn is not None:
            session.select(instance=target)
        return drawn
