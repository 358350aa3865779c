"""Grey values as the network wants them: percentile normalisation, channels adapted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unet_studio.core.sentences import Sentence
from unet_studio.settings.prediction import Normalization

PlaneArray = npt.NDArray[np.generic]
FloatPlane = npt.NDArray[np.float32]

_SAMPLE_LIMIT = 1_000_000
_CLIP = (-0.5, 3.0)


def percentile_range(
    plane: PlaneArray, *, low_percentile: float, high_percentile: float
) -> tuple[float, float]:
    """The two percentiles of the finite grey values, from at most about 10^6 evenly spaced pixels.

    `plane`: (H, W[, C]), any real dtype. A constant plane gives a range of width 1, or of its
    value where that is larger.
    """
    step = max(1, int(np.ceil(np.sqrt(plane.shape[0] * plane.shape[1] / _SAMPLE_LIMIT))))
    sample = plane[::step, ::step]
    if sample.dtype.kind == "f":
        sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(sample.astype(np.float64), [low_percentile, high_percentile])
    if high <= low:
        # Most of the plane is one value (a few bright cells on black): use the full range instead.
        low, high = float(sample.min()), float(sample.max())
    # Beyond 2^53 one more is no more.
    return float(low), float(high) if high > low else float(low) + max(1.0, abs(float(low)))


def is_one_channel(plane: npt.NDArray[np.generic]) -> bool:
    """True for one channel that `adapt_channels` shows as several: what is done to it is done once."""
    return plane.ndim == 3 and plane.shape[2] > 1 and plane.strides[2] == 0


def normalize(
    plane: PlaneArray, settings: Normalization, *, reference: PlaneArray | None = None
) -> FloatPlane:
    """float32 (H, W, C): the low percentile becomes 0, the high one 1; NaN and infinity become 0.

    `reference`: whose percentiles; None: the plane's own.
    """
    if is_one_channel(plane):
        alone = normalize(plane[:, :, :1], settings, reference=reference)
        return np.broadcast_to(alone, plane.shape)
    low, high = percentile_range(
        plane if reference is None else reference,
        low_percentile=settings.low_percentile,
        high_percentile=settings.high_percentile,
    )
    out = plane.astype(np.float32)
    out -= np.float32(low)
    out *= np.float32(1.0 / (high - low))
    if plane.dtype.kind == "f":
        np.nan_to_num(out, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    # A hot pixel must not dominate a tile's statistics.
    np.clip(out, *_CLIP, out=out)
    return out if out.ndim == 3 else out[:, :, None]


def adapt_channels(plane: PlaneArray, channels: int) -> tuple[PlaneArray, Sentence | None]:
    """(H, W, `channels`) from (H, W[, C]), and a sentence about it (None if nothing was lost or made up)."""
    if plane.ndim == 2:
        plane = plane[:, :, None]
    have = plane.shape[2]
    if have == channels:
        return plane, None
    values = {"have": str(have), "want": str(channels)}
    if have == 1:  # Nothing is lost: nobody needs to be told.
        return np.broadcast_to(plane, (*plane.shape[:2], channels)), None
    if channels == 1:
        weights = np.array([0.299, 0.587, 0.114]) if have == 3 else np.full(have, 1 / have)
        luminance = (plane.astype(np.float32) @ weights.astype(np.float32))[:, :, None]
        note = "The image's {have} channels were turned into one grey channel for the model."
        return luminance, Sentence(note, values)
    if have > channels:
        note = "Only the first {want} of the image's {have} channels feed the model."
        return plane[:, :, :channels], Sentence(note, values)
    missing = np.zeros((*plane.shape[:2], channels - have), plane.dtype)
    note = (
        "The model wants {want} channels, the image has {have}: the others were left black. "
        "Where one channel alone shows the cells, let the model read only that one."
    )
    return np.concatenate([plane, missing], axis=2), Sentence(note, values)
