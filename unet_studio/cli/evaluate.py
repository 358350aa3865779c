"""`unet-studio evaluate`: compare predicted with true masks of the same stems."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from unet_studio.core.errors import LabelFileError
from unet_studio.core.label_tiles import LabelArray
from unet_studio.io.image_folder import ImageAndMask, pair_by_stem
from unet_studio.io.label_files import read_class_image, read_label_image
from unet_studio.segmentation.matching import LabelImage, score_images
from unet_studio.segmentation.partition_scores import partition_scores, segments_between
from unet_studio.segmentation.pixel_scores import confusion_matrix, pixel_scores
from unet_studio.settings.training import MOST_CLASSES

Pairs = Iterator[tuple[LabelImage, LabelImage]]


def evaluate(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Every true mask needs its prediction."""
    read = read_class_image if options.masks == "classes" else read_label_image
    pairs = _pairs(pair_by_stem(options.truth, options.pred), read)
    figures = {"instances": _of_instances, "classes": _of_classes, "membranes": _of_membranes}
    scores = {name: _rounded(value) for name, value in figures[options.masks](pairs).items()}
    width = max(map(len, scores)) + 1
    for name, value in scores.items():
        print(f"{name:{width}} {value}")
    if options.json:
        print(json.dumps(scores))
    return 0


def _of_instances(pairs: Pairs) -> dict[str, Any]:
    return asdict(score_images(pairs))


def _of_classes(pairs: Pairs) -> dict[str, Any]:
    """Over all pixels of all images; masks hold a class per pixel, binary ones class 1.

    Raises LabelFileError for values that cannot be classes.
    """
    total = np.zeros((1, 1), np.int64)
    images = 0
    for true, pred in ((_class_one_if_binary(t), _class_one_if_binary(p)) for t, p in pairs):
        highest = max(int(true.max(initial=0)), int(pred.max(initial=0)))
        if highest > MOST_CLASSES:
            raise LabelFileError(
                "A mask holds the value {highest}, and there are at most {most} classes: are these ids of "
                "instances? Then leave out --masks classes.",
                highest=highest,
                most=MOST_CLASSES,
            )
        classes = max(total.shape[0], int(true.max(initial=0)) + 1, int(pred.max(initial=0)) + 1)
        grown = np.zeros((classes, classes), np.int64)
        grown[: total.shape[0], : total.shape[1]] = total
        total = grown + confusion_matrix(true, pred, classes=classes)
        images += 1
    return {"images": images, **asdict(pixel_scores(total)), "confusion": total.tolist()}


def _of_membranes(pairs: Pairs) -> dict[str, Any]:
    """Means over the images of V^Rand and V^Info. A binary mask marks the membranes, any other the segments
    between them."""
    rows = [asdict(partition_scores(_segments(true), _segments(pred))) for true, pred in pairs]
    return {"images": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _segments(labels: LabelImage) -> LabelImage:
    return segments_between(labels > 0) if np.unique(labels[labels != 0]).size <= 1 else labels


def _class_one_if_binary(labels: LabelImage) -> LabelImage:
    values = np.unique(labels[labels != 0])
    return (labels > 0).astype(np.int32) if values.size == 1 and values[0] > MOST_CLASSES else labels


def _pairs(files: list[ImageAndMask], read: Callable[..., LabelArray]) -> Pairs:
    for pair in files:
        truth = read(Path(pair.image))
        yield truth, read(pair.mask, shape=(truth.shape[0], truth.shape[1]))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 6)
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
