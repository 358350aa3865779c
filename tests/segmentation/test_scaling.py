"""Physical size: an image is seen at the pixel size the model learnt at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.segmentation.scaling import (
    Objects,
    common_pixel_size,
    rescaled,
    rescaled_labels,
    scale_by_objects,
    scale_by_pixel_size,
    scale_of_seen_objects,
    scale_of_wide_objects,
)


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_image_gets_the_models_pixels_within_limits(model_um: float, image_um: float) -> None:
    scale = scale_by_pixel_size(model_um, image_um)
    assert scale is not None
    assert 1 / 16 <= scale <= 8
    if 1.25 < image_um / model_um < 8 or 1 / 16 < image_um / model_um < 0.8:
        assert image_um / scale == pytest.approx(model_um)


def test_a_model_that_sees_its_images_at_a_sixteenth_predicts_on_them_at_a_sixteenth() -> None:
    assert scale_by_pixel_size(1.6, 0.1, usual=1 / 16) == 1 / 16
    assert scale_by_pixel_size(0.5, 0.45, usual=0.9) == 0.9


def test_nothing_is_scaled_where_a_size_is_unknown_or_about_the_same() -> None:
    assert scale_by_pixel_size(None, 0.5) is scale_by_pixel_size(0.5, None) is None
    assert scale_by_pixel_size(0.5, 0.55) == scale_by_pixel_size(0.55, 0.5) == 1.0


def test_scaling_there_and_back_keeps_smooth_values_and_places() -> None:
    y, x = np.mgrid[:60, :80].astype(np.float32) / 20
    plane = np.stack([np.sin(y + x), np.cos(x)], axis=2)
    there = rescaled(plane, (120, 160))
    assert there.shape == (120, 160, 2)
    assert np.abs(rescaled(there, (60, 80)) - plane).max() < 0.03


def test_a_common_size_is_one_that_all_have() -> None:
    assert common_pixel_size([0.5, 0.52, 0.5]) == 0.5
    assert common_pixel_size([0.5, None]) is None
    assert common_pixel_size([0.5, 1.0]) is None
    assert common_pixel_size([]) is None


@given(st.floats(1, 2000), st.floats(5, 80), st.sampled_from([1.0, 0.5, 0.25]))
def test_objects_come_out_as_wide_as_the_models_but_are_never_enlarged(
    width: float, model_px: float, usual: float
) -> None:
    scale = scale_by_objects(width, model_px, usual)
    assert 1 / 16 <= scale <= 1
    if scale != usual and 1 / 16 < scale < 1:
        assert 2**-0.5 * 0.999 <= width * scale / model_px <= 2**0.5 * 1.001
    if scale == usual and model_px / 1 < width < 16 * model_px:
        assert 0.5 < width * scale / model_px < 2.4


def test_the_width_of_objects_is_the_median_over_all_images() -> None:
    one, other = np.zeros((40, 40), np.int32), np.zeros((40, 40), np.int32)
    one[:4, :4], one[10:20, 10:20] = 1, 7
    other[5:25, 5:25] = 3
    assert Objects.of(one, other) == Objects(3, 10.0)
    other[0, 0] = 2_000_000_000
    assert Objects.of(other) == Objects(2, 10.5), "ids may be any numbers"
    assert Objects.of(np.zeros((4, 4), np.int32)) == Objects.of() == Objects(0, 0.0)


def test_labels_of_another_size_keep_ids_and_places() -> None:
    labels = np.zeros((100, 60), np.int32)
    cv2.circle(labels, (30, 50), 20, 9, -1)
    smaller = rescaled_labels(labels, (50, 30))
    assert set(np.unique(smaller)) == {0, 9}
    assert (smaller == labels[1::2, 1::2]).all()
    assert (rescaled_labels(smaller > 0, (100, 60)) != (labels > 0)).mean() < 0.03


def eye(true_px: float, count: int, *, sees: tuple[float, float] = (4.4, 60.0)):
    """Finds objects that are so wide in the image where they come out as wide as it can see."""

    def look(scale: float) -> Objects:
        width = true_px * scale
        if width < sees[0]:
            return Objects(0, 0.0)
        if width > sees[1]:
            return Objects(count * 5, 15.0)  # In pieces.
        return Objects(count, width)

    return look


@pytest.mark.parametrize("true_px", [20, 36, 45, 60, 90, 150, 300])
def test_wide_objects_are_found_where_two_sizes_agree(true_px: float) -> None:
    scale = scale_of_wide_objects(eye(true_px, 10), (2000, 2000), 21.0, 1.0)
    if true_px < 36:
        assert scale is None
    else:
        assert scale is not None
        assert 11 < true_px * scale < 2.4 * 21


def test_what_runs_together_far_away_is_no_wide_object() -> None:
    def look(scale: float) -> Objects:
        return Objects(4, 12.0) if scale <= 1 / 8 else Objects(80, 5.0)

    assert scale_of_wide_objects(look, (2000, 2000), 21.0, 1.0) is None
    few = eye(200, 2)
    assert scale_of_wide_objects(few, (2000, 2000), 21.0, 1.0) is None, "two could be anything"


def test_a_model_that_sees_images_small_sees_narrow_cells_at_their_own_size() -> None:
    assert scale_of_seen_objects(Objects(40, 20.0), 21.0, 0.25) == 1.0
    assert scale_of_seen_objects(Objects(40, 90.0), 21.0, 0.25) == 0.25
    assert scale_of_seen_objects(Objects(2, 20.0), 21.0, 0.25) is None
    assert scale_of_seen_objects(Objects(9, 20.0), 21.0, 1.0) == 1.0


@pytest.mark.parametrize("width", [3.0, 11.0, 55.0])
def test_specks_and_crumbs_tell_no_scale(width: float) -> None:
    assert scale_of_seen_objects(Objects(40, width), 21.0, 1.0) is None
