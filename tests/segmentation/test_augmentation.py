import msgspec
import numpy as np
import pytest

from tests.conftest import discs
from unet_studio.segmentation.augmentation import (
    jitter_stain,
    light_unevenly,
    random_warp,
    restain,
    vary_grey_values,
)
from unet_studio.segmentation.stains import stains_of
from unet_studio.settings.training import Augmentation

STILL = Augmentation(elastic_sigma_px=0, rotate=False, flip=False, scale=1.0, grey=0, noise=0, blur=0)


def test_without_any_warp_the_patch_is_the_crop() -> None:
    image = np.random.default_rng(0).random((90, 100, 2)).astype(np.float32)
    warp = random_warp(np.random.default_rng(1), STILL, centre=(39.5, 49.5), side_px=32)
    np.testing.assert_allclose(warp.image(image), image[24:56, 34:66], atol=1e-6)


def test_image_and_labels_move_together() -> None:
    labels = discs((200, 200), (100, 100, 30), (60, 150, 25), (150, 60, 25))
    image = (labels > 0).astype(np.float32)[:, :, None]
    for seed in range(10):
        warp = random_warp(np.random.default_rng(seed), Augmentation(), centre=(100, 100), side_px=128)
        disagree = (warp.image(image)[:, :, 0] > 0.5) != (warp.labels(labels) > 0)
        assert disagree.mean() < 0.01
        assert set(np.unique(warp.labels(labels))) <= set(np.unique(labels)), "labels were mixed"


def test_the_elastic_displacements_have_the_papers_spread_and_are_smooth() -> None:
    only_elastic = Augmentation(elastic_sigma_px=10, rotate=False, flip=False, scale=1.0, grey=0)
    rest = random_warp(np.random.default_rng(0), STILL, centre=(128, 128), side_px=256)
    moved = []
    for seed in range(200):
        warp = random_warp(np.random.default_rng(seed), only_elastic, centre=(128, 128), side_px=256)
        moved.append(warp.y - rest.y)
        assert np.abs(np.diff(warp.y - rest.y, axis=1)).max() < 1.0
    assert np.std([field[42, 42] for field in moved]) == pytest.approx(10, rel=0.25)


def test_the_same_seed_gives_the_same_patch() -> None:
    image = np.random.default_rng(0).random((90, 100, 3)).astype(np.float32)
    settings = Augmentation(invert=0.5, to_grey=0.5, mix_channels=0.5)

    def patch() -> np.ndarray:
        rng = np.random.default_rng(5)
        return vary_grey_values(
            rng, random_warp(rng, settings, centre=(40, 40), side_px=32).image(image), settings
        )

    assert (patch() == patch()).all()


def test_an_unwarped_patch_holds_the_images_own_pixels_flipped_and_turned() -> None:
    image = np.random.default_rng(0).random((90, 100, 1)).astype(np.float32)
    settings = Augmentation(unwarped=1.0)
    seen = set()
    for seed in range(40):
        for side in (32, 33):
            warp = random_warp(np.random.default_rng(seed), settings, centre=(40, 51.5), side_px=side)
            patch = warp.image(image)[:, :, 0]
            # Every pixel is one of the image's, and neighbours stay neighbours.
            np.testing.assert_array_equal(patch, image[warp.y.astype(int), warp.x.astype(int), 0])
            steps = np.abs(np.diff(warp.y, axis=0)) + np.abs(np.diff(warp.x, axis=0))
            assert (steps == 1).all()
            assert abs(float(warp.y.mean()) - 40) <= 1
            assert abs(float(warp.x.mean()) - 51.5) <= 1
            seen.add((float(warp.y[0, 0] - warp.y[1, 0]), float(warp.x[0, 0] - warp.x[0, 1])))
    assert len(seen) > 3


