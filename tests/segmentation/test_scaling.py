"""Physical size: an image is seen at the pixel size the model learnt at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.segmentation.scaling import common_pixel_size, rescaled, scale_for_model


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_image_gets_the_models_pixels_within_a_factor_of_four(model_um: float, image_um: float) -> None:
    scale = scale_for_model(model_um, image_um)
    assert 0.25 <= scale <= 4
    if 1.25 < image_um / model_um < 4 or 0.25 < image_um / model_um < 0.8:
        assert image_um / scale == pytest.approx(model_um)


def test_nothing_is_scaled_where_a_size_is_unknown_or_about_the_same() -> None:
    assert scale_for_model(None, 0.5) == scale_for_model(0.5, None) == 1.0
    assert scale_for_model(0.5, 0.55) == scale_for_model(0.55, 0.5) == 1.0


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
