"""The post-processing that suits a network: what its training images teach, and what is best on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace

from unet_studio.core.label_tiles import LabelArray
from unet_studio.segmentation.fragments import cut_at_necks
from unet_studio.segmentation.joining import Evidence, evidence, learn_joining
from unet_studio.segmentation.matching import (
    Scores,
    iou_matrix,
    match_counts,
    score_images,
    standard_error,
)
from unet_studio.segmentation.proposals import (
    countable_probability,
    instances_from_probability,
    instances_of_classes,
    only_countable,
)
from unet_studio.settings.prediction import Joining, Postprocessing
from unet_studio.unet.parts_memory import Probabilities

_SEED_THRESHOLDS = (0.6, 0.7, 0.8, 0.9)
_THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
_GROWTHS_PX = (0, 1)
# Added to the log odds: of the images that taught it, a network is surer than of others.
_BIASES = (0.0, 0.4, 0.8)
_BIASES_OF_FEW = (0.4, 0.8)
_TUNE_FROM_IMAGES = 5
_TUNING_IOUS = (0.5, 0.75)
_MOST_PX = 2**26


def _can_tune(images: int, stuff: Sequence[int]) -> bool:
    """True if the validation images are enough to choose thresholds by."""
    return images >= _TUNE_FROM_IMAGES and not stuff


def other_ways_to_part(start: Postprocessing, images: int, stuff: Sequence[int]) -> list[Postprocessing]:
    """How instances may come apart that touch, other than as `start` says, without anything learnt."""
    by_seeds = replace(start, joining=None)
    seeds = _SEED_THRESHOLDS if _can_tune(images, stuff) else (start.seed_threshold,)
    ways = [replace(by_seeds, seed_threshold=threshold) for threshold in seeds]
    return [way for way in ways if way != start]


def joining_learnt_from(
    truths: Sequence[LabelArray],
    predict: Callable[[int], Probabilities],
    threshold: float,
    stuff: Sequence[int] = (),
) -> Joining | None:
    """What images teach about which fragments belong together, None where they have too few of them.

    `truths`: uncut labels of the countable instances; `predict(i)`: the probabilities of the i-th image, 0
    where nobody checked. Of many images, those that 67 megapixels have room for, in random order.
    """
    rng = np.random.default_rng(0)
    known: list[Evidence] = []
    seen_px = 0
    for index in rng.permutation(len(truths)).tolist():
        seen_px += truths[index].size
        if known and seen_px > _MOST_PX:
            break
        foreground = countable_probability(predict(index), stuff)
        known.append(evidence(cut_at_necks(foreground, threshold), truths[index], rng))
    return learn_joining(known)


def tune_postprocessing(
    truths: Sequence[LabelArray],
    probabilities: Sequence[Probabilities],
    start: Postprocessing,
    learnt: Joining | None = None,
    stuff: Sequence[int] = (),
) -> tuple[Postprocessing, Scores]:
    """Settings with the best AP50 and AP75, each the mean of the images' own: an image of a thousand small
    cells must not decide for all others. `truths`: uncut labels; `learnt`: from other images.

    First how touching instances come apart; then, where the images are enough, the thresholds and the growth,
    one with the others as they are: a third of the work of trying all together. Of few images a rule for
    joining goes only if the seeds are better by more than chance. Returns the settings, never worse than
    `start`, and their scores.
    """
    best, best_ap = start, _mean_ap(truths, probabilities, start, stuff)
    is_enough = _can_tune(len(truths), stuff)

    def try_all(others: Sequence[Postprocessing], *, by_more_than: float = 0.0) -> None:
        nonlocal best, best_ap
        for settings in others:
            ap = _mean_ap(truths, probabilities, settings, stuff) if settings != best else best_ap
            if ap > best_ap + by_more_than:
                best, best_ap = settings, ap

    if learnt is not None:
        biases = _BIASES if is_enough else _BIASES_OF_FEW
        try_all([replace(start, joining=replace(learnt, bias=learnt.bias + more)) for more in biases])
    instances = sum(np.unique(truth[truth > 0]).size for truth in truths)
    few = best.joining is not None and not is_enough
    try_all(
        other_ways_to_part(start, len(truths), stuff),
        by_more_than=standard_error(best_ap, instances) if few else 0.0,
    )
    if is_enough:
        try_all([replace(best, threshold=threshold) for threshold in _THRESHOLDS])
        try_all([replace(best, grow_px=growth) for growth in _GROWTHS_PX])
    return best, score_instances(truths, probabilities, best, stuff)


def score_instances(
    truths: Sequence[LabelArray],
    probabilities: Sequence[Probabilities],
    settings: Postprocessing,
    stuff: Sequence[int] = (),
) -> Scores:
    """All figures of the countable instances that `settings` makes of the probabilities."""
    return score_images(
        (truth, only_countable(*instances_of_classes(p, settings, stuff), stuff))
        for truth, p in zip(truths, probabilities, strict=True)
    )


def _mean_ap(
    truths: Sequence[LabelArray],
    probabilities: Sequence[Probabilities],
    settings: Postprocessing,
    stuff: Sequence[int],
) -> float:
    matrices = [
        iou_matrix(truth, instances_from_probability(countable_probability(p, stuff), settings))
        for truth, p in zip(truths, probabilities, strict=True)
    ]
    return float(np.mean([match_counts(m, iou).ap for m in matrices for iou in _TUNING_IOUS]))
