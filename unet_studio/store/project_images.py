"""A project's images as it understands them: which one of a file, what its axes are."""

from __future__ import annotations

from pathlib import Path

from unet_studio.io.image_source import ImageSource
from unet_studio.io.open_image import open_image
from unet_studio.store.project_store import ProjectStore


def open_project_image(store: ProjectStore, path: Path, scene: int) -> ImageSource:
    """An image of a project. Where its file does not name its axes they are what a person has said for such
    files. Raises ImageFileError."""
    source = open_image(path, scene=scene)
    roles = store.setting(_axes_key(source)) if source.is_guessed else None
    if roles is None or roles == source.order.roles:
        return source
    return open_image(path, scene=scene, roles=roles)


def remember_axes(store: ProjectStore, source: ImageSource, roles: str) -> None:
    """From now on these are the axes of all files that name theirs as this one does."""
    store.record_setting(_axes_key(source), roles)


def _axes_key(source: ImageSource) -> str:
    return f"axes {source.order.stored}"
