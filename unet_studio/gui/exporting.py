"""Exporting masks of the project's images into a folder, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.gui.session import Session
from unet_studio.io.atomic import writable_folder
from unet_studio.io.label_files import check_mask_names, write_plane_masks
from unet_studio.store.project_store import ImageRecord, ProjectStore


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One image to export: its planes in memory as they are now, by plane id; the others are read."""

    record: ImageRecord
    labels: dict[int, tuple[LabelTiles, Rect]]


def items_to_export(session: Session, *, only_checked: bool) -> list[ExportItem]:
    """Every image that has instances or is checked; open ones as a snapshot of this moment."""
    items = []
    for record in session.images():
        if not (record.is_checked or (record.instances and not only_checked)):
            continue
        kept = session.kept_documents(record.id)
        labels = {plane: (document.labels.snapshot(), document.bounds) for plane, document in kept.items()}
        items.append(ExportItem(record, labels))
    return items


def export_masks(
    store: ProjectStore, items: Sequence[ExportItem], folder: Path, formats: tuple[str, ...]
) -> list[Path]:
    """Write the masks; runs in a worker thread. Returns the files.

    Of a stack, every plane that has labels: NAME_t0001_z0003; of a file
    of several images: NAME_s02.
    """
    check_mask_names([(item.record.path, item.record.stem) for item in items], folder, formats)
    writable_folder(folder)
    written: list[Path] = []
    for item in items:
        places = store.plane_places(item.record.id)
        for place in places:
            if place.id in item.labels:
                tiles, bounds = item.labels[place.id]
            else:
                document = store.load_document(place.id)
                tiles, bounds = document.labels, document.bounds
            is_stack = len(places) > 1 or place.t > 0 or place.z > 0
            if is_stack and not tiles.indices():
                continue
            stem = item.record.stem + (f"_t{place.t:04}_z{place.z:04}" if is_stack else "")
            written += write_plane_masks(folder, stem, tiles, bounds, formats)
    return written
