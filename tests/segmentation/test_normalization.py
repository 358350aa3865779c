import numpy as np
import pytest

from unet_studio.segmentation.normalization import adapt_channels, normalize
from unet_studio.settings.prediction import Normalization

SETTINGS = Normalization()


@pytest.fixture
def cells(rng: np.random.Generator) -> np.ndarray:
    image = rng.normal(100, 5, (200, 220))
    image[50:90, 60:110] += 80
    return np.clip(image, 0, 255)


def test_depth_offset_and_scale_of_the_grey_values_do_not_matter(cells: np.ndarray) -> None:
    reference = normalize(cells.astype(np.float32), SETTINGS)
    for other in (cells.astype(np.float64) * 200 + 3000, (cells * 1e-4).astype(np.float32) - 5):
        np.testing.assert_allclose(normalize(other, SETTINGS), reference, atol=1e-3)
    np.testing.assert_allclose(normalize((cells * 200).astype(np.uint16), SETTINGS), reference, atol=0.01)


def test_the_percentiles_become_zero_and_one(cells: np.ndarray) -> None:
    low, high = np.percentile(normalize(cells, SETTINGS), [1.0, 99.8])
    assert low == pytest.approx(0, abs=1e-5)
    assert high == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_a_constant_image_becomes_finite(value: int) -> None:
    assert np.isfinite(normalize(np.full((30, 30), value, np.uint16), SETTINGS)).all()


@pytest.mark.parametrize("value", [1e20, -3.4e38, 2.0**60, -1e-30])
def test_one_huge_value_everywhere_becomes_finite(value: float) -> None:
    out = normalize(np.full((30, 30), value, np.float32), SETTINGS)
    assert out.tolist() == np.zeros((30, 30, 1)).tolist()


def test_nan_and_infinity_become_zero_and_leave_the_rest_alone(cells: np.ndarray) -> None:
    spoiled = cells.astype(np.float32)
    spoiled[0, :3] = np.nan, np.inf, -np.inf
    out = normalize(spoiled, SETTINGS)
    assert out[0, :3, 0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(out[1:], normalize(cells, SETTINGS)[1:], atol=0.01)


def test_a_few_bright_cells_on_black_are_not_lost() -> None:
    image = np.zeros((400, 400), np.uint16)
    image[10:13, 10:13] = 4000
    assert normalize(image, SETTINGS).max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("have", "want", "said"),
    [(3, 1, "turned into one grey"), (5, 3, "Only the first 3"), (2, 3, "left black")],
)
def test_channels_are_adapted_and_it_is_said(have: int, want: int, said: str) -> None:
    adapted, note = adapt_channels(np.ones((4, 5, have), np.uint8), want)
    assert adapted.shape == (4, 5, want)
    assert said in str(note)


def test_the_right_number_of_channels_is_left_alone() -> None:
    plane = np.ones((4, 5, 3), np.uint8)
    adapted, note = adapt_channels(plane, 3)
    assert adapted is plane
    assert note is None
