"""Confusion matrix, IoU, Dice and accuracy against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from unet_studio.segmentation.pixel_scores import confusion_matrix, pixel_scores


@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
def test_every_figure_is_scikit_learns(seed: int, classes: int, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    true, pred = rng.integers(0, classes, (2, 9, 11))
    if rng.random() < 0.3:
        true[true == classes - 1] = 0
        pred[pred == classes - 1] = 0
    counted = rng.random((9, 11)) < 0.7 if masked else None
    ours = confusion_matrix(true, pred, classes=classes, counted=counted)
    t, p = (true.ravel(), pred.ravel()) if counted is None else (true[counted], pred[counted])
    names = range(classes)
    assert (ours == metrics.confusion_matrix(t, p, labels=names)).all()
    scores = pixel_scores(ours)
    present = [k for k in names if (t == k).any() or (p == k).any()]
    iou = metrics.jaccard_score(t, p, labels=names, average=None, zero_division=0)
    dice = metrics.f1_score(t, p, labels=names, average=None, zero_division=0)
    for k in names:
        if k in present:
            assert scores.iou[k] == pytest.approx(iou[k])
            assert scores.dice[k] == pytest.approx(dice[k])
        else:
            assert np.isnan(scores.iou[k])
    known = [iou[k] for k in present if k > 0]
    assert scores.mean_iou == pytest.approx(np.mean(known) if known else 1.0)
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(t, p))
    known = [dice[k] for k in present if k > 0]
    assert scores.mean_dice == pytest.approx(np.mean(known) if known else 1.0)


def test_nothing_to_compare_is_no_error() -> None:
    empty = np.zeros((3, 3), int)
    nothing = confusion_matrix(empty, empty, classes=2, counted=np.zeros((3, 3), bool))
    assert pixel_scores(nothing).accuracy == 1.0
    assert pixel_scores(nothing).mean_dice == 1.0
