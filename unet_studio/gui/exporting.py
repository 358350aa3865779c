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
    """One image to export: its labels now, or (None) to be read from the project."""

    record: ImageRecord
    labels: tuple[LabelTiles, Rect] | None


def items_to_export(session: Session, *, only_checked: bool) -> list[ExportItem]:
    """Every image that has instances or is checked; open ones as a snapshot of this moment."""
    items = []
    for record in session.images():
        if not (record.is_checked or (record.instances and not only_checked)):
            continue
        image = session.kept_image(record.id)
        labels = (image.document.labels.snapshot(), image.document.bounds) if image else None
        items.append(ExportItem(record, labels))
    return items


def export_masks(
    store: ProjectStore, items: Sequence[ExportItem], folder: Path, formats: tuple[str, ...]
) -> list[Path]:
    """Write the masks; runs in a worker thread. Returns the files."""
    check_mask_names((item.record.path for item in items), folder, formats)
    writable_folder(folder)
    written: list[Path] = []
    for item in items:
        if item.labels is not None:
            tiles, bounds = item.labels
        else:
            planes = store.planes(item.record.id)
            document = store.load_document(planes[0])
            tiles, bounds = document.labels, document.bounds
        written += write_plane_masks(folder, item.record.path.stem, tiles, bounds, formats)
    return written
