"""Sentences a person reads that are made below the window: a template with its values.

`str()` is the English text; the window translates the template (`gui.translation`).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sentence:
    """`template.format(**values)`."""

    template: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)
