"""Makes the images of resources/demo.

    python packaging/demo/make_demo_images.py resources/demo

immunohistochemistry.png and cell.png are scikit-image's (CC0); fluorescence.png is made here: nuclei,
some of them touching, with texture, blur, uneven background and camera noise, 16-bit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage
from skimage import data

SIDE_PX = 512
SEED = 2015
NUCLEI = 70
TOUCHING_SHARE = 0.4


def fluorescence_field() -> np.ndarray:
    """uint16 (512, 512)."""
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float32)
    light = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    taken = np.zeros((SIDE_PX, SIDE_PX), bool)
    texture = ndimage.gaussian_filter(rng.normal(size=taken.shape), 2.5)
    texture = 1 + 0.25 * texture / texture.std()
    centres: list[tuple[float, float, float]] = []
    for _ in range(4000):
        if len(centres) == NUCLEI:
            break
        major, ratio, angle = rng.uniform(13, 21), rng.uniform(0.65, 1.0), rng.uniform(0, np.pi)
        if centres and rng.random() < TOUCHING_SHARE:
            cy, cx, other = centres[rng.integers(len(centres))]
            towards = rng.uniform(0, 2 * np.pi)
            cy, cx = (
                cy + (major + other) * 0.85 * np.sin(towards),
                cx + (major + other) * 0.85 * np.cos(towards),
            )
        else:
            cy, cx = rng.uniform(0, SIDE_PX, 2)
        dy, dx = y - cy, x - cx
        u = dx * np.cos(angle) + dy * np.sin(angle)
        v = dy * np.cos(angle) - dx * np.sin(angle)
        bend = 1 + 0.06 * np.sin(3 * np.arctan2(v, u) + angle)
        distance = np.sqrt((u / major) ** 2 + (v / (ratio * major)) ** 2) / bend
        inside = distance <= 1
        if not inside.any() or (taken & inside).sum() > 0.03 * inside.sum():
            continue
        inside &= ~taken
        centres.append((float(cy), float(cx), float(major)))
        taken |= inside
        light[inside] = (rng.uniform(0.45, 1.0) * (1 - 0.3 * distance**4) * texture)[inside]
    light = ndimage.gaussian_filter(light, 1.3)
    background = 0.06 + 0.05 * (x / SIDE_PX) + 0.03 * np.sin(y / 170)
    photons = rng.poisson(np.clip(light + background, 0, None) * 900)
    counts = photons * 14 + 320 + rng.normal(0, 40, light.shape)
    return np.clip(counts, 0, 65535).astype(np.uint16)


def main() -> None:
    """See the module."""
    out = Path(sys.argv[1])
    best = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    cv2.imwrite(str(out / "fluorescence.png"), fluorescence_field(), best)
    cv2.imwrite(str(out / "immunohistochemistry.png"), data.immunohistochemistry()[:, :, ::-1], best)
    cv2.imwrite(str(out / "cell.png"), data.cell(), best)


if __name__ == "__main__":
    main()
