"""Label classes: the kinds of instances a person names, and the table of a project's classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

FIRST_CLASS = 1
MAX_CLASSES = 99

# Okabe and Ito's colours, told apart by the colour-blind too; without black, which nobody sees on a dark
# image, and yellow, which is the proposals' colour.
CLASS_COLOURS = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167),
    (213, 94, 0), (120, 140, 255), (170, 220, 120), (235, 235, 235), (190, 150, 110),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class. `colour`: red, green, blue, 0..255.

    `is_stuff`: not countable (vessels, membranes); all of it in a plane is one instance.
    """

    index: int
    name: str
    colour: tuple[int, int, int] = CLASS_COLOURS[0]
    is_stuff: bool = False


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The classes of a project, by ascending index; there is always one.

    `highest`: the highest index that was ever given to a class, or a lower number.
    """

    classes: tuple[LabelClass, ...] = (LabelClass(FIRST_CLASS, "Cell"),)
    highest: int = FIRST_CLASS

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def get(self, index: int) -> LabelClass:
        """The class of that index; one that is not in the table (an old mask's) is named by its number."""
        for label_class in self.classes:
            if label_class.index == index:
                return label_class
        return LabelClass(index, f"#{index}", CLASS_COLOURS[(index - 1) % len(CLASS_COLOURS)])

    def added(self, name: str) -> ClassTable:
        """With a new class at the end; its index was never used before."""
        index = max(self.highest, *(label_class.index for label_class in self.classes)) + 1
        colour = CLASS_COLOURS[(index - 1) % len(CLASS_COLOURS)]
        return ClassTable((*self.classes, LabelClass(index, name, colour)), index)

    def altered(
        self,
        index: int,
        *,
        name: str | None = None,
        colour: tuple[int, int, int] | None = None,
        is_stuff: bool | None = None,
    ) -> ClassTable:
        """With another name, colour or kind for one class."""
        return replace(
            self,
            classes=tuple(
                replace(
                    row,
                    name=row.name if name is None else name,
                    colour=row.colour if colour is None else colour,
                    is_stuff=row.is_stuff if is_stuff is None else is_stuff,
                )
                if row.index == index
                else row
                for row in self.classes
            ),
        )

    def without(self, index: int) -> ClassTable:
        """Without one class; the last one stays."""
        rest = tuple(row for row in self.classes if row.index != index)
        highest = max(self.highest, *(row.index for row in self.classes))
        return ClassTable(rest, highest) if rest else self
