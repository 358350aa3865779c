"""Writes stardist_matching.json: what StarDist's published matching finds on random label images.

    python tests/segmentation/reference/stardist_matching.py

Run once where stardist can be installed (made with stardist 0.9.2); the tests need only the numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A label image of overlapping discs, and the same with some moved, grown, lost or invented."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[:96, :112]
    true, pred = np.zeros((96, 112), np.int32), np.zeros((96, 112), np.int32)
    for number in range(1, 15):
        cy, cx, radius = rng.integers(0, 96), rng.integers(0, 112), rng.integers(4, 14)
        true[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = number
        if rng.random() < 0.8:
            cy, cx = cy + rng.normal(0, 1.2), cx + rng.normal(0, 1.2)
            pred[(y - cy) ** 2 + (x - cx) ** 2 < (radius * rng.uniform(0.85, 1.15)) ** 2] = number + 7
    return true, pred


def main() -> None:
    from stardist.matching import matching

    out = []
    for seed in range(40):
        found = matching(*random_pair(seed), thresh=THRESHOLDS)
        out.append(
            [[float(v) for v in (m.tp, m.fp, m.fn, m.precision, m.recall, m.f1, m.accuracy)] for m in found]
        )
    Path(__file__).with_name("stardist_matching.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
