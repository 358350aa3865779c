import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.geometry import Rect
from unet_studio.segmentation.overlap_tile import TilePlan, mirror_pad, predict_tiled

plans = st.builds(
    TilePlan,
    height=st.integers(1, 130),
    width=st.integers(1, 130),
    tile_px=st.integers(1, 90),
    context_px=st.integers(0, 40),
    edge_px=st.integers(0, 20),
    multiple=st.sampled_from([1, 2, 8, 16]),
)


@settings(deadline=None)
@given(plans)
def test_reading_every_tile_and_writing_it_back_gives_the_image(plan: TilePlan) -> None:
    image = np.random.default_rng(0).random((plan.height, plan.width, 1)).astype(np.float32)
    out = np.full((plan.height, plan.width), np.nan, np.float32)
    tiles: list[Rect] = []

    def predict(window: np.ndarray) -> np.ndarray:
        assert window.shape[0] % plan.multiple == 0
        assert window.shape[1] % plan.multiple == 0
        return window[:, :, 0]

    predict_tiled(plan, lambda rect: image[rect.slices], predict, out, tiles.append)
    assert (out == image[:, :, 0]).all()
    assert len(tiles) == len(plan)
    assert sum(tile.area for tile in tiles) == image.size, "tiles overlap"


@settings(deadline=None)
@given(plans)
def test_a_filter_sees_the_same_neighbourhood_however_the_plane_is_cut(plan: TilePlan) -> None:
    """A box filter of the context's reach equals the one over the mirror-extended whole plane."""
    image = np.random.default_rng(1).random((plan.height, plan.width, 1)).astype(np.float32)
    reach = min(plan.context_px, plan.edge_px)
    kernel = (2 * reach + 1, 2 * reach + 1)

    def box(window: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(window[:, :, 0].astype(np.float64), -1, kernel, borderType=cv2.BORDER_ISOLATED)

    out = np.empty((plan.height, plan.width), np.float32)
    predict_tiled(plan, lambda rect: image[rect.slices], box, out)
    whole = box(mirror_pad(image, (reach,) * 4))[reach : reach + plan.height, reach : reach + plan.width]
    np.testing.assert_allclose(out, whole, atol=1e-5)


@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 30))
def test_mirroring_equals_numpys_reflection(size: int, before: int, after: int) -> None:
    row = np.arange(size, dtype=np.float32).reshape(1, size, 1)
    expected = np.pad(row, ((0, 0), (before, after), (0, 0)), "reflect" if size > 1 else "edge")
    assert (mirror_pad(row, (0, 0, before, after)) == expected).all()
