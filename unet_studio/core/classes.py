"""Label classes: the user-named kinds of instances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One kind of instance. `index` ≥ 1; 0 is the background of semantic masks."""

    index: int
    name: str


DEFAULT_CLASS = LabelClass(index=1, name="cell")
