"""A project's images as it understands them: which one of a file, its axes, the channel that models read."""

from __future__ import annotations

import json
from pathlib import Path

from unet_studio.io.image_source import ImageSource
from unet_studio.io.open_image import open_image
from unet_studio.store.project_store import ProjectStore

_NUCLEI = ("dapi", "hoechst", "nuc", "draq", "sytox", "propidium", "h2b", "dna")


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


def model_channels(store: ProjectStore, source: ImageSource) -> tuple[int, ...] | None:
    """The channels of an image that networks learn from and propose on; None: all of them, in their order.

    What a person has said for images with channels of these names; else the one whose name says nuclei.
    """
    if source.axes.c == 1 or source.is_rgb:
        return None
    chosen = store.setting(_channel_key(source))
    if chosen is not None:
        return (int(chosen),) if chosen else None
    for place, channel in enumerate(source.channels):
        if any(word in (channel.name or "").casefold() for word in _NUCLEI):
            return (place,)
    return None


def remember_model_channel(store: ProjectStore, source: ImageSource, channel: int | None) -> None:
    """From now on models read this channel (None: all) of images with channels of these names."""
    store.record_setting(_channel_key(source), "" if channel is None else str(channel))


def _channel_key(source: ImageSource) -> str:
    return "model channel of " + json.dumps([channel.name for channel in source.channels])


def _axes_key(source: ImageSource) -> str:
    return f"axes {source.order.stored}"
