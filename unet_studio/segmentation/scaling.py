"""A model that learnt at one pixel size, applied to images of another: both in µm a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

_WORTH_IT = 1.25
_MOST = 4.0


def scale_for_model(model_um: float | None, image_um: float | None) -> float:
    """How many times as large the image has to be for its pixels to be the model's. 1 where one of the sizes
    is not known, or where they are alike: networks are trained on some variation."""
    if model_um is None or image_um is None:
        return 1.0
    scale = image_um / model_um
    if 1 / _WORTH_IT < scale < _WORTH_IT:
        return 1.0
    return min(_MOST, max(1 / _MOST, scale))


def rescaled(plane: npt.NDArray[np.float32], shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """float32 (H, W, C) at another size: means where it shrinks, linear where it grows."""
    height, width = shape
    smaller = height * width < plane.shape[0] * plane.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    channels = [
        cv2.resize(np.ascontiguousarray(plane[:, :, place]), (width, height), interpolation=how)
        for place in range(plane.shape[2])
    ]
    return np.stack(channels, axis=2)


def common_pixel_size(sizes_um: Sequence[float | None]) -> float | None:
    """The pixel size of images that all have about the same; None if one is not known, or they differ."""
    known = [size for size in sizes_um if size is not None]
    if not known or len(known) < len(sizes_um) or max(known) > _WORTH_IT * min(known):
        return None
    return median(known)
