"""From foreground probability to instances."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from unet_studio.core.label_tiles import LabelArray
from unet_studio.segmentation.fragments import components, cut_at_necks
from unet_studio.segmentation.joining import UsualSize, join_fragments
from unet_studio.settings.prediction import Postprocessing

_LEAST_LOOKS = 2**18
Mask8 = npt.NDArray[np.uint8]


def instances_from_probability(
    probability: npt.NDArray[np.float32], settings: Postprocessing, usual: UsualSize | None = None
) -> LabelArray:
    """int32 (H, W) label image, ids 1..n, from a foreground probability float32 (H, W) in [0, 1].

    What is above `threshold` is cut at every neck, and joined where `joining` says so. Where a model has no
    such rule, the instances are the components above `seed_threshold` (touching cells come apart there
    first); each takes the nearer pixels of its region. A region without seed is an instance by itself.
    Small ones are dropped; `grow_px` gives back the seam that was cut for training. `usual`: what parts of
    one plane have in common.
    """
    if settings.joining is None:
        out = _parted_by_seeds(probability, settings)
    else:
        fragments = cut_at_necks(probability, settings.threshold)
        out = join_fragments(fragments, settings.joining, settings.min_area_px, usual)
    for _ in range(settings.grow_px):
        out = grow_by_one(out)
    return out


def _parted_by_seeds(probability: npt.NDArray[np.float32], settings: Postprocessing) -> LabelArray:
    # With a border: every pixel inside has eight neighbours. Cells cover a small part of most planes, so all
    # that follows looks at the pixels above the threshold only.
    above = cv2.copyMakeBorder(_at_least(probability, settings.threshold), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    regions, region_count = components(above)
    seeds, _ = components(
        cv2.copyMakeBorder(
            _at_least(probability, max(settings.threshold, settings.seed_threshold)),
            1, 1, 1, 1, cv2.BORDER_CONSTANT,
        )
    )  # fmt: skip
    inside = np.flatnonzero(above)
    region = regions.reshape(-1)[inside]
    label = _renumbered(seeds.reshape(-1)[inside], settings.min_area_px)
    # A region without seed is one instance, one with one seed is that one's; only what several seeds share is
    # to be parted.
    seed_count = int(label.max(initial=0))
    region_of_seed = np.zeros(seed_count + 1, np.int32)
    region_of_seed[label] = region
    seeds_in = np.bincount(region_of_seed[1:], minlength=region_count)
    owner = np.zeros(region_count, np.int32)
    owner[region_of_seed[1:]] = np.arange(1, seed_count + 1)
    owner[seeds_in > 1] = 0
    lonely = np.flatnonzero(seeds_in == 0)
    owner[lonely] = seed_count + 1 + np.arange(lonely.size)
    label = np.maximum(label, owner[region])
    labels = np.zeros(above.shape, np.int32)
    flat = labels.reshape(-1)
    flat[inside] = label
    _spread(labels, inside[label == 0], regions)
    flat[inside] = _renumbered(flat[inside], settings.min_area_px)
    return np.ascontiguousarray(labels[1:-1, 1:-1])


def instances_of_classes(
    probabilities: npt.NDArray[np.float32],
    settings: Postprocessing,
    stuff: Collection[int] = (),
    usual: UsualSize | None = None,
) -> tuple[LabelArray, list[int]]:
    """Label image int32 (H, W) and the class of each of its ids 1..n, from the probability of every class
    but background, float32 (H, W, K − 1).

    Countable instances come from the sum of the countable classes; each is of the class that is likeliest
    over its pixels. A class in `stuff` becomes one instance: the pixels where it is the likeliest of all.
    """
    countable = [c for c in range(1, probabilities.shape[2] + 1) if c not in stuff]
    if countable == [1] and not stuff:
        labels = instances_from_probability(probabilities[:, :, 0], settings, usual)
        return labels, [1] * int(labels.max(initial=0))
    labels = np.zeros(probabilities.shape[:2], np.int32)
    classes: list[int] = []
    if countable:
        labels = instances_from_probability(countable_probability(probabilities, stuff), settings, usual)
        ids = np.arange(1, int(labels.max(initial=0)) + 1)
        totals = [ndimage.sum_labels(probabilities[:, :, c - 1], labels, ids) for c in countable]
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


def countable_probability(
    probabilities: npt.NDArray[np.float32], stuff: Collection[int] = ()
) -> npt.NDArray[np.float32]:
    """The sum of the countable classes, float32 (H, W), of that of every class but background."""
    countable = [index for index in range(probabilities.shape[2]) if index + 1 not in stuff]
    total: npt.NDArray[np.float32] = probabilities[:, :, countable].sum(2)
    return total


def only_countable(labels: LabelArray, class_of: Sequence[int], stuff: Sequence[int]) -> LabelArray:
    """The label image without instances of classes in `stuff`; `class_of`: the class of each id from 1."""
    if not stuff:
        return labels
    keep = np.array([False, *(c not in stuff for c in class_of)])
    return np.where(keep[labels], labels, 0).astype(np.int32)


def _at_least(probability: npt.NDArray[np.float32], threshold: float) -> Mask8:
    """uint8 (H, W): 1 where the probability reaches the threshold."""
    return (probability >= np.float32(threshold)).view(np.uint8)


def _renumbered(labels: LabelArray, min_area_px: int) -> LabelArray:
    """Labels without those of fewer pixels, which become 0; the others numbered anew from 1."""
    keep = np.bincount(labels) >= max(1, min_area_px)
    keep[:1] = False
    new_id = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    out: LabelArray = new_id[labels]
    return out


def _spread(labels: LabelArray, free: npt.NDArray[np.intp], regions: LabelArray) -> None:
    """Every pixel of `free` (places in the flat `labels`, in place) gets the nearest label of its region.

    From neighbour to neighbour, straight ones in every round and diagonal ones in every other: what is
    reached after n rounds is an octagon, at most 8 % off a circle. Neighbours above the threshold are of one
    region, so that nothing spreads into another one.
    """
    flat, width = labels.reshape(-1), labels.shape[1]
    straight, diagonal = (-width, -1, 1, width), (-width - 1, 1 - width, width - 1, width + 1)
    number = looks = 0
    while free.size and looks < max(_LEAST_LOOKS, labels.size // 4):
        looks += free.size
        found = np.zeros(free.size, np.int32)
        for step in straight if number % 2 == 0 else (*straight, *diagonal):
            found = np.where(found > 0, found, flat[free + step])
        # Written when all have looked: no label gets two pixels far in one round.
        flat[free] = found
        free = free[found == 0]
        number += 1
    if free.size:
        _spread_far(labels, free, regions)


def _spread_far(labels: LabelArray, free: npt.NDArray[np.intp], regions: LabelArray) -> None:
    """The same for many pixels far from any label, by one distance transform of the plane."""
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    size = int(nearest.max()) + 1
    label_of, region_of = np.zeros(size, np.int32), np.zeros(size, np.int32)
    labelled = labels > 0
    label_of[nearest[labelled]], region_of[nearest[labelled]] = labels[labelled], regions[labelled]
    place = nearest.reshape(-1)[free]
    is_own = region_of[place] == regions.reshape(-1)[free]
    labels.reshape(-1)[free[is_own]] = label_of[place[is_own]]


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
