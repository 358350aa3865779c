import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.brush import Capsule
from unet_studio.core.geometry import PixelPoint, Rect, tile_rect, tiles_covering

PLANE = Rect.of_size(60, 80)
points = st.builds(PixelPoint, st.floats(-10, 70), st.floats(-10, 90))
far_points = st.builds(PixelPoint, st.floats(-300, 3000), st.floats(-300, 3000))


@given(points, points, st.floats(1, 30))
def test_a_stroke_covers_the_pixels_within_its_radius_of_the_line(
    start: PixelPoint, end: PixelPoint, diameter: float
) -> None:
    covered = Capsule(start, end, diameter).mask(PLANE)
    y, x = np.mgrid[:60, :80] + 0.5
    direction = complex(end.y - start.y, end.x - start.x)
    place = (y - start.y) + 1j * (x - start.x)
    along = np.clip((place * np.conj(direction)).real / max(abs(direction) ** 2, 1e-12), 0, 1)
    distance = np.abs(place - along * direction)
    tip = np.zeros(PLANE.shape, bool)
    if PLANE.contains_point(end.y, end.x):
        tip[int(end.y), int(end.x)] = True
    assert covered[distance < diameter / 2 - 0.01].all(), "a gap in the stroke"
    assert not covered[(distance > diameter / 2 + 0.01) & ~tip].any(), "the stroke is too wide"


@given(far_points, far_points, st.floats(1, 700))
def test_the_tiles_of_a_stroke_hold_all_of_it(start: PixelPoint, end: PixelPoint, diameter: float) -> None:
    plane = Rect.of_size(2600, 2900)
    capsule = Capsule(start, end, diameter)
    named = set(capsule.tiles(plane))
    assert named <= set(tiles_covering(plane))
    for index in set(tiles_covering(plane)) - named:
        assert not capsule.mask(tile_rect(index).intersect(plane)).any(), f"{index} was left out"


@given(points, points, st.floats(1, 30), st.integers(0, 50), st.integers(0, 70))
def test_a_part_of_a_stroke_is_the_part_of_the_whole(
    start: PixelPoint, end: PixelPoint, diameter: float, top: int, left: int
) -> None:
    capsule, part = Capsule(start, end, diameter), Rect(top, left, top + 10, left + 9)
    whole = capsule.mask(PLANE)
    inside = part.intersect(PLANE)
    piece = capsule.mask(inside)
    # The same pixels but for rounding exactly on the rim.
    assert (piece != whole[inside.slices]).sum() <= 1


def test_a_stroke_across_a_whole_slide_touches_the_tiles_along_its_line_only() -> None:
    plane = Rect.of_size(80_000, 100_000)
    capsule = Capsule(PixelPoint(0, 0), PixelPoint(80_000, 100_000), 50)
    touched = sum(1 for _ in capsule.tiles(plane))
    assert touched < 1500, "a line of 128,000 px crosses about 700 tiles of 256 px; the rectangle has 122,000"


def test_a_brush_of_one_pixel_marks_the_pixel_under_its_tip() -> None:
    at = PixelPoint(10.95, 20.05)
    assert np.argwhere(Capsule(at, at, 1).mask(PLANE)).tolist() == [[10, 20]]


@pytest.mark.parametrize("at", [PixelPoint(-50, -50), PixelPoint(1e9, 1e9)])
def test_a_stroke_outside_the_plane_has_no_tile(at: PixelPoint) -> None:
    assert not list(Capsule(at, at, 10).tiles(PLANE))


@given(points, points, points, st.floats(1, 40))
def test_continuing_a_stroke_covers_the_same_as_drawing_it_anew(
    a: PixelPoint, b: PixelPoint, c: PixelPoint, diameter: float
) -> None:
    first = Capsule(a, b, diameter).mask(PLANE)
    anew, continued = Capsule(b, c, diameter), Capsule(b, c, diameter, continues=True)
    assert ((first | anew.mask(PLANE)) == (first | continued.mask(PLANE))).all()
    assert not (continued.mask(PLANE) & ~anew.mask(PLANE)).any()


def test_continuing_with_a_huge_brush_leaves_out_the_tiles_it_has_covered() -> None:
    plane = Rect.of_size(6000, 6000)
    step = Capsule(PixelPoint(3000, 3000), PixelPoint(3000, 3020), 2000, continues=True)
    whole = Capsule(PixelPoint(3000, 3000), PixelPoint(3000, 3020), 2000)
    assert len(list(step.tiles(plane))) < len(list(whole.tiles(plane))) * 0.6
