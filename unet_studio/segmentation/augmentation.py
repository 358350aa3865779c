"""Training patches, varied as the paper asks (Ronneberger et al. 2015, section 3.1).

One smooth warp — shift, rotation, flip, scale and an elastic deformation from random displacements
on a coarse 3×3 grid, bicubically interpolated — is applied to image and labels together; then the
grey values change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.segmentation.stains import TO_DENSITY, stains_of
from unet_studio.settings.training import Augmentation

FloatArray = npt.NDArray[np.float32]

_GRID = 3


@dataclass(frozen=True, slots=True)
class Warp:
    """Where each pixel of a patch comes from: float32 (side, side) source coordinates."""

    y: FloatArray
    x: FloatArray

    def image(self, image: FloatArray) -> FloatArray:
        """Bilinear samples of float32 (H, W, C) → (side, side, C), mirrored outside."""
        part, y, x = self._part(image)
        out: FloatArray = cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out if out.ndim == 3 else out[:, :, None]

    def labels(self, labels: LabelArray) -> LabelArray:
        """Nearest samples of an int32 (H, W) label image → (side, side)."""
        part, y, x = self._part(labels)
        # OpenCV's remap knows no int32, but to copy a pixel it need not know what its four bytes mean.
        out = cv2.remap(part.view(np.float32), x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out).view(np.int32)

    def mask(self, mask: MaskArray) -> MaskArray:
        """Nearest samples of a bool (H, W) mask → (side, side)."""
        part, y, x = self._part(mask)
        out = cv2.remap(part.view(np.uint8), x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out).view(bool)

    def _part(self, plane: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], FloatArray, FloatArray]:
        """The part of a plane that is needed, and the coordinates in it: remap takes 32,766 px at most."""
        y, top, bottom = _mirrored(self.y, plane.shape[0])
        x, left, right = _mirrored(self.x, plane.shape[1])
        return np.ascontiguousarray(plane[top:bottom, left:right]), y, x


def _mirrored(places: FloatArray, size: int) -> tuple[FloatArray, int, int]:
    """Coordinates mirrored into [0, size − 1] without repeating the edge, less where they begin; and the
    range of pixels they lie between."""
    period = np.float32(max(1, 2 * (size - 1)))
    inside = np.abs(places) % period
    inside = np.minimum(inside, period - inside) if size > 1 else np.zeros_like(places)
    first = int(inside.min())
    last = min(size, int(np.ceil(inside.max())) + 1)
    return inside - np.float32(first), first, last


def random_warp(
    rng: np.random.Generator, settings: Augmentation, *, centre: tuple[float, float], side_px: int
) -> Warp:
    """A random warp of a patch around `centre` (y, x) of the source image.

    A share of `settings.unwarped` falls on whole pixels: interpolation softens what a network later sees
    sharp.
    """
    half = (side_px - 1) / 2
    if settings.unwarped > 0 and rng.random() < settings.unwarped:
        return _on_whole_pixels(rng, settings, centre=centre, side_px=side_px)
    if settings.shift_px > 0:
        down, right = rng.uniform(-settings.shift_px, settings.shift_px, 2)
        centre = (centre[0] + down, centre[1] + right)
    offsets = np.arange(side_px, dtype=np.float32) - np.float32(half)
    angle = rng.uniform(0, 2 * np.pi) if settings.rotate else 0.0
    zoom = np.exp(rng.uniform(-1, 1) * np.log(settings.scale))
    flip = -1.0 if settings.flip and rng.random() < 0.5 else 1.0
    cos, sin = np.float32(np.cos(angle) / zoom), np.float32(np.sin(angle) / zoom)
    y, x = offsets[:, None], np.float32(flip) * offsets[None, :]
    source_y = cos * y + sin * x + np.float32(centre[0])
    source_x = cos * x - sin * y + np.float32(centre[1])
    if settings.elastic_sigma_px > 0:
        coarse = rng.normal(0, settings.elastic_sigma_px, (2, _GRID, _GRID)).astype(np.float32)
        source_y += cv2.resize(coarse[0], (side_px, side_px), interpolation=cv2.INTER_CUBIC)
        source_x += cv2.resize(coarse[1], (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return Warp(source_y, source_x)


def _on_whole_pixels(
    rng: np.random.Generator, settings: Augmentation, *, centre: tuple[float, float], side_px: int
) -> Warp:
    """A patch around about `centre`, flipped and turned by right angles."""
    half = (side_px - 1) / 2
    y, x = (np.float32(np.floor(at - half)) + np.arange(side_px, dtype=np.float32) for at in centre)
    rows, columns = np.broadcast_to(y[:, None], (side_px,) * 2), np.broadcast_to(x[None, :], (side_px,) * 2)
    turns = int(rng.integers(4)) if settings.rotate else 0
    flip = -1 if settings.flip and rng.random() < 0.5 else 1
    rows, columns = (np.ascontiguousarray(np.rot90(g, turns)[:, ::flip]) for g in (rows, columns))
    return Warp(rows, columns)


def vary_grey_values(rng: np.random.Generator, image: FloatArray, settings: Augmentation) -> FloatArray:
    """A normalised patch, float32 (H, W, C) with most values in [0, 1], as other stains, exposures and
    cameras would show it: gamma, contrast and brightness per channel, uneven light, noise, blur, stain, and
    by choice inversion, loss of colour and permuted channels."""
    channels = image.shape[2]
    if channels == 3 and settings.stain > 0:
        image = jitter_stain(rng, image, strength=settings.stain)
    if channels == 3 and settings.restain > 0 and rng.random() < settings.restain:
        image = restain(rng, image)
    if channels > 1:
        if rng.random() < settings.to_grey:
            image = np.repeat(
                image @ rng.dirichlet(np.ones(channels))[:, None].astype(np.float32), channels, 2
            )
        if rng.random() < settings.mix_channels:
            image = image[:, :, rng.permutation(channels)]
    if rng.random() < settings.invert:
        image = 1.0 - image
    strength = settings.grey
    if strength > 0:
        gamma = np.float32(np.exp(rng.normal(0, 0.5 * strength)))
        image = np.sign(image) * np.abs(image) ** gamma
        contrast = np.exp(rng.normal(0, 0.4 * strength) + rng.normal(0, 0.2 * strength, channels))
        image = image * np.asarray(contrast, np.float32)
        image = image + np.asarray(rng.normal(0, 0.15 * strength, channels), np.float32)
    if settings.uneven > 0:
        image = light_unevenly(rng, image, strength=settings.uneven)
    if rng.random() < 0.3 * settings.blur:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5)).reshape(image.shape)
    if rng.random() < 0.6 * settings.noise:
        noise = rng.standard_normal(image.shape, np.float32)
        image = image + noise * np.float32(rng.uniform(0, 0.1))
    return np.ascontiguousarray(image, np.float32)


def light_unevenly(rng: np.random.Generator, image: FloatArray, *, strength: float) -> FloatArray:
    """A patch, float32 (H, W, C) with most values in [0, 1], under a lamp that stands askew: times one linear
    ramp around 1, plus another around 0, each in a direction of its own, the same in all channels."""
    height, width = image.shape[:2]
    y, x = np.linspace(-0.5, 0.5, height)[:, None], np.linspace(-0.5, 0.5, width)[None, :]
    ramps = []
    for _ in range(2):
        angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, strength)
        ramps.append((slope * (np.sin(angle) * y + np.cos(angle) * x)).astype(np.float32)[:, :, None])
    return np.asarray(image * (1 + ramps[0]) + ramps[1], np.float32)


def restain(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """A patch, float32 (H, W, 3) with most values in [0, 1], in dyes of random colours on white.

    In a coloured one each of its stains (haematoxylin, eosin, DAB) gets another colour. A grey one, such as
    bright cells on black, becomes the density of one dye.
    """
    if np.array_equal(image[:, :, 0], image[:, :, 1]) and np.array_equal(image[:, :, 0], image[:, :, 2]):
        stains = np.clip(image[:, :, :1], 0.0, None) * np.float32(rng.uniform(0.7, 2.5))
        over = np.float32(0.0)
    else:
        stains, over = np.clip(stains_of(image), 0.0, None), np.maximum(image - 1.0, 0.0)
    colours = rng.dirichlet(np.ones(3), stains.shape[2]).astype(np.float32)
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    return np.asarray(np.exp(-(stains @ colours)) + over, np.float32)


def jitter_stain(rng: np.random.Generator, image: FloatArray, *, strength: float) -> FloatArray:
    """A transmitted-light RGB patch, float32 (H, W, 3) with white at 1, with more or less of each stain.

    The optical densities of haematoxylin, eosin and DAB (Ruifrok and Johnston 2001) are each scaled and
    shifted at random (Tellez et al. 2018).
    """
    stains = stains_of(image)
    stains *= rng.uniform(1 - 0.5 * strength, 1 + 0.5 * strength, 3).astype(np.float32)
    stains += rng.uniform(-0.05 * strength, 0.05 * strength, 3).astype(np.float32)
    # What is brighter than white stays so much brighter.
    over = np.maximum(image - 1.0, 0.0)
    return np.asarray(np.exp(-(stains @ TO_DENSITY)) + over, np.float32)
