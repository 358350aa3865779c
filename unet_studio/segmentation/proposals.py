"""From foreground probability to instances."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.settings.prediction import Postprocessing


def instances_from_probability(probability: npt.NDArray[np.float32], settings: Postprocessing) -> LabelArray:
    """int32 (H, W) label image, ids 1..n, from a foreground probability float32 (H, W) in [0, 1].

    Components above `seed_threshold` are the instances (touching cells come apart there first); each
    takes the nearer pixels of its region above `threshold`. A region without seed is an instance by
    itself. Small ones are dropped; `grow_px` gives back the seam that was cut for training.
    """
    regions, region_count = _components(probability >= settings.threshold)
    seeds, _ = _components(probability >= settings.seed_threshold)
    seeds = _drop_small(seeds, settings.min_area_px)
    seeded = np.zeros(region_count, bool)
    seeded[regions[seeds > 0]] = True
    lonely = np.where(seeded[regions], 0, regions)
    offset = int(seeds.max(initial=0))
    labels = np.where(lonely > 0, lonely + np.int32(offset), seeds)
    labels = _drop_small(_spread(labels, regions), settings.min_area_px)
    for _ in range(settings.grow_px):
        labels = grow_by_one(labels)
    return labels


def instances_of_classes(
    probabilities: npt.NDArray[np.float32], settings: Postprocessing, stuff: Collection[int] = ()
) -> tuple[LabelArray, list[int]]:
    """Label image int32 (H, W) and the class of each of its ids 1..n, from the probability of every class
    but background, float32 (H, W, K − 1).

    Countable instances come from the sum of the countable classes; each is of the class that is likeliest
    over its pixels. A class in `stuff` becomes one instance: the pixels where it is the likeliest of all.
    """
    count = probabilities.shape[2]
    countable = [c for c in range(1, count + 1) if c not in stuff]
    if count == 1 and countable:
        labels = instances_from_probability(probabilities[:, :, 0], settings)
        return labels, [1] * int(labels.max(initial=0))
    labels = np.zeros(probabilities.shape[:2], np.int32)
    classes: list[int] = []
    if countable:
        places = [c - 1 for c in countable]
        labels = instances_from_probability(probabilities[:, :, places].sum(2), settings)
        ids = np.arange(1, int(labels.max(initial=0)) + 1)
        totals = [ndimage.sum_labels(probabilities[:, :, place], labels, ids) for place in places]
        classes = [countable[best] for best in np.argmax(totals, axis=0).tolist()] if ids.size else []
    background = 1 - probabilities.sum(2)
    for index in sorted(set(stuff)):
        own = probabilities[:, :, index - 1]
        others = np.delete(probabilities, index - 1, axis=2).max(2, initial=0)
        region = (own > others) & (own > background) & (labels == 0)
        if np.count_nonzero(region) >= max(1, settings.min_area_px):
            classes.append(index)
            labels[region] = len(classes)
    return labels, classes


def _components(mask: MaskArray) -> tuple[LabelArray, int]:
    """8-connected components: int32 labels from 1, and how many labels there are with 0."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return labels, count


def _drop_small(labels: LabelArray, min_area_px: int) -> LabelArray:
    """Without the labels of fewer pixels; the others numbered anew from 1."""
    keep = np.bincount(labels.ravel()) >= max(1, min_area_px)
    keep[0] = False
    new_id = np.zeros(keep.size, np.int32)
    new_id[keep] = np.arange(1, np.count_nonzero(keep) + 1, dtype=np.int32)
    out: LabelArray = new_id[labels]
    return out


def _spread(labels: LabelArray, regions: LabelArray) -> LabelArray:
    """Every unlabelled region pixel gets the nearest label, if that lies in the same region."""
    free = (regions > 0) & (labels == 0)
    if not free.any() or not labels.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    size = int(nearest.max()) + 1
    label_of, region_of = np.zeros(size, np.int32), np.zeros(size, np.int32)
    labelled = labels > 0
    label_of[nearest[labelled]], region_of[nearest[labelled]] = labels[labelled], regions[labelled]
    take = free & (region_of[nearest] == regions)
    out = labels.copy()
    out[take] = label_of[nearest[take]]
    return out


def grow_by_one(labels: LabelArray) -> LabelArray:
    """Every instance grown by one pixel (4-neighbourhood) into background; ties go to the smaller id."""
    grown = labels.copy()
    background = labels == 0
    for axis in (0, 1):
        for step in (1, -1):
            here: list[slice] = [slice(None), slice(None)]
            there: list[slice] = [slice(None), slice(None)]
            here[axis], there[axis] = (slice(1, None), slice(None, -1))[::step]
            source, target = labels[tuple(there)], grown[tuple(here)]
            take = background[tuple(here)] & (source > 0) & ((target == 0) | (source < target))
            target[take] = source[take]
    return grown
