"""Labels for the screen: the same as reading each pixel, or a neighbour less than a step away."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.document import Document
from unet_studio.core.geometry import Rect
from unet_studio.core.label_pyramid import LabelPyramid
from unet_studio.core.regions import rectangle

SIDE = 5000
rects = st.builds(
    lambda t, x, h, w: Rect(t, x, t + h, x + w),
    st.integers(-50, SIDE), st.integers(-50, SIDE), st.integers(1, 900), st.integers(1, 900),
)  # fmt: skip
views = st.tuples(st.floats(-800, SIDE), st.floats(-800, SIDE), st.floats(0.02, 40), st.integers(2, 60))


def draw(document: Document, rect: Rect, number: int) -> None:
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(rect), number)
    document.finish_stroke()


def positions(start: float, step: float, count: int) -> np.ndarray:
    return np.floor(start + step * (np.arange(count) + 0.5)).astype(np.intp)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(rects, views), min_size=1, max_size=6))
def test_a_sample_is_the_label_of_a_pixel_less_than_a_step_away(
    steps: list[tuple[Rect, tuple[float, float, float, int]]],
) -> None:
    document = Document(SIDE, SIDE)
    pyramid = LabelPyramid(document.labels, document.bounds)
    dense = np.zeros((SIDE, SIDE), np.int32)
    for number, (rect, (top, left, step, count)) in enumerate(steps, 1):
        draw(document, rect, number)
        pyramid.forget(rect)
        inside = rect.intersect(document.bounds)
        if not inside.is_empty:
            dense[inside.slices] = number
        rows, cols = positions(top, step, count), positions(left, step, count)
        found, is_complete = pyramid.sample(rows, cols)
        assert is_complete
        reach = int(np.ceil(step))
        for i in range(0, count, 7):
            for j in range(0, count, 5):
                near = dense[
                    max(0, rows[i] - reach) : max(0, rows[i] + reach + 1),
                    max(0, cols[j] - reach) : max(0, cols[j] + reach + 1),
                ]
                outside = not document.bounds.contains_point(rows[i], cols[j])
                assert found[i, j] in near or (outside and found[i, j] == 0)


def test_an_unfinished_sample_says_so_and_is_complete_after_some_more() -> None:
    document = Document(8192, 8192)
    rng = np.random.default_rng(0)
    for number, (y, x) in enumerate(rng.integers(0, 8100, (600, 2)).tolist(), 1):
        draw(document, Rect(y, x, y + 60, x + 60), number)
    pyramid = LabelPyramid(document.labels, document.bounds)
    rows = positions(0, 8, 1024)
    tries = 1
    while not (answer := pyramid.sample(rows, rows, budget_s=0))[1]:
        tries += 1
    assert 2 <= tries <= 20
    assert (answer[0] == document.labels.sample(rows // 4 * 4 + 2, rows // 4 * 4 + 2)).mean() > 0.99


def test_samples_less_than_two_pixels_apart_are_exact() -> None:
    document = Document(700, 900)
    draw(document, Rect(10, 20, 333, 555), 7)
    rows, cols = positions(3.3, 1.7, 200), positions(-20, 1.7, 300)
    found, _ = LabelPyramid(document.labels, document.bounds).sample(rows, cols)
    assert (found == document.labels.sample(rows, cols)).all()
