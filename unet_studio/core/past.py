"""Past: a plane's labels, instances and checked area as they were at an earlier moment."""

from __future__ import annotations

from dataclasses import dataclass

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.instances import InstanceTable
from unet_studio.core.label_tiles import LabelTiles


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Nobody edits it; see `Document.bring_back`."""

    labels: LabelTiles
    instances: InstanceTable
    checked: CheckedArea
