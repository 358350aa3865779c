"""The project's label classes in the window: the table, the active class, and giving it to instances."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from unet_studio.core.classes import MAX_CLASSES, ClassTable, LabelClass
from unet_studio.gui.session import Session
from unet_studio.gui.translation import mark, tr
from unet_studio.settings.training import ObjectClass

SET_CLASS = mark("edits", "Set class")
_FIRST_NAME = mark("classes", "Cell")
_ACTIVE_KEY = "active_class"


def name_shown(row: LabelClass) -> str:
    """What a person reads: the usual class is called in her language, the others as she called them."""
    return tr("classes", _FIRST_NAME) if row.name == _FIRST_NAME else row.name


class LabelClasses(QObject):
    """Kept with the project. The active class is that of new instances."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        session.project_changed.connect(self._restore)
        session.selection_changed.connect(self.changed)
        self._restore()

    @property
    def table(self) -> ClassTable:
        """All classes."""
        return self._session.class_table

    @property
    def active(self) -> LabelClass:
        """The class of new instances."""
        return self.table.get(self._session.active_class)

    @property
    def has_selected(self) -> bool:
        """True if an instance is selected that can be given a class."""
        document = self._session.editable
        return document is not None and self._session.selected_instance in document.instances

    def choose(self, index: int) -> None:
        """Make a class that of new instances."""
        session = self._session
        session.active_class = index
        if session.store is not None:
            session.store.record_setting(_ACTIVE_KEY, str(index))
        self.changed.emit()

    def give_selected(self, index: int) -> None:
        """Make the selected instance one of a class, and that the class of new ones."""
        session = self._session
        self.choose(index)
        document, selected = session.editable, session.selected_instance
        if document is None or selected not in document.instances:
            return
        one = document.instance_of_class(index) if session.is_stuff(index) else 0
        if one and one != selected:
            session.publish(document.merge_instances(one, [selected], name=SET_CLASS))
            session.select(instance=one)
        else:
            session.publish(document.set_class([selected], index, name=SET_CLASS))

    def choose_nth(self, place: int) -> None:
        """Give the selected instance the class in row `place` (from 1) of the table, if there is one."""
        if place <= len(self.table):
            self.give_selected(self.table.classes[place - 1].index)

    def add(self) -> LabelClass | None:
        """A new class at the end, which becomes the active one."""
        if len(self.table) >= MAX_CLASSES:
            text = tr("classes", "There are {count} classes already: remove one first.")
            self._session.said.emit(text.format(count=MAX_CLASSES))
            return None
        number = len(self.table) + 1
        names = {row.name for row in self.table}
        while (name := tr("classes", "Class {number}").format(number=number)) in names:
            number += 1
        self._set(self.table.added(name))
        new = self.table.classes[-1]
        self._session.select()  # It is for what comes, not for what is selected.
        self.choose(new.index)
        return new

    def indices_of(self, wanted: Sequence[ObjectClass]) -> list[int]:
        """The index of the project's class of each name, whatever its case; what is missing is added."""
        table = self.table
        for one in wanted:
            if not any(row.name.casefold() == one.name.casefold() for row in table):
                table = table.added(one.name)
                table = table.altered(table.classes[-1].index, is_stuff=one.is_stuff)
        if table != self.table:
            self._set(table)
        by_name = {row.name.casefold(): row.index for row in reversed(table.classes)}
        return [by_name[one.name.casefold()] for one in wanted]

    def rename(self, index: int, name: str) -> None:
        """An empty name changes nothing."""
        if name.strip():
            self._set(self.table.altered(index, name=name.strip()))

    def recolour(self, index: int, colour: tuple[int, int, int]) -> None:
        """Red, green, blue."""
        self._set(self.table.altered(index, colour=colour))

    def set_stuff(self, index: int, *, is_stuff: bool) -> None:
        """Countable instances, or one instance for all of it."""
        self._set(self.table.altered(index, is_stuff=is_stuff))

    def remove(self, index: int) -> None:
        """Take a class out of the table; instances that have it keep its number."""
        self._set(self.table.without(index))
        if self._session.active_class == index:
            self._session.select()
            self.choose(self.table.classes[0].index)

    def name_of(self, instance_id: int) -> str:
        """The name of an instance's class, at the moment that is shown."""
        shown = self._session.past or self._session.document
        row = shown.instances.get(instance_id) if shown is not None else None
        return name_shown(self.table.get(row.class_index)) if row is not None else ""

    def _set(self, table: ClassTable) -> None:
        self._session.class_table = table
        if self._session.store is not None:
            self._session.store.record_classes(table)
        self.changed.emit()

    def _restore(self) -> None:
        store, session = self._session.store, self._session
        table = store.classes() if store is not None else ClassTable()
        session.class_table = table
        stored = store.setting(_ACTIVE_KEY) if store is not None else None
        known = {str(row.index): row for row in table}
        session.active_class = known.get(stored or "", table.classes[0]).index
        self.changed.emit()
