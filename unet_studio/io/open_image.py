"""Opens any image file: the registry of readers, by file ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from unet_studio.core.errors import ImageFileError
from unet_studio.io.image_source import ImageSource
from unet_studio.io.raster import open_raster
from unet_studio.io.tiff import open_tiff

_READERS: dict[str, Callable[[Path], ImageSource]] = {
    ".png": open_raster,
    ".jpg": open_raster,
    ".jpeg": open_raster,
    ".tif": open_tiff,
    ".tiff": open_tiff,
}

IMAGE_ENDINGS = tuple(_READERS)


def is_image(path: Path) -> bool:
    """True if there is a reader for the file's ending, and the name is text that can be stored."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return False
    return path.suffix.lower() in _READERS and not path.name.startswith(".")


def open_image(path: Path) -> ImageSource:
    """The image in a file. Raises ImageFileError, with a plain sentence, if it cannot be read."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ImageFileError(
            "{name} is not an image this program reads: use PNG, JPEG or TIFF.", name=path.name
        )
    if not path.is_file():
        raise ImageFileError("There is no file {path}: it may have been moved or renamed.", path=path)
    return reader(path)
