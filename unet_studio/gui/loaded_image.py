"""One image as the window holds it: pixels, picture, document, proposals."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from unet_studio.core.checked_area import CheckedState
from unet_studio.core.document import Document
from unet_studio.core.errors import ImageFileError, ProjectError
from unet_studio.core.geometry import Rect
from unet_studio.core.proposals import Proposals, reject_covered
from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.image_layer import DisplayImage, Picture
from unet_studio.gui.canvas.tiled_image import TiledImage
from unet_studio.gui.translation import tr
from unet_studio.io.image_source import ImageSource, is_held_whole, whole_plane
from unet_studio.io.open_image import scenes_of
from unet_studio.io.overview import (
    Overview,
    OverviewCache,
    make_overview,
    overview_factor,
    sample_pixels,
    thinned,
)
from unet_studio.io.projected_source import ProjectedSource
from unet_studio.io.tiff import glance_at_tiff
from unet_studio.segmentation.model_input import ModelInput
from unet_studio.segmentation.normalization import PlaneArray
from unet_studio.settings.locations import user_folder
from unet_studio.store.fingerprint import fingerprint
from unet_studio.store.project_images import (
    change_axes,
    forget_planes_of_other_axes,
    open_project_image,
    usual_model_input,
)
from unet_studio.store.project_store import ImageRecord, ProjectStore

_COSTLY_PX = 2**25
"""An overview that took so much reading is kept on the disk."""


class FileState(Enum):
    """What became of the image's file since its labels were drawn."""

    SAME = auto()
    FOUND = auto()  # It was moved, and found near by.
    ALTERED = auto()  # The file at its place has other contents.


class MissingImageError(ImageFileError):
    """The file is neither at its place nor near by: the person may know where it is."""

    def __init__(self, record: ImageRecord) -> None:
        super().__init__(
            "{name} is not in {folder} any more and was not found near by. Its labels are safe: show where "
            "the file is now.",
            name=record.title,
            folder=record.path.parent,
        )
        self.image_id = record.id


class PlaneKey(NamedTuple):
    """One plane of one image of the project."""

    image_id: int
    t: int = 0
    z: int = 0


@dataclass(slots=True, eq=False)
class LoadedImage:
    """One plane. `plane` (H, W, C), never written to, None for a plane that is too large to be held;
    `document` belongs to the GUI thread."""

    record: ImageRecord
    key: PlaneKey
    source: ImageSource
    plane_id: int
    file_state: FileState
    plane: PlaneArray | None
    display: Picture
    document: Document
    proposals: Proposals | None
    former_path: Path
    """Where the project believed the file to be."""
    contrast: Contrast
    """How it is shown now."""
    stored_checked: dict[int, CheckedState]
    """How much of the image's planes was checked when this one was read, by plane id."""
    usual_input: ModelInput
    """What of the image models read where nobody has said it."""
    found_scenes: tuple[ImageRecord, ...] = ()
    """All images of the project, if the file turned out to hold more of them than were known."""
    probability: npt.NDArray[np.uint8] | None = None
    """The foreground probability × 255 of the last proposing, (H, W)."""

    @property
    def id(self) -> int:
        """The image's id in the project."""
        return self.record.id

    @property
    def t(self) -> int:
        """Time point of the plane."""
        return self.key.t

    @property
    def z(self) -> int:
        """Depth of the plane."""
        return self.key.z

    @property
    def pixel_size_um(self) -> float | None:
        """Side of a pixel, where the file says it."""
        return self.source.pixel_size_um

    @property
    def channel_names(self) -> list[str]:
        """Of every channel: as the file says, else by number."""
        if self.source.is_rgb and self.source.axes.c == 3:
            return [tr("display", "Red"), tr("display", "Green"), tr("display", "Blue")]
        numbered = tr("display", "Channel {number}")
        given = [channel.name for channel in self.source.channels]
        return [name or numbered.format(number=place) for place, name in enumerate(given, 1)]

    def values_at(self, y: int, x: int) -> list[float]:
        """The grey values of a pixel, one for each channel; none while it has not been read."""
        if self.plane is not None:
            return list(self.plane[y, x].tolist())
        return (self.display.values_at(y, x) if isinstance(self.display, TiledImage) else None) or []

    @property
    def path(self) -> Path:
        """The image's file."""
        return self.record.path

    @property
    def shape_text(self) -> str:
        """Size, channels and bit depth for a person."""
        axes = self.source.axes
        kind = tr("images", "{count} channels").format(count=axes.c)
        if axes.c == 1:
            kind = tr("images", "grey")
        elif self.source.is_rgb:
            kind = tr("images", "RGB")
        text = tr("images", "{width} × {height}, {kind}, {bits}-bit").format(
            width=axes.x, height=axes.y, kind=kind, bits=self.source.dtype.itemsize * 8
        )
        if axes.z > 1:
            text += ", " + tr("images", "z {place} of {count}").format(place=self.z + 1, count=axes.z)
        if axes.t > 1:
            text += ", " + tr("images", "t {place} of {count}").format(place=self.t + 1, count=axes.t)
        return text


