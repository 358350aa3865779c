import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.geometry import Rect

side = st.integers(0, 12)
rects = st.builds(lambda t, x, h, w: Rect(t, x, t + h, x + w), side, side, side, side)
PLANE = Rect.of_size(24, 24)


@given(st.lists(st.tuples(st.booleans(), rects), max_size=12))
def test_adding_and_removing_rectangles_equals_a_plain_mask(steps: list[tuple[bool, Rect]]) -> None:
    area, mask = CheckedArea(), np.zeros(PLANE.shape, bool)
    for add, rect in steps:
        area = area.add(rect) if add else area.remove(rect)
        mask[rect.slices] = add
        assert (area.mask(PLANE) == mask).all()
        assert sum(part.area for part in area.rects) == mask.sum(), "the rectangles overlap"
        assert area.covers(rect) == bool(mask[rect.slices].all())