def test_uneven_light_is_a_ramp_that_leaves_the_middle_as_it_is() -> None:
    image = np.full((65, 65, 2), 0.5, np.float32)
    steepest = 0.0
    for seed in range(30):
        lit = light_unevenly(np.random.default_rng(seed), image, strength=0.4)
        assert lit.dtype == np.float32
        np.testing.assert_array_equal(lit[:, :, 0], lit[:, :, 1])
        assert lit[32, 32, 0] == pytest.approx(0.5, abs=1e-6)
        np.testing.assert_allclose(np.diff(lit[:, :, 0], 2, axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(np.diff(lit[:, :, 0], 2, axis=1), 0, atol=1e-5)
        # No more than both ramps at their steepest, from corner to corner.
        steepest = max(steepest, float(np.ptp(lit)))
    assert 0.2 < steepest <= 0.4 * 1.5 * np.sqrt(2)


def test_grey_value_changes_keep_shape_and_stay_finite() -> None:
    settings = Augmentation(grey=1.0, invert=0.5, to_grey=0.5, mix_channels=0.5)
    image = np.random.default_rng(0).uniform(-0.5, 3, (40, 40, 3)).astype(np.float32)
    for seed in range(50):
        out = vary_grey_values(np.random.default_rng(seed), image, settings)
        assert out.shape == image.shape
        assert out.dtype == np.float32
        assert np.isfinite(out).all()


def test_labels_of_any_size_are_copied_bit_for_bit() -> None:
    ids = np.array([0, 1, 70_000, 2**24 + 1, 2**31 - 1, 0x7F80_0001, 0x7FC0_0000], np.int32)
    labels = np.random.default_rng(0).choice(ids, (50, 60)).astype(np.int32)
    warp = random_warp(np.random.default_rng(1), STILL, centre=(24.5, 29.5), side_px=20)
    assert (warp.labels(labels) == labels[15:35, 20:40]).all()
    mask = labels > 1
    assert warp.mask(mask).dtype == bool
    assert (warp.mask(mask) == mask[15:35, 20:40]).all()


def test_shifts_stay_within_their_bound() -> None:
    settings = msgspec.structs.replace(STILL, shift_px=7)
    rest = random_warp(np.random.default_rng(0), STILL, centre=(50, 50), side_px=8)
    moved = [
        random_warp(np.random.default_rng(s), settings, centre=(50, 50), side_px=8).y - rest.y
        for s in range(200)
    ]
    assert max(np.abs(m).max() for m in moved) <= 7
    assert np.std([m[0, 0] for m in moved]) == pytest.approx(14 / 12**0.5, rel=0.2)


@pytest.mark.parametrize("name", ["noise", "blur", "stain", "grey"])
def test_every_strength_works_alone_and_zero_changes_nothing(name: str) -> None:
    image = np.random.default_rng(0).uniform(0.1, 0.9, (40, 40, 3)).astype(np.float32)
    still = vary_grey_values(np.random.default_rng(0), image, STILL)
    assert (still == image).all()
    strong = msgspec.structs.replace(STILL, **{name: 1.0})
    changed = [vary_grey_values(np.random.default_rng(s), image, strong) for s in range(20)]
    assert any(np.abs(c - image).max() > 0.01 for c in changed)


def test_stain_jitter_of_no_strength_gives_the_image_back_and_white_stays_bright() -> None:
    image = np.random.default_rng(0).uniform(0.05, 1.0, (30, 30, 3)).astype(np.float32)
    np.testing.assert_allclose(jitter_stain(np.random.default_rng(1), image, strength=0.0), image, atol=1e-4)
    white = np.ones((8, 8, 3), np.float32)
    assert jitter_stain(np.random.default_rng(1), white, strength=1.0).min() > 0.8


def test_bright_cells_on_black_become_a_dye_on_white() -> None:
    grey = np.zeros((8, 8, 3), np.float32)
    grey[2:6, 2:6] = 1.0
    out = restain(np.random.default_rng(1), grey)
    np.testing.assert_allclose(out[0, 0], 1.0)
    assert out[3, 3].max() < 1.0
    assert np.ptp(out[3, 3]) > 0.05  # It has a colour.


def test_in_other_dyes_white_stays_white_and_what_was_darker_stays_darker() -> None:
    dark, pale = np.array([0.3, 0.2, 0.5], np.float32), np.array([0.7, 0.6, 0.8], np.float32)
    image = np.stack([np.ones((4, 3), np.float32), np.tile(dark, (4, 1)), np.tile(pale, (4, 1))], axis=1)
    for seed in range(20):
        out = restain(np.random.default_rng(seed), image)
        np.testing.assert_allclose(out[:, 0], 1.0, atol=1e-5)
        assert out[0, 1].sum() < out[0, 2].sum() < 3.0


def test_stains_separate_as_scikit_image_separates_them() -> None:
    from skimage.color import rgb2hed

    image = np.random.default_rng(0).uniform(0.05, 1.0, (10, 10, 3))

    ours = stains_of(image.astype(np.float32))
    theirs = rgb2hed(image)
    # The same three directions, each in another unit.
    for stain in range(3):
        ratio = ours[..., stain] / np.where(np.abs(theirs[..., stain]) < 1e-6, np.nan, theirs[..., stain])
        assert np.nanstd(ratio[theirs[..., stain] > 0.02]) < 0.02 * abs(
            np.nanmean(ratio[theirs[..., stain] > 0.02])
        )
