"""Post-processing is tuned on validation images: to what suits them, never to something worse."""

from __future__ import annotations

import cv2
import numpy as np

from tests.conftest import discs
from unet_studio.settings.prediction import Postprocessing
from unet_studio.unet.validation import score_instances, tune_postprocessing


def blurred(labels: np.ndarray, top: float) -> np.ndarray:
    """Probabilities whose instances run into each other: softened, `top` inside."""
    return cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 2.5)[:, :, None] * top


def test_the_settings_are_those_that_part_what_touches() -> None:
    # Pairs with a gap of one pixel: between them the probability stays above a half.
    labels = discs((120, 120), (30, 30, 12), (30, 56, 12), (80, 40, 12), (80, 66, 12))
    probability = blurred(labels, 1.0)
    start = Postprocessing(seed_threshold=0.55, threshold=0.5)
    before = score_instances([labels], [probability], start)
    assert before.merges > 0
    settings, scores = tune_postprocessing([labels], [probability], start)
    assert settings.seed_threshold > 0.55
    assert scores.merges == 0
    assert scores == score_instances([labels], [probability], settings)
    assert scores.ap50 == 1


def test_settings_that_nothing_beats_stay_as_they_are() -> None:
    labels = discs((120, 120), (30, 30, 12), (80, 80, 14))
    start = Postprocessing(seed_threshold=0.83, threshold=0.47, grow_px=0)
    settings, _ = tune_postprocessing([labels], [(labels > 0).astype(np.float32)[:, :, None]], start)
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
