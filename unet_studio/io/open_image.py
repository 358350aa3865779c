"""Opens any image file: the registry of readers, by file ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from unet_studio.core.errors import ImageFileError
from unet_studio.io.axis_order import is_role_order
from unet_studio.io.czi import czi_scenes, open_czi
from unet_studio.io.dicom import open_dicom
from unet_studio.io.image_source import ArraySource, ImageSource
from unet_studio.io.lif import lif_scenes, open_lif
from unet_studio.io.nd2_file import nd2_scenes, open_nd2
from unet_studio.io.nifti import open_nifti
from unet_studio.io.numpy_file import open_npy
from unet_studio.io.oif import open_oif
from unet_studio.io.ome_zarr import is_ome_zarr, ome_zarr_scenes, open_ome_zarr
from unet_studio.io.raster import open_raster
from unet_studio.io.tiff import open_tiff, tiff_scenes

Reader = Callable[[Path], ArraySource]
SceneReader = Callable[[Path, int], ArraySource]

# The longest ending that fits decides.
_READERS: Mapping[str, Reader] = MappingProxyType({
    ".bmp": open_raster, ".gif": open_raster, ".jpeg": open_raster, ".jpg": open_raster,
    ".png": open_raster, ".webp": open_raster,
    ".oib": open_oif, ".oif": open_oif,
    ".dcm": open_dicom, ".dicom": open_dicom,
    ".mgh": open_nifti, ".mgz": open_nifti, ".nii": open_nifti, ".nii.gz": open_nifti,
    ".npy": open_npy,
})  # fmt: skip
_SCENE_READERS: Mapping[str, tuple[SceneReader, Callable[[Path], list[str]]]] = MappingProxyType({
    **dict.fromkeys(
        (".tif", ".tiff", ".btf", ".lsm", ".ndpi", ".qptiff", ".scn", ".svs", ".companion.ome"),
        (open_tiff, tiff_scenes),
    ),
    ".czi": (open_czi, czi_scenes),
    ".lif": (open_lif, lif_scenes), ".lof": (open_lif, lif_scenes),
    ".nd2": (open_nd2, nd2_scenes),
    ".zarr": (open_ome_zarr, ome_zarr_scenes), ".zarr.zip": (open_ome_zarr, ome_zarr_scenes),
})  # fmt: skip

IMAGE_ENDINGS = tuple(sorted({**_READERS, **_SCENE_READERS}))


def _ending(path: Path) -> str | None:
    name = path.name.lower()
    fitting = [ending for ending in IMAGE_ENDINGS if name.endswith(ending) and name != ending]
    return max(fitting, key=len, default=None)


def is_image(path: Path) -> bool:
    """True if there is a reader for the file's ending, and the name is text that can be stored."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return False
    return _ending(path) is not None and not path.name.startswith(".")


def is_image_folder(path: Path) -> bool:
    """True for a folder that is one image."""
    return is_image(path) and path.is_dir() and is_ome_zarr(path)


def scenes_of(path: Path) -> list[str]:
    """The names of the images in a file, at least one. Raises ImageFileError."""
    ending = _known_ending(path)
    return _SCENE_READERS[ending][1](path) if ending in _SCENE_READERS else [""]


def open_image(path: Path, *, scene: int = 0, roles: str | None = None) -> ImageSource:
    """The image in a file. Raises ImageFileError, with a plain sentence, if it cannot be read.

    `scene`: which of several, the last one if there are fewer. `roles`: what the file's axes are, a letter of
    T Z C Y X for each, instead of what it says; letters that do not fit the file are not used.
    """
    ending = _known_ending(path)
    source = _SCENE_READERS[ending][0](path, scene) if ending in _SCENE_READERS else _READERS[ending](path)
    if roles is not None and is_role_order(roles) and len(roles) == len(source.order.stored):
        return source.with_roles(roles)
    return source


def _known_ending(path: Path) -> str:
    ending = _ending(path)
    if ending is None:
        raise ImageFileError(
            "{name} is not an image this program reads: use TIFF, PNG, JPEG, or what a microscope or scanner "
            "wrote (see docs/formats.md).",
            name=path.name,
        )
    if not path.is_file() and not is_image_folder(path):
        raise ImageFileError("There is no file {path}: it may have been moved or renamed.", path=path)
    return ending
