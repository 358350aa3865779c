"""Post-processing is tuned on validation images: to what suits them, never to something worse."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from tests.conftest import discs
from tests.segmentation.test_joining import ALWAYS, dumbbells
from unet_studio.settings.prediction import Postprocessing
from unet_studio.unet import tuning
from unet_studio.unet.tuning import joining_learnt_from, score_instances, tune_postprocessing


def blurred(labels: np.ndarray, top: float) -> np.ndarray:
    """Probabilities whose instances run into each other: softened, `top` inside."""
    return cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 2.5)[:, :, None] * top


def test_the_settings_are_those_that_part_what_touches() -> None:
    # Pairs with a gap of one pixel: between them the probability stays above a half.
    labels = discs((120, 120), (30, 30, 12), (30, 56, 12), (80, 40, 12), (80, 66, 12))
    probability = blurred(labels, 1.0)
    start = Postprocessing(seed_threshold=0.55, threshold=0.5)
    truths, probabilities = [labels] * 5, [probability] * 5
    before = score_instances(truths, probabilities, start)
    assert before.merges > 0
    settings, scores = tune_postprocessing(truths, probabilities, start)
    assert settings.seed_threshold > 0.55
    assert scores.merges == 0
    assert scores == score_instances(truths, probabilities, settings)
    assert scores.ap50 == 1


def test_four_images_are_too_few_to_choose_thresholds_by() -> None:
    labels = discs((120, 120), (30, 30, 12), (30, 56, 12), (80, 40, 12), (80, 66, 12))
    start = Postprocessing(seed_threshold=0.55, threshold=0.5)
    settings, _ = tune_postprocessing([labels] * 4, [blurred(labels, 1.0)] * 4, start)
    assert settings == start


def test_settings_that_nothing_beats_stay_as_they_are() -> None:
    labels = discs((120, 120), (30, 30, 12), (80, 80, 14))
    start = Postprocessing(seed_threshold=0.83, threshold=0.47, grow_px=0)
    settings, _ = tune_postprocessing([labels] * 5, [(labels > 0).astype(np.float32)[:, :, None]] * 5, start)
    assert settings == start


def test_an_image_of_many_cells_does_not_decide_for_all_others() -> None:
    # One crowd whose cells only come apart at a high seed threshold, four images that are lost there.
    crowd = discs((300, 300), *[(y, x, 6) for y in range(10, 290, 14) for x in range(10, 290, 14)])
    few = discs((100, 100), (30, 30, 14), (70, 70, 14))
    dim = few.copy().astype(np.float32) * 0
    dim[few > 0] = 0.65
    dim[30:32, 20:22] = dim[30:32, 38:40] = 0.95  # Above 0.8 each falls into two specks.
    truths = [crowd, few, few, few, few]
    probabilities = [blurred(crowd, 1.0), *[dim[:, :, None]] * 4]
    settings, _ = tune_postprocessing(truths, probabilities, Postprocessing(min_area_px=1))
    mine = [score_instances([t], [p], settings).ap50 for t, p in zip(truths, probabilities, strict=True)]
    assert min(mine[1:]) == 1


def cells(count: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Truths and probabilities (H, W, 1) of cells of two lobes among single ones that touch."""
    rng = np.random.default_rng(seed)
    truths, probabilities = zip(*(dumbbells(rng) for _ in range(count)), strict=True)
    return list(truths), [p[:, :, None] for p in probabilities]


def test_what_training_images_teach_about_joining_is_used_where_it_is_better_on_others() -> None:
    taught, seen = cells(8, seed=1)
    learnt = joining_learnt_from(taught, seen.__getitem__, 0.5)
    others, found = cells(3, seed=2)
    start = Postprocessing(threshold=0.5, seed_threshold=0.8)
    before = score_instances(others, found, start)
    settings, scores = tune_postprocessing(others, found, start, learnt)
    assert before.ap50 < 0.9
    assert scores.ap50 == 1
    assert settings.joining is not None
    assert (settings.threshold, settings.seed_threshold) == (0.5, 0.8)


def test_a_rule_for_joining_that_does_harm_is_dropped() -> None:
    # Of a start whose cells were others: here it makes one of all that touch.
    labels = discs((120, 120), (30, 30, 12), (30, 56, 12), (80, 40, 12), (80, 66, 12))
    others, found = [labels] * 2, [blurred(labels, 1.0)] * 2
    start = Postprocessing(seed_threshold=0.9, threshold=0.5, joining=ALWAYS)
    settings, scores = tune_postprocessing(others, found, start)
    assert settings.joining is None
    assert scores.ap50 == 1 > score_instances(others, found, start).ap50


def test_a_rule_for_joining_stays_where_the_seeds_are_better_by_chance_only() -> None:
    # Of two pairs alike one is a cell of two lobes: the rule makes each one, the seeds make each two.
    places = [(30, 20, 12), (30, 46, 12), (30, 90, 12), (30, 116, 12)]
    labels = discs((60, 500), *places, *[(30, x, 12) for x in range(160, 480, 36)])
    found = blurred(labels, 1.0)
    labels[labels == 4] = 3
    start = Postprocessing(seed_threshold=0.9, threshold=0.5, joining=ALWAYS)
    by_seeds = replace(start, joining=None)
    before, otherwise = (score_instances([labels], [found], way).ap50 for way in (start, by_seeds))
    assert before < otherwise < before + 0.1
    assert tune_postprocessing([labels], [found], start)[0] == start
    assert tune_postprocessing([labels] * 5, [found] * 5, start)[0].joining is None, "of many it goes"


def test_classes_that_are_not_countable_teach_nothing_about_joining() -> None:
    taught, seen = cells(8, seed=1)
    # The first class covers all around the cells.
    both = [np.concatenate([1 - p, p], axis=2) for p in seen]
    alone = joining_learnt_from(taught, seen.__getitem__, 0.5)
    assert alone is not None
    assert joining_learnt_from(taught, both.__getitem__, 0.5, stuff=(1,)) == alone


def test_of_many_images_only_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_MOST_PX", 5 * 300 * 300)
    taught, seen = cells(12, seed=1)
    looked_at = []

    def predict(index: int) -> np.ndarray:
        looked_at.append(index)
        return seen[index]

    joining_learnt_from(taught, predict, 0.5)
    assert len(set(looked_at)) == len(looked_at) == 5
