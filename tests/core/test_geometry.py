from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.geometry import Rect, tile_rect, tiles_covering

coordinates = st.integers(-600, 600)
rects = st.builds(Rect, coordinates, coordinates, coordinates, coordinates)


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return {(y, x) for y in range(rect.top, rect.bottom) for x in range(rect.left, rect.right)}


small = st.integers(-6, 6)
small_rects = st.builds(Rect, small, small, small, small)


@given(small_rects, small_rects)
def test_intersect_union_and_subtract_agree_with_sets_of_pixels(a: Rect, b: Rect) -> None:
    assert pixels(a.intersect(b)) == pixels(a) & pixels(b)
    assert pixels(a.union(b)) >= pixels(a) | pixels(b)
    parts = a.subtract(b)
    assert set().union(*map(pixels, parts)) == pixels(a) - pixels(b)
    assert sum(part.area for part in parts) == len(pixels(a) - pixels(b)), "the parts overlap"
    assert a.area == len(pixels(a))


@given(rects)
def test_the_tiles_of_a_rect_are_exactly_those_that_meet_it(rect: Rect) -> None:
    found = list(tiles_covering(rect))
    assert len(set(found)) == len(found)
    assert sum(tile_rect(index).intersect(rect).area for index in found) == rect.area
    assert all(not tile_rect(index).intersect(rect).is_empty for index in found)