def first_look(record: ImageRecord, key: PlaneKey) -> tuple[Picture, Rect] | None:
    """A coarse picture of a large image and the rectangle it fills; None where reading it takes no time."""
    if (key.t, key.z) != (0, 0) or record.path.suffix.lower() not in (".tif", ".tiff"):
        return None
    seen = glance_at_tiff(record.path)
    if seen is None:
        return None
    return DisplayImage.from_samples(seen.pixels, seen.factor), Rect.of_size(seen.height, seen.width)


def load_image(
    store: ProjectStore, record: ImageRecord, key: PlaneKey, source: ImageSource | None = None
) -> LoadedImage:
    """Read a plane of an image and its labels; runs in a worker thread. `source`: the image, if it is open.

    A file that was moved or altered is looked for near by. An altered one whose original is nowhere is
    used if its size still fits. Raises UserError; MissingImageError if the person has to be asked.
    """
    if source is not None:
        return _load(store, record, key, FileState.SAME, record.path, source)
    # The window's own record may be older than what was found out when the image was shown last. Where the
    # project cannot be read, for its drive is lost, the image's own file tells it better.
    with contextlib.suppress(ProjectError):
        path, known = store.image_file(record.id)
        record = replace(record, path=path, fingerprint=known)
    found, former_path = fingerprint(record.path), record.path
    state = FileState.SAME
    if not found.digest:
        record, state = _found_near(store, record), FileState.FOUND
    elif not record.fingerprint.digest or (
        found.is_of(record.fingerprint.digest) and found != record.fingerprint
    ):
        # It could not be read when it was added, or an older program knew less of it.
        record = replace(record, fingerprint=store.set_image_file(record.id, record.path))
    elif not found.is_of(record.fingerprint.digest):
        record, state = _original_near(store, record)
    records = _find_scenes(store, record) if not record.scene_name else ()
    record = next((one for one in records if one.id == record.id), record)
    source = open_project_image(store, record.id, record.path, record.scene)
    forget_planes_of_other_axes(store, record.id, source)
    loaded = _load(store, record, key, state, former_path, source)
    loaded.found_scenes = records
    return loaded


def load_with_axes(
    store: ProjectStore, record: ImageRecord, key: PlaneKey, source: ImageSource, roles: str
) -> LoadedImage:
    """The image with other axes; runs in a worker thread. Raises UserError, with everything as it was."""
    change_axes(store, record.id, source, roles)
    again = open_project_image(store, record.id, record.path, record.scene)
    return _load(store, record, key, FileState.SAME, record.path, again)


def _find_scenes(store: ProjectStore, record: ImageRecord) -> tuple[ImageRecord, ...]:
    """Make the other images of a file known, once; all images of the project if there are any."""
    key = f"has one image: {record.id}"
    if store.setting(key) is not None:
        return ()
    names = scenes_of(record.path)
    if len(names) < 2:
        store.record_setting(key, record.fingerprint.digest)
        return ()
    numbered = tr("images", "scene {number}")
    titles = [name or numbered.format(number=number) for number, name in enumerate(names, 1)]
    if len(set(titles)) < len(titles):
        titles = [f"{number} {title}" for number, title in enumerate(titles, 1)]
    store.add_scenes(record.id, titles)
    return tuple(store.images())


def _original_near(store: ProjectStore, record: ImageRecord) -> tuple[ImageRecord, FileState]:
    """What to do about other contents at an image's place: the original, if it is near by, has the labels."""
    is_drawn_on = any(store.is_drawn_on(scene) for scene in store.images_of_file(record.path))
    if not is_drawn_on and store.forget_blank_planes(record.id):
        return _moved(store, record, record.path), FileState.SAME  # Nothing was drawn on the other contents.
    original = store.find_image_file(record)
    if original is None:
        return record, FileState.ALTERED
    return _moved(store, record, original), FileState.FOUND


