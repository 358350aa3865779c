"""Exporting masks of the project's images into a folder, in the background."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unet_studio.core.errors import DamagedProjectError, ForeignMasksError
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.core.proposals import reject_covered
from unet_studio.gui.session import Session
from unet_studio.io.atomic import writable_folder
from unet_studio.io.label_files import check_mask_names, mask_path, write_plane_masks
from unet_studio.store.project_store import ImageRecord, PlanePlace, ProjectStore


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One image to export: its planes in memory as they are now, by plane id; the others are read."""

    record: ImageRecord
    labels: dict[int, tuple[LabelTiles, Rect]]


@dataclass(frozen=True, slots=True)
class Export:
    """The images to export, and on how many planes in memory how many proposals wait, by plane id."""

    items: list[ExportItem]
    waiting: dict[int, int]


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that were written, how many images of the project have no mask among them, how many masks of
    those are there from before, and what waits to be accepted and is in none: on how many images, and how
    many proposals."""

    files: list[Path]
    images_without: int
    masks_of_before: int
    images_waiting: int
    proposals_waiting: int


def what_to_export(session: Session, *, only_checked: bool) -> Export:
    """Every image that has instances or is checked; open ones as a snapshot of this moment."""
    items = []
    for record in session.images():
        if not (record.is_checked or (record.instances and not only_checked)):
            continue
        kept = session.planes.documents(record.id)
        labels = {plane: (document.labels.snapshot(), document.bounds) for plane, document in kept.items()}
        items.append(ExportItem(record, labels))
    return Export(items, session.planes.waiting())


def export_masks(
    store: ProjectStore,
    export: Export,
    folder: Path,
    formats: tuple[str, ...],
    *,
    replaces: bool = False,
) -> Exported:
    """Write the masks; runs in a worker thread.

    Of a stack, every plane that has labels: NAME_t0001_z0003; of a file
    of several images: NAME_s02. Raises ForeignMasksError, with nothing written, if a file that this project
    did not write is in the way; with `replaces` it is replaced.
    """
    items = export.items
    planes = [plane for item in items for plane in _planes(store, item)]
    check_mask_names([(item.record.path, stem) for item, _, stem, _ in planes], folder, formats)
    stamps = _stamps_of(store, folder)
    if not replaces:
        paths = [mask_path(folder, stem, name, formats) for _, _, stem, _ in planes for name in formats]
        _check_foreign(paths, folder, stamps)
    writable_folder(folder)
    written: list[Path] = []
    masked: set[int] = set()
    try:
        for item, place, stem, is_stack in planes:
            if place.id in item.labels:
                tiles, bounds = item.labels[place.id]
            else:
                document = store.load_document(place.id)
                tiles, bounds = document.labels, document.bounds
            if is_stack and not tiles.indices():
                continue
            written += write_plane_masks(folder, stem, tiles, bounds, formats)
            masked.add(item.record.id)
    finally:
        # Of those before a failure too: they are there.
        stamps |= {path.relative_to(folder).as_posix(): _stamp(path) for path in written}
        store.record_setting(_key(folder), json.dumps(stamps))
    records, waiting = store.images(), list[int]()
    # What is damaged is told when it is opened: the masks are written.
    with suppress(DamagedProjectError):
        for record in records:
            counts = [_waiting_on(store, place.id, export.waiting) for place in store.plane_places(record.id)]
            waiting.append(sum(counts))
    without = [record for record in records if record.id not in masked]
    old = {mask_path(folder, record.stem, name, formats) for record in without for name in formats}
    known = [path for path in old if path.relative_to(folder).as_posix() in stamps and path.exists()]
    return Exported(written, len(without), len(known), sum(map(bool, waiting)), sum(waiting))


def _waiting_on(store: ProjectStore, plane_id: int, in_memory: Mapping[int, int]) -> int:
    """How many proposals wait on a plane."""
    if plane_id in in_memory:
        return in_memory[plane_id]
    proposals = store.load_proposals(plane_id)
    if proposals is None:
        return 0
    document = store.load_document(plane_id)
    reject_covered(proposals, document.labels, document.instances)
    return len(proposals.waiting(document.instances))


def _planes(store: ProjectStore, item: ExportItem) -> Iterator[tuple[ExportItem, PlanePlace, str, bool]]:
    """Every plane of an item, what its masks are called, and whether it is one of a stack."""
    places, stem = store.plane_places(item.record.id), item.record.stem
    for place in places:
        is_stack = len(places) > 1 or place.t > 0 or place.z > 0
        yield item, place, f"{stem}_t{place.t:04}_z{place.z:04}" if is_stack else stem, is_stack


def _check_foreign(paths: Sequence[Path], folder: Path, stamps: Mapping[str, Sequence[int]]) -> None:
    foreign = [
        path
        for path in paths
        if (stamp := _stamp(path)) and list(stamps.get(path.relative_to(folder).as_posix(), ())) != stamp
    ]
    if foreign:
        raise ForeignMasksError(
            "Masks in {folder} that this project did not write, or that were changed since, would be "
            "replaced: {count}, the first is {name}.",
            folder=folder,
            count=len(foreign),
            name=foreign[0].name,
        )


def _stamp(path: Path) -> list[int]:
    """Size and time of a file, by which it is known again; empty if there is none."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _stamps_of(store: ProjectStore, folder: Path) -> dict[str, list[int]]:
    stamps: dict[str, list[int]] = json.loads(store.setting(_key(folder)) or "{}")
    return stamps


def _key(folder: Path) -> str:
    return f"masks written to {folder}"
