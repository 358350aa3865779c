"""The size at which a network sees an image: by µm a pixel where known, else by how wide its objects are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray
from unet_studio.segmentation.normalization import is_one_channel

_Label = TypeVar("_Label", bound=np.generic)

_WORTH_IT = 1.25
_MOST = 8.0
# Objects up to so many times as wide as the model's, or as narrow, are seen as they are.
_WIDEST, _NARROWEST = 2.4, 0.55
# At these parts of its size an image is looked at for wide objects.
COARSE = (1 / 16, 1 / 8, 1 / 4)
# Objects narrower than this share of the model's are not believed: they may be several, run together.
_BELIEVED = 0.42
# Two looks agree where their widths differ by less, and the closer one does not find many more.
_AGREEMENT = 1.3
_MORE = 1.5
_FEWEST = 3
_LEAST_SIDE_PX = 24


@dataclass(frozen=True, slots=True)
class Objects:
    """How many instances there are, and how wide the usual one is: the median of the square roots of their
    areas in px, 0 where there is none."""

    count: int
    width_px: float

    @staticmethod
    def of(*label_images: LabelArray) -> Objects:
        """Those of all the label images (H, W) together."""
        areas = np.concatenate([np.zeros(0, np.int64), *map(_areas, label_images)])
        return Objects(areas.size, float(np.median(np.sqrt(areas))) if areas.size else 0.0)


def _areas(labels: LabelArray) -> npt.NDArray[np.int64]:
    """In pixels, of every id above 0 that is there; ids may be any numbers."""
    if labels.max(initial=0) > labels.size:
        ids, counts = np.unique(labels, return_counts=True)
        return np.asarray(counts[ids > 0], np.int64)
    counts = np.bincount(labels.ravel())[1:]
    return np.asarray(counts[counts > 0], np.int64)


def scale_by_pixel_size(model_um: float | None, image_um: float | None, usual: float = 1.0) -> float | None:
    """How many times as large the image has to be for its pixels to be the model's: `usual` where that is
    nearly so, networks are trained on some variation. None where one of the sizes is not known."""
    if model_um is None or image_um is None:
        return None
    scale = image_um / model_um
    if 1 / _WORTH_IT < scale / usual < _WORTH_IT:
        return usual
    return min(_MOST, max(COARSE[0], scale))


def scale_by_objects(width_px: float, model_px: float | None, usual: float = 1.0) -> float:
    """How many times as large an image has to be for its objects, `width_px` wide, to be as wide as those the
    model learnt from. `usual` where at that scale they are nearly so, or nothing is known of the model's; in
    powers of two, which cut a plane into parts at whole pixels. Never above 1: narrow objects are found as
    well enlarged, but outlined worse (ADR 0021)."""
    if model_px is None or width_px <= 0 or _NARROWEST < width_px * usual / model_px < _WIDEST:
        return usual
    scale: float = 2.0 ** round(math.log2(model_px / width_px))
    return min(1.0, max(COARSE[0], scale))


def scale_of_wide_objects(
    objects_at: Callable[[float], Objects], shape: tuple[int, int], model_px: float, usual: float
) -> float | None:
    """The scale for an image (H, W) whose objects are wider than the model can see at its `usual` one: there
    it takes them to pieces. None if no such objects are found.

    `objects_at`: what the model finds in the image at another size, in px of that. Wide objects are looked
    for where little is to be computed, and believed where two sizes of the image agree.
    """
    found = None
    for part in COARSE:
        scale = usual * part
        if min(shape) * scale < _LEAST_SIDE_PX:
            continue
        if part == COARSE[-1] and found is not None and not found.count:
            return None  # What could be believed here would have been a speck at half the size.
        found = objects_at(scale)
        if found.count < _FEWEST or found.width_px < _BELIEVED * model_px:
            continue
        finer = objects_at(2 * scale)
        alike = 1 / _AGREEMENT < finer.width_px / (2 * found.width_px) < _AGREEMENT
        if alike and finer.count <= _MORE * found.count:
            return scale_by_objects(finer.width_px / (2 * scale), model_px, usual)
    return None


def scale_of_seen_objects(found: Objects, model_px: float, usual: float) -> float | None:
    """The scale for an image in which, in px of its own size, these were found at the `usual` scale: another
    one where they are too narrow there. None if they tell nothing: a few, specks, crumbs of wide ones."""
    if found.count < _FEWEST:
        return None
    if _NARROWEST < found.width_px * usual / model_px < _WIDEST:
        return usual
    scale = scale_by_objects(found.width_px, model_px, usual)
    return scale if scale > usual else None


def rescaled(plane: npt.NDArray[np.float32], shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """float32 (H, W, C) at another size: means where it shrinks, linear where it grows."""
    if is_one_channel(plane):
        return np.broadcast_to(rescaled(plane[:, :, :1], shape), (*shape, plane.shape[2]))
    height, width = shape
    smaller = height * width < plane.shape[0] * plane.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    channels = [
        cv2.resize(np.ascontiguousarray(plane[:, :, place]), (width, height), interpolation=how)
        for place in range(plane.shape[2])
    ]
    return np.stack(channels, axis=2)


def rescaled_labels(labels: npt.NDArray[_Label], shape: tuple[int, int]) -> npt.NDArray[_Label]:
    """A label image or mask (H, W) at another size: of each new pixel the value that lies in its middle."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip(shape, labels.shape, strict=True)
    )
    return np.ascontiguousarray(labels[rows[:, None], columns])


def scaled_shape(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Height and width at `scale` times the size, at least a pixel."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def common_pixel_size(sizes_um: Sequence[float | None]) -> float | None:
    """The pixel size of images that all have about the same; None if one is not known, or they differ."""
    known = [size for size in sizes_um if size is not None]
    if not known or len(known) < len(sizes_um) or max(known) > _WORTH_IT * min(known):
        return None
    return median(known)
