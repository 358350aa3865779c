"""`unet-studio evaluate`: compare predicted with true masks of the same stems."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from unet_studio.io.image_folder import ImageAndMask, pair_by_stem
from unet_studio.io.label_files import read_label_image
from unet_studio.segmentation.matching import LabelImage, score_images


def evaluate(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Every true mask needs its prediction."""
    scores = asdict(score_images(_pairs(pair_by_stem(options.truth, options.pred))))
    rounded = {k: v if isinstance(v, int) else round(v, 6) for k, v in scores.items()}
    for name, value in rounded.items():
        print(f"{name:12} {value}")
    if options.json:
        print(json.dumps(rounded))
    return 0


def _pairs(files: list[ImageAndMask]) -> Iterator[tuple[LabelImage, LabelImage]]:
    for pair in files:
        truth = read_label_image(Path(pair.image))
        yield truth, read_label_image(pair.mask, shape=(truth.shape[0], truth.shape[1]))
