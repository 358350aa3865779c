"""A project's images as it understands them: which one of a file, its axes, the channel that models read."""

from __future__ import annotations

import json
from pathlib import Path

from unet_studio.core.errors import ProjectError
from unet_studio.io.image_source import ImageSource, PlaneArray
from unet_studio.io.open_image import open_image
from unet_studio.segmentation.model_input import ModelInput, usual_input
from unet_studio.store.project_store import ProjectStore

_FLUSH_S = 5.0
_SCALE_KEY = "scale of images"
_FLIPS_KEY = "mirrored views"


def open_project_image(store: ProjectStore, image_id: int, path: Path, scene: int) -> ImageSource:
    """An image of a project. Raises ImageFileError.

    Where its file does not name its axes they are what they were when something was drawn on it, else what
    a person has said for files whose axes have the same letters.
    """
    source = open_image(path, scene=scene)
    if not source.is_guessed:
        return source
    own, usual = store.setting(_own_key(image_id)), store.setting(_axes_key(source))
    roles = own if own is not None and store.is_drawn_on(image_id) else usual
    if roles is not None and roles != source.order.roles:
        source = open_image(path, scene=scene, roles=roles)
    if source.order.roles != own:
        store.record_setting(_own_key(image_id), source.order.roles)
    return source


def change_axes(store: ProjectStore, image_id: int, source: ImageSource, roles: str) -> None:
    """From now on these are the axes of an image, and of those whose files name theirs as this one does.

    Waits for the journal. Raises ProjectError, with everything as it was, if something was drawn or
    proposed on the image: its labels belong to planes that there would no longer be.
    """
    if not store.journal.flush(_FLUSH_S):
        raise ProjectError("The last changes are not on the disk yet: wait until they are, then try again.")
    if not store.forget_blank_planes(image_id):
        raise ProjectError(
            "The axes stay as they are: there are labels or proposals on planes of this image. To read it "
            "otherwise, put a copy of it into the folder under another name."
        )
    store.record_setting(_axes_key(source), roles)


def forget_planes_of_other_axes(store: ProjectStore, image_id: int, source: ImageSource) -> None:
    """Of an image on which nothing was ever drawn, the planes that it had while its axes were understood
    otherwise: what was said about another image, or another file at its place, may have changed them."""
    axes = source.axes
    fits = all(
        row.t < axes.t and row.z < axes.z and row.shape == (axes.y, axes.x)
        for row in store.plane_places(image_id)
    )
    if not fits and store.journal.flush(_FLUSH_S):
        store.forget_blank_planes(image_id)


def usual_model_input(source: ImageSource, sample: PlaneArray) -> ModelInput:
    """What networks read of an image about which nobody has said it; `sample` (h, w, C): pixels of it."""
    names, colours = [c.name for c in source.channels], [c.colour for c in source.channels]
    return usual_input(names, colours, is_rgb=source.is_rgb, sample=sample)


def model_input(store: ProjectStore, source: ImageSource, usual: ModelInput) -> ModelInput:
    """What networks learn from and propose on: as a person has said for images with channels of these names,
    else the usual."""
    text = store.setting(_input_key(source))
    chosen = usual if text is None else ModelInput.from_text(text)
    # Channels without names are many things; of a stain only colours can tell.
    return usual if chosen.haematoxylin and not shows_stain(source) else chosen


def shows_stain(source: ImageSource) -> bool:
    """True for the colours of a camera, of which the haematoxylin can be read."""
    return source.is_rgb and source.dtype.kind == "u"


def remember_model_input(store: ProjectStore, source: ImageSource, chosen: ModelInput) -> None:
    """From now on models read this of images with channels of these names."""
    store.record_setting(_input_key(source), chosen.as_text())


def image_scale(store: ProjectStore) -> float | None:
    """How many times their size networks see the project's images at, as a person has said; None: nobody has,
    it is found out."""
    chosen = store.setting(_SCALE_KEY)
    return float(chosen) if chosen else None


def remember_image_scale(store: ProjectStore, scale: float | None) -> None:
    """From now on models see the project's images at this scale."""
    store.record_setting(_SCALE_KEY, "" if scale is None else str(scale))


def has_flips(store: ProjectStore) -> bool:
    """True if a person wants the mean of four mirrored views."""
    return store.setting(_FLIPS_KEY) == "yes"


def remember_flips(store: ProjectStore, wanted: bool) -> None:
    """From now on models look four times at the project's images, or once."""
    store.record_setting(_FLIPS_KEY, "yes" if wanted else "")


def _input_key(source: ImageSource) -> str:
    return "model input of " + json.dumps([channel.name for channel in source.channels])


def _own_key(image_id: int) -> str:
    return f"axes of image {image_id}"


def _axes_key(source: ImageSource) -> str:
    return f"axes {source.order.stored}"
