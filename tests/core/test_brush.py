import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.brush import stroke_segment
from unet_studio.core.geometry import PixelPoint, Rect

PLANE = Rect.of_size(60, 80)
points = st.builds(PixelPoint, st.floats(-10, 70), st.floats(-10, 90))


@given(points, points, st.floats(1, 30))
def test_a_stroke_covers_the_pixels_within_its_radius_of_the_line(
    start: PixelPoint, end: PixelPoint, diameter: float
) -> None:
    stroke = stroke_segment(start, end, diameter_px=diameter, within=PLANE)
    covered = np.zeros(PLANE.shape, bool)
    if not stroke.rect.is_empty:
        covered[stroke.rect.slices] = stroke.mask
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


def test_a_brush_of_one_pixel_marks_the_pixel_under_its_tip() -> None:
    at = PixelPoint(10.95, 20.05)
    stroke = stroke_segment(at, at, diameter_px=1, within=PLANE)
    covered = np.zeros(PLANE.shape, bool)
    covered[stroke.rect.slices] = stroke.mask
    assert np.argwhere(covered).tolist() == [[10, 20]]


def test_a_stroke_outside_the_plane_covers_nothing() -> None:
    at = PixelPoint(-50, -50)
    assert stroke_segment(at, at, diameter_px=10, within=PLANE).rect.is_empty
