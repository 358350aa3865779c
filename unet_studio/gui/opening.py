"""Opening a project, a folder of images, or images: the part that reads disks, in a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unet_studio.core.errors import FolderError, ImageFileError
from unet_studio.io.image_folder import expand_paths
from unet_studio.settings.locations import user_folder
from unet_studio.store.journal import Listener
from unet_studio.store.project_place import is_project, project_for_folder
from unet_studio.store.project_store import PROJECT_ENDING, ImageRecord, ProjectStore

CURRENT_IMAGE = "current_image"


@dataclass(frozen=True, slots=True)
class OpenedProject:
    """An open project, its images, and which of them to show."""

    store: ProjectStore
    records: tuple[ImageRecord, ...]
    show_image: int | None


def open_project(paths: Sequence[Path], current: ProjectStore | None, listener: Listener) -> OpenedProject:
    """Open what the paths stand for; `current` is used again if they belong to it.

    Raises UserError, with everything as it was before.
    """
    images: list[Path] = []
    if len(paths) == 1 and is_project(paths[0]):
        folder = paths[0]
    elif len(paths) == 1 and paths[0].suffix == PROJECT_ENDING:
        raise FolderError("{path} is not a project of U-Net Studio: it has no database.", path=paths[0])
    else:
        images = expand_paths(paths)
        for image in images:
            if not image.is_file():
                message = "There is no file {path}: it may have been moved or renamed."
                raise ImageFileError(message, path=image)
        home = paths[0] if paths[0].is_dir() else images[0].parent
        folder = project_for_folder(home, fallback_root=user_folder() / "projects")
    if current is not None and current.folder == folder.absolute():
        store = current
    else:
        store = ProjectStore(folder, listener)
    try:
        added = store.add_images(images)
        records = tuple(store.images())
    except BaseException:
        if store is not current:
            store.abandon()
        raise
    named = added[0] if images and not paths[0].is_dir() else None
    return OpenedProject(store, records, named or _remembered_image(store, records))


def _remembered_image(store: ProjectStore, records: Sequence[ImageRecord]) -> int | None:
    """The image that was shown last, else the first."""
    last = store.setting(CURRENT_IMAGE)
    if last is not None and int(last) in {record.id for record in records}:
        return int(last)
    return records[0].id if records else None