def locate_image(store: ProjectStore, record: ImageRecord, key: PlaneKey, path: Path) -> LoadedImage:
    """The person says where an image's file is. Raises UserError if its labels do not fit that file."""
    # First: nothing is altered if it does not fit.
    there = replace(record, path=path)
    source = open_project_image(store, record.id, path, record.scene)
    forget_planes_of_other_axes(store, record.id, source)
    loaded = _load(store, there, key, FileState.SAME, record.path, source)
    loaded.record = _moved(store, record, path)
    return loaded


def _load(
    store: ProjectStore,
    record: ImageRecord,
    key: PlaneKey,
    state: FileState,
    former_path: Path,
    source: ImageSource,
) -> LoadedImage:
    # A file that has fewer planes than before shows its last one.
    key = PlaneKey(key.image_id, min(key.t, source.axes.t - 1), min(key.z, source.axes.z - 1))
    height, width = source.axes.y, source.axes.x
    plane, display, sample = read_pixels(source, record, key)
    plane_id = store.open_plane(record.id, height=height, width=width, t=key.t, z=key.z)
    stack = store.know_planes(record.id, t=source.axes.t, z=source.axes.z, height=height, width=width)
    document = store.load_document(plane_id)
    document.next_id = max(document.next_id, stack.next_id)
    proposals = store.load_proposals(plane_id)
    if proposals is not None:
        reject_covered(proposals, document.labels, document.instances)
    display = display.with_auto(_as_the_file_shows(display.auto, source))
    return LoadedImage(
        record=record,
        key=key,
        source=source,
        plane_id=plane_id,
        file_state=state,
        plane=plane,
        display=display,
        document=document,
        proposals=proposals,
        former_path=former_path,
        contrast=display.auto,
        stored_checked=stack.checked,
        usual_input=usual_model_input(source, sample),
    )


def read_pixels(
    source: ImageSource, record: ImageRecord, key: PlaneKey
) -> tuple[PlaneArray | None, Picture, PlaneArray]:
    """The plane, or None if it is too large, how it is shown, and some of its pixels (h, w, C). For a worker
    thread. Raises ImageFileError."""
    if is_held_whole(source):
        plane = whole_plane(source, t=key.t, z=key.z)
        plane.flags.writeable = False
        return plane, DisplayImage.from_plane(plane), thinned(plane)
    sample = sample_pixels(source, t=key.t, z=key.z)
    overview = _overview(source, record, key)
    return None, TiledImage(source, overview, sample, t=key.t, z=key.z), sample


def _overview(source: ImageSource, record: ImageRecord, key: PlaneKey) -> Overview:
    cache = OverviewCache(user_folder() / "overviews")
    place = (record.path, record.path.stat().st_mtime_ns) if record.path.is_dir() else ()
    which = (record.fingerprint.digest, *place, record.scene, source.order.roles, key.t, key.z, source.axes)
    name = " ".join(map(str, which))
    kept = cache.load(name) if record.fingerprint.digest else None
    if kept is not None and kept.shape[2] == source.axes.c:
        return Overview(kept, overview_factor(source), 0)
    planes_read = source.stack.axes.z if isinstance(source, ProjectedSource) else 1
    made = make_overview(source, t=key.t, z=key.z, planes_read=planes_read)
    if made.read_px > _COSTLY_PX and record.fingerprint.digest:
        cache.keep(name, made.pixels)
    return made


def _as_the_file_shows(auto: Contrast, source: ImageSource) -> Contrast:
    """With the colours of the channels, and the window, that the file names."""
    rows = list(auto.channels)
    if len(source.channels) == len(rows) > 1 and not source.is_rgb:
        rows = [
            replace(row, colour=channel.colour or row.colour)
            for row, channel in zip(rows, source.channels, strict=True)
        ]
    if source.display_range is not None:
        low, high = source.display_range
        rows = [replace(row, low=low, high=high) for row in rows]
    return replace(auto, channels=tuple(rows))


def _found_near(store: ProjectStore, record: ImageRecord) -> ImageRecord:
    try:
        os.lstat(record.path)
        return record  # It is there but cannot be read: opening it says why.
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        # A drive that does not answer has lost nothing: a copy elsewhere is not this file.
        raise ImageFileError(
            "{name} cannot be reached ({reason}): connect its drive, then choose it again.",
            name=record.title,
            reason=error.strerror,
        ) from error
    found = store.find_image_file(record)
    if found is None:
        raise MissingImageError(record)
    return _moved(store, record, found)


def _moved(store: ProjectStore, record: ImageRecord, path: Path) -> ImageRecord:
    return replace(record, path=path, fingerprint=store.set_image_file(record.id, path))
