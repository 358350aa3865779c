"""What every tool is: press, move, release on the plane; Esc aborts. And what tools share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import Qt

from unet_studio.core.brush import MAX_DIAMETER_PX, MIN_DIAMETER_PX
from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint, Rect


@dataclass(frozen=True, slots=True)
class Touch:
    """The mouse or the pen on the plane.

    `pressure`: 0..1, 1 for a mouse. `alt`: Alt or Shift is held, or the pen's other end is used: take away
    instead of add. `scale`: widget pixels per image pixel.
    """

    at: PixelPoint
    pressure: float = 1.0
    alt: bool = False
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a tool draws over the image while it works: a line, a note beside its end."""

    points: tuple[PixelPoint, ...] = ()
    is_closed: bool = False
    note: str = ""
    marks: tuple[PixelPoint, ...] = ()


class Tool:
    """press, move …, release = at most one edit. The base does nothing: tools override what they need."""

    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    has_size = False
    """The wheel changes its size; else the wheel zooms."""
    overlay: Overlay | None = None

    @property
    def hint(self) -> str:
        """One line for the status bar."""
        raise NotImplementedError

    def diameter_px(self, scale: float) -> float | None:
        """Diameter of the circle around the pointer, in image pixels; None: no circle."""
        del scale
        return None

    @property
    def is_busy(self) -> bool:
        """True between the clicks of a tool that takes several; Esc then means this tool."""
        return False

    def press(self, touch: Touch, document: Document) -> Change | None:
        """The button, or the pen, went down."""
        del touch, document
        return None

    def move(self, touch: Touch) -> Change | None:
        """Moved with the button down."""
        del touch
        return None

    def hover(self, touch: Touch) -> None:
        """Moved with the button up."""
        del touch

    def release(self) -> Change | None:
        """The button went up."""
        return None

    def finish(self) -> Change | None:
        """Enter or a double click: what takes several clicks is complete."""
        return None

    def step_back(self) -> None:
        """Backspace: the last click did not count."""

    def fill_holes(self) -> Change | None:
        """F while drawing: fill what is enclosed."""
        return None

    def end(self) -> Change | None:
        """Something else comes on the canvas: a stroke is finished as it is, all else is given up."""
        return self.abort()

    def abort(self) -> Change | None:
        """Esc: take back what was drawn since the press."""
        return None


class BrushMode(Enum):
    """What the brush may cover."""

    EVERYTHING = auto()
    BACKGROUND = auto()
    INSIDE = auto()


@dataclass(slots=True)
class ToolSettings:
    """What a person sets for the tools; shared by all of them."""

    diameter: float = 16.0
    is_screen_size: bool = False
    """The diameter is in screen pixels: the brush covers more of the image when zoomed out."""
    mode: BrushMode = BrushMode.BACKGROUND
    erase_selected_only: bool = False
    pressure_changes_size: bool = True
    tolerance: int = 24
    reshape_px: int = 2
    min_area_px: int = 30

    def diameter_px(self, scale: float, pressure: float = 1.0) -> float:
        """The brush's diameter in image pixels."""
        size = self.diameter / scale if self.is_screen_size else self.diameter
        if self.pressure_changes_size and pressure < 1.0:
            size *= max(0.1, pressure)
        return min(float(MAX_DIAMETER_PX), max(float(MIN_DIAMETER_PX), size))


def path_rect(points: tuple[PixelPoint, ...]) -> Rect:
    """The whole pixels around some points."""
    if not points:
        return Rect(0, 0, 0, 0)
    ys, xs = [at.y for at in points], [at.x for at in points]
    return Rect(int(min(ys)) - 1, int(min(xs)) - 1, int(max(ys)) + 2, int(max(xs)) + 2)
