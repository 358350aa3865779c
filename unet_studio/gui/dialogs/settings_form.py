"""A form for any settings struct: one row for each field, its range and its kind from the schema."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import inspect
from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)

from unet_studio.gui.setting_texts import CHOICES, NAMES
from unet_studio.gui.translation import tr

S = TypeVar("S", bound=msgspec.Struct)

_MOST = 1_000_000
_DECIMALS = 8


class NumberBox(QDoubleSpinBox):
    """A number without needless zeros; its arrows move the last digit that counts."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__()
        self.setDecimals(_DECIMALS)
        self.setRange(least, most)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        # One way to write a number, whatever the system's: what is shown is read back as it is.
        self.setLocale(QLocale(QLocale.Language.C))

    def textFromValue(self, value: float) -> str:
        """See QDoubleSpinBox."""
        return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        """See QDoubleSpinBox. A comma is a point."""
        return super().validate(text.replace(",", "."), place)

    def valueFromText(self, text: str) -> float:
        """See QDoubleSpinBox."""
        return super().valueFromText(text.replace(",", "."))


class SettingsForm(QWidget, Generic[S]):
    """Shows and changes one struct; `value` is always a valid one."""

    changed = Signal()

    def __init__(self, value: S, *, without: Collection[str] = ()) -> None:
        super().__init__()
        self._value = value
        self._fields: dict[str, QWidget] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        schema = cast(inspect.StructType, inspect.type_info(type(value)))
        for field in schema.fields:
            if field.name in without:
                continue
            editor = _editor(field.type)
            name, help_text = (tr("settings", text) for text in NAMES[field.name])
            editor.setToolTip(help_text)
            if isinstance(editor, QCheckBox):
                editor.setText(name)
                form.addRow(editor)
            else:
                form.addRow(name, editor)
                form.labelForField(editor).setToolTip(help_text)
            self._fields[field.name] = editor
        self.show_value(value)
        for name, editor in self._fields.items():
            _when_changed(editor, self._take, name)

    @property
    def value(self) -> S:
        """What the form says."""
        return self._value

    def show_value(self, value: S) -> None:
        """Set every row; `changed` is not said."""
        self._value = value
        for name, editor in self._fields.items():
            editor.blockSignals(True)
            _show(editor, getattr(value, name))
            editor.blockSignals(False)

    def follow(self, before: S, after: S) -> None:
        """Rows that still show what `before` says show what `after` says."""
        rows = [name for name in self._fields if getattr(self._value, name) == getattr(before, name)]
        changes = {name: getattr(after, name) for name in rows}
        self.show_value(msgspec.structs.replace(self._value, **changes))

    def _take(self, name: str) -> None:
        taken = _read(self._fields[name])
        try:
            self._value = msgspec.structs.replace(self._value, **{name: taken})
        except ValueError:
            # Together with the others this cannot be (a ResNet of depth 6): back to what it was.
            self.show_value(self._value)
        self.changed.emit()


def _editor(kind: inspect.Type) -> QWidget:
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.BoolType):
        return QCheckBox()
    if isinstance(kind, inspect.LiteralType):
        box = QComboBox()
        for choice in kind.values:
            box.addItem(tr("settings", CHOICES[str(choice)]), choice)
        return box
    if isinstance(kind, inspect.UnionType):  # A whole number or None, shown as 0.
        whole = QSpinBox()
        whole.setRange(0, _MOST)
        whole.setSpecialValueText(tr("settings", "never"))
        whole.setProperty("none_at", 0)
        return whole
    if isinstance(kind, inspect.IntType):
        whole = QSpinBox()
        whole.setRange(_bound(kind.ge, 0), _bound(kind.le, _MOST))
        return whole
    if isinstance(kind, inspect.FloatType):
        tiny = 10**-_DECIMALS
        least = kind.ge if kind.ge is not None else (kind.gt or 0) + tiny
        most = kind.le if kind.le is not None else (kind.lt - tiny if kind.lt is not None else _MOST)
        return NumberBox(float(least), float(most))
    raise TypeError(f"no editor for {kind}")


def _bound(given: Any, otherwise: int) -> int:
    return int(given) if given is not None else otherwise


def _show(editor: QWidget, value: Any) -> None:
    if isinstance(editor, QCheckBox):
        editor.setChecked(value)
    elif isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    elif isinstance(editor, QSpinBox | QDoubleSpinBox):
        editor.setValue(editor.property("none_at") if value is None else value)


def _read(editor: QWidget) -> Any:
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QComboBox):
        return editor.currentData()
    value = cast(QSpinBox | QDoubleSpinBox, editor).value()
    return None if editor.property("none_at") == value else value


def _when_changed(editor: QObject, call: Any, name: str) -> None:
    if isinstance(editor, QCheckBox):
        editor.toggled.connect(lambda _: call(name))
    elif isinstance(editor, QComboBox):
        editor.currentIndexChanged.connect(lambda _: call(name))
    elif isinstance(editor, QSpinBox | QDoubleSpinBox):
        editor.valueChanged.connect(lambda _: call(name))
