"""Opening a project, a folder of images, or images: the part that reads disks, in a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unet_studio.core.errors import FolderError, ImageFileError, ProjectError
from unet_studio.core.sentences import Sentence
from unet_studio.io.image_folder import expand_paths
from unet_studio.io.open_image import is_image_folder
from unet_studio.settings.locations import user_folder
from unet_studio.store.database import restore_backup
from unet_studio.store.journal import Listener
from unet_studio.store.project_place import ContinuedProjects, is_project, project_for_folder
from unet_studio.store.project_store import PROJECT_ENDING, ImageRecord, ProjectStore

CURRENT_IMAGE = "current_image"


@dataclass(frozen=True, slots=True)
class OpenedProject:
    """An open project, its images, which of them to show, and what the person should know."""

    store: ProjectStore
    records: tuple[ImageRecord, ...]
    show_image: int | None
    note: Sentence | None = None
    is_older_copy: bool = False


def open_project(paths: Sequence[Path], current: ProjectStore | None, listener: Listener) -> OpenedProject:
    """Open what the paths stand for; `current` is used again if they belong to it.

    Raises UserError, with everything as it was before.
    """
    images: list[Path] = []
    is_older_copy = is_folder = False
    if len(paths) == 1 and is_project(paths[0]):
        folder, note = paths[0], _note_on_older_copy(paths[0])
        is_older_copy = note is not None
    elif len(paths) == 1 and paths[0].suffix == PROJECT_ENDING:
        raise FolderError("{path} is not a project of U-Net Studio: it has no database.", path=paths[0])
    else:
        images = expand_paths(paths)
        for image in images:
            if not image.is_file() and not is_image_folder(image):
                message = "There is no file {path}: it may have been moved or renamed."
                raise ImageFileError(message, path=image)
        is_folder = paths[0].is_dir() and not is_image_folder(paths[0])
        home = paths[0] if is_folder else images[0].parent
        folder, note = _continued(project_for_folder(home, fallback_root=user_folder() / "projects"))
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
    named = added[0] if images and not is_folder else None
    return OpenedProject(store, records, named or _remembered_image(store, records), note, is_older_copy)


def open_from_backup(folder: Path, backup: Path, listener: Listener) -> OpenedProject:
    """Put a backup in the place of a damaged database and open the project. Raises UserError."""
    kept_in = restore_backup(folder, backup)
    opened = open_project([folder], None, listener)
    text = "The backup {name} is open. The damaged database is kept in {folder}."
    return replace(opened, note=Sentence(text, {"name": backup.name, "folder": str(kept_in)}))


def continue_project(store: ProjectStore, parent: Path) -> bool:
    """Go on with an open project in another folder, and note where. Raises UserError.

    False if it could not be noted: then the person has to know.
    """
    old = store.folder
    store.continue_in(parent / old.name)
    return _continued_projects().add(old, store.folder)


def _continued_projects() -> ContinuedProjects:
    return ContinuedProjects(user_folder() / "continued_projects.json")


def _continued(folder: Path) -> tuple[Path, Sentence | None]:
    """The project that belongs to a folder of images, or the one it was continued in."""
    newer = _continued_projects().newest(folder)
    if newer is None:
        return folder, None
    if not is_project(newer):
        raise ProjectError(
            "The project of these images was continued in {newer}, which is not there now: connect that "
            "drive, or open the older copy {folder} with Open project.",
            newer=newer,
            folder=folder,
        )
    return newer, Sentence(
        "This project was continued in {folder}: that one is open.", {"folder": str(newer)}
    )


def _note_on_older_copy(folder: Path) -> Sentence | None:
    newer = _continued_projects().newest(folder)
    if newer is None:
        return None
    if not is_project(newer):
        _continued_projects().forget(folder)  # Whoever opens the older copy now wants to go on with it.
        return None
    return Sentence("This is an older copy: the project was continued in {folder}.", {"folder": str(newer)})


def _remembered_image(store: ProjectStore, records: Sequence[ImageRecord]) -> int | None:
    """The image that was shown last, else the first."""
    last = store.setting(CURRENT_IMAGE)
    if last is not None and int(last) in {record.id for record in records}:
        return int(last)
    return records[0].id if records else None
