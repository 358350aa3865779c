"""Finding image files, and pairing images with masks by file stem."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unet_studio.core.errors import FolderError, TrainingDataError
from unet_studio.io.open_image import is_image, is_image_folder


@dataclass(frozen=True, slots=True)
class ImageAndMask:
    """Two files with the same stem."""

    image: Path
    mask: Path


def list_images(folder: Path) -> list[Path]:
    """Image files (and OME-Zarr folders) directly in a folder, in natural order (2 before 10).

    Raises FolderError if the folder is missing, cannot be read or holds no image.
    """
    try:
        found = sorted(
            (p for p in folder.iterdir() if is_image(p) and (p.is_file() or is_image_folder(p))),
            key=natural_order,
        )
    except OSError as error:
        raise FolderError(
            "Cannot open the folder {path}: {reason}.", path=folder, reason=error.strerror
        ) from error
    if not found:
        raise FolderError(
            "The folder {path} holds no image: put TIFF, PNG, JPEG, or what a microscope wrote, into it.",
            path=folder,
        )
    return found


def expand_paths(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, folders as the images in them; each file once."""
    found: dict[Path, None] = {}
    for path in paths:
        for image in list_images(path) if path.is_dir() and not is_image_folder(path) else [path]:
            found[image] = None
    return list(found)


def pair_by_stem(images: Path, masks: Path) -> list[ImageAndMask]:
    """Every image of a folder with its mask of the same stem.

    Raises TrainingDataError naming the first image that has no mask.
    """
    by_stem: dict[str, Path] = {}
    for mask in list_images(masks):
        by_stem.setdefault(mask.stem, mask)
    pairs, missing = [], []
    for image in list_images(images):
        if image.stem in by_stem:
            pairs.append(ImageAndMask(image, by_stem[image.stem]))
        else:
            missing.append(image)
    if missing:
        raise TrainingDataError(
            "{count} of {total} images have no mask in {masks}, the first is {name}: add "
            "{stem}.tif or .png, or take the image away.",
            count=len(missing),
            total=len(missing) + len(pairs),
            masks=masks,
            name=missing[0].name,
            stem=missing[0].stem,
        )
    return pairs


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that counts numbers as numbers, digits before letters."""
    parts = re.findall(r"\d+|\D+", path.name.lower())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
