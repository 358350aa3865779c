"""The tools, the one in use, and the way of the mouse from the canvas through it into the document."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from unet_studio.core.document import Change
from unet_studio.core.errors import UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.reviewing import Reviewing
from unet_studio.gui.rewriting import Rewriting
from unet_studio.gui.session import Session
from unet_studio.gui.tools.box_tool import BoxTool
from unet_studio.gui.tools.edge_tool import EdgeTool
from unet_studio.gui.tools.gather_tool import GatherTool
from unet_studio.gui.tools.grow_tool import GrowTool
from unet_studio.gui.tools.merge_tool import MergeTool
from unet_studio.gui.tools.outline_tool import LassoTool, PolygonTool
from unet_studio.gui.tools.pick_tool import PickTool
from unet_studio.gui.tools.ruler_tool import RulerTool
from unet_studio.gui.tools.split_tool import SplitLineTool, SplitWaistTool
from unet_studio.gui.tools.stroke_tool import StrokeTool
from unet_studio.gui.tools.tool import Tool, ToolSettings, Touch
from unet_studio.gui.tools.wand_tool import WandTool
from unet_studio.gui.translation import mark, tr

_DELETE_HINT = mark("tools", "Delete by lasso: drag around instances; those mostly inside are deleted.")
_ACCEPT_HINT = mark("tools", "Accept by lasso: drag around proposals; those mostly inside become labels.")
_REJECT_HINT = mark("tools", "Reject by lasso: drag around proposals; those mostly inside are put aside.")
_PAST_HINT = mark("tools", "The past: click an instance to choose it. Esc returns to now.")


class ToolBox(QObject):
    """Makes every tool; gives the mouse to one."""

    chosen = Signal(str)  # the tool's id
    hint_changed = Signal(str)
    failed = Signal(object)  # UserError

    def __init__(
        self,
        session: Session,
        canvas: CanvasView,
        settings: ToolSettings,
        reviewing: Reviewing,
        rewriting: Rewriting,
        pool: Pool,
    ) -> None:
        super().__init__(canvas)
        self._session, self._canvas = session, canvas
        self.tools: dict[str, Tool] = {
            "tool.pick": PickTool(session),
            "tool.brush": StrokeTool(session, settings, erases=False),
            "tool.eraser": StrokeTool(session, settings, erases=True),
            "tool.lasso": LassoTool(session, settings),
            "tool.polygon": PolygonTool(session, settings),
            "tool.wand": WandTool(session, settings),
            "tool.grow": GrowTool(session, settings),
            "tool.edge": EdgeTool(session, settings, pool),
            "tool.box": BoxTool(session, settings, pool),
            "tool.split": SplitLineTool(rewriting),
            "tool.waist": SplitWaistTool(session),
            "tool.merge": MergeTool(session),
            "tool.delete_lasso": GatherTool(session, settings, hint=_DELETE_HINT, act=reviewing.delete_in),
            "tool.accept_lasso": GatherTool(session, settings, hint=_ACCEPT_HINT, act=reviewing.accept_in),
            "tool.reject_lasso": GatherTool(session, settings, hint=_REJECT_HINT, act=reviewing.reject_in),
            "tool.ruler": RulerTool(session),
        }
        self.current_id = "tool.pick"
        canvas.pressed.connect(self._press)
        canvas.moved.connect(self._move)
        canvas.released.connect(self._release)
        canvas.hovered.connect(self._hover)
        canvas.finished.connect(self.finish)
        session.drawing_must_end.connect(self.end_drawing)
        session.past_changed.connect(self.hand_over_mouse)
        session.image_changed.connect(self.abort)
        session.hand_is_busy = lambda: self.is_drawing

    @property
    def current(self) -> Tool:
        """The tool in use."""
        return self.tools[self.current_id]

    def use(self, tool_id: str) -> None:
        """Give the mouse to a tool; a stroke that is being drawn is finished."""
        self.end_drawing()
        self.current_id = tool_id
        self.hand_over_mouse()
        self.chosen.emit(tool_id)

    def hand_over_mouse(self) -> None:
        """The canvas gets the tool in use; in the past one can only choose, whatever the tool."""
        past = self._session.past is not None
        self._canvas.set_tool(self.tools["tool.pick"] if past else self.current)
        self.hint_changed.emit(tr("tools", _PAST_HINT) if past else self.current.hint)

    @property
    def is_drawing(self) -> bool:
        """True while Esc and Enter belong to the tool."""
        return self._canvas.is_drawing or self.current.is_busy

    def abort(self) -> None:
        """Take back what is being drawn."""
        if self._canvas.is_drawing or self.current.is_busy or self.current.overlay is not None:
            self._canvas.cancel_drawing()
            self._publish(self.current.abort)

    def end_drawing(self) -> None:
        """Something else comes on the canvas: what was drawn so far is the stroke."""
        if self.is_drawing or self.current.overlay is not None:
            self._canvas.cancel_drawing()
            self._publish(self.current.end)

    def finish(self) -> None:
        """Complete what takes several clicks."""
        self._canvas.cancel_drawing()
        self._publish(self.current.finish)

    def step_back(self) -> None:
        """The last click did not count."""
        self.current.step_back()
        self._canvas.show_tool()
        if not self.is_drawing:
            self._session.hand_is_free()  # What waits for the end of a gesture: it was taken back whole.

    def fill_holes(self) -> bool:
        """While drawing: fill what is enclosed. False if nothing is being drawn."""
        if not self._canvas.is_drawing:
            return False
        self._publish(self.current.fill_holes)
        return True

    def _press(self, touch: Touch) -> None:
        document = self._session.document
        if self._session.past is not None:
            self._session.select_at(touch.at)
        elif document is not None and (not document.stroke_is_open):
            self._publish(lambda: self.current.press(touch, document))

    def _move(self, touch: Touch) -> None:
        if self._session.past is None:
            self._publish(lambda: self.current.move(touch))

    def _release(self) -> None:
        if self._session.past is None:
            self._publish(self.current.release)

    def _hover(self, touch: Touch | None) -> None:
        if touch is not None and self.current.is_busy:
            self.current.hover(touch)
            self._canvas.show_tool()

    def _publish(self, act: Callable[[], Change | None]) -> None:
        try:
            self._session.publish(act())
        except UserError as error:
            self.failed.emit(error)
        if self.current.overlay is not None or self._canvas.shows_overlay:
            self._canvas.show_tool()
        if not self.is_drawing:
            self._session.hand_is_free()
