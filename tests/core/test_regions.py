"""Polygons against an independent winding number, whole and in parts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.regions import Polygon

PLANE = Rect.of_size(24, 30)
# Corners off the pixel centres: on a rim either answer is right.
corners = st.lists(
    st.builds(PixelPoint, st.integers(-40, 280).map(lambda v: v / 9), st.integers(-40, 320).map(lambda v: v / 9)),
    min_size=3,
    max_size=9,
)  # fmt: skip


def winding(points: list[PixelPoint], y: float, x: float) -> float:
    """Turns of the closed line around a point, by adding up angles."""
    total = 0.0
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        before, after = complex(a.x - x, a.y - y), complex(b.x - x, b.y - y)
        if abs(before) < 1e-9 or abs(after) < 1e-9:
            return math.nan
        turn = after / before
        if abs(turn.imag) < 1e-9 and turn.real < 0:
            return math.nan  # On an edge.
        total += math.atan2(turn.imag, turn.real)
    return total / (2 * math.pi)


@given(corners)
def test_a_polygon_covers_the_pixels_its_line_goes_around(points: list[PixelPoint]) -> None:
    covered = Polygon.around(points).mask(PLANE)
    for y in range(0, PLANE.height, 3):
        for x in range(0, PLANE.width, 2):
            turns = winding(points, y + 0.5, x + 0.5)
            if not math.isnan(turns):
                assert covered[y, x] == (round(turns) != 0), (y, x)


@given(corners, st.integers(-5, 20), st.integers(-5, 25), st.integers(1, 12), st.integers(1, 12))
def test_a_part_of_a_polygon_is_the_part_of_the_whole(
    points: list[PixelPoint], top: int, left: int, height: int, width: int
) -> None:
    polygon = Polygon.around(points)
    part = Rect(top, left, top + height, left + width)
    large = Rect(-20, -20, 60, 60)
    assert (polygon.mask(part) == polygon.mask(large)[part.shift(20, 20).slices]).all()
    assert polygon.mask(large).sum() == polygon.mask(polygon.rect).sum()


@pytest.mark.parametrize(
    "points",
    [[], [PixelPoint(3, 3)], [PixelPoint(3, 3), PixelPoint(9, 9)], [PixelPoint(3, x) for x in (1, 5, 9)]],
)
def test_a_line_without_area_covers_nothing(points: list[PixelPoint]) -> None:
    polygon = Polygon.around(points)
    assert not polygon.mask(PLANE).any()
    assert not polygon.mask(polygon.rect).any()
