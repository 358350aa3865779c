"""Which pixels teach, with what weight, and of which class."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import discs
from unet_studio.segmentation.patches import PatchMaker, Sample, class_weights, make_sample
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Normalization
from unet_studio.settings.training import Augmentation, BorderWeights, TrainConfig

CONFIG = TrainConfig(network=UNetConfig(in_channels=1, base_width=4, depth=2), patch_px=48)
STILL = Augmentation(elastic_sigma_px=0, rotate=False, flip=False, scale=1, grey=0, noise=0, blur=0)


def sample(checked: np.ndarray | None = None) -> Sample:
    labels = discs((80, 90), (20, 20, 8), (20, 37, 8), (60, 60, 12))
    return make_sample(labels * 10.0, labels, channels=1, normalization=Normalization(), checked=checked)


def test_pixels_that_nobody_checked_have_weight_zero_in_every_patch() -> None:
    checked = np.zeros((80, 90), bool)
    checked[:, :45] = True
    maker = PatchMaker([sample(checked)], msgspec.structs.replace(CONFIG, augmentation=STILL))
    for number in range(20):
        weight = maker.patch(number).weight
        assert (weight > 0).any()
    wide = PatchMaker([sample(checked)], msgspec.structs.replace(CONFIG, augmentation=STILL, patch_px=90))
    weight = wide.patch(0).weight
    assert not weight[:, 45:].any()
    assert weight[5:85, :45].all()


@given(st.integers(0, 50), st.integers(0, 1000))
def test_a_patch_depends_on_the_seed_and_its_number_alone(seed: int, number: int) -> None:
    config = msgspec.structs.replace(CONFIG, seed=seed)
    one, two = PatchMaker([sample()], config), PatchMaker([sample()], config)
    two.patch(number + 1)
    a, b = one.patch(number), two.patch(number)
    assert (a.image == b.image).all()
    assert (a.weight == b.weight).all()
    assert not np.array_equal(a.image, one.patch(number + 1).image)


def test_the_target_of_a_valid_network_lacks_its_margin() -> None:
    network = UNetConfig(in_channels=1, base_width=4, depth=2, padding="valid")
    config = msgspec.structs.replace(CONFIG, network=network, augmentation=STILL)
    patch, margin = PatchMaker([sample()], config).patch(0), network.margin_px
    side = network.fitting_size(48)
    assert patch.image.shape == (side, side, 1)
    assert patch.target.shape == patch.weight.shape == (side - 2 * margin,) * 2
    inner = patch.image[margin : side - margin, margin : side - margin, 0]
    assert ((inner > 0.01) == (patch.target > 0)).mean() > 0.98


def test_an_instance_is_of_the_class_most_of_its_pixels_have() -> None:
    labels = discs((40, 60), (20, 15, 10), (20, 45, 10)) * 100
    semantic = np.where(labels == 100, 2, np.where(labels == 200, 3, 0))
    semantic[18:22, 10:20] = 1
    semantic[0, 0] = 3  # On no instance: counts for nothing.
    one = make_sample(labels * 1.0, labels, channels=1, normalization=Normalization(), semantic=semantic)
    assert one.class_of.tolist() == [0, 2, 3]
    assert set(np.unique(one.semantic)) == {0, 2, 3}


def test_all_of_a_class_that_cannot_be_counted_is_one_instance_and_touches_without_a_seam() -> None:
    labels = np.zeros((30, 40), np.int32)
    labels[:, :10], labels[:, 10:20], labels[:, 20:30], labels[:, 32:] = 1, 2, 3, 4
    semantic = np.where(labels == 0, 0, np.where((labels == 1) | (labels == 4), 2, 1))
    one = make_sample(
        labels * 1.0, labels, channels=1, normalization=Normalization(), semantic=semantic, stuff=(2,)
    )
    ids = one.labels
    assert ids[5, 5] == ids[5, 35], "both vessels are one"
    assert (ids[:, 9] > 0).all(), "no seam to the vessel"
    assert (ids[:, 10] > 0).all()
    assert ((ids[:, 19] == 0) | (ids[:, 20] == 0)).all(), "but one between the two cells"


def test_class_weights_balance_all_classes_over_the_checked_pixels() -> None:
    labels = discs((40, 60), (20, 15, 10), (20, 45, 5))
    checked = np.zeros(labels.shape, bool)
    checked[:, :50] = True
    one = make_sample(
        labels * 1.0, labels, channels=1, normalization=Normalization(), semantic=labels, checked=checked
    )
    weights = class_weights([one], BorderWeights(), classes=4)
    counts = [np.count_nonzero(one.semantic[checked] == k) for k in range(4)]
    assert weights[0] * counts[0] == pytest.approx(weights[1] * counts[1])
    assert weights[2] * counts[2] == pytest.approx(weights[1] * counts[1])
    assert weights[3] == 1, "a class that never occurs"
    unbalanced = class_weights([one], BorderWeights(balance_classes=False), classes=4)
    assert unbalanced.tolist() == [1, 1, 1, 1]


def test_what_is_not_checked_changes_nothing_of_what_is() -> None:
    labels = np.zeros((40, 60), np.int32)
    labels[10:30, 10:30], labels[10:30, 30:50] = 1, 2
    semantic = np.where(labels == 1, 1, 0)
    semantic[10:30, 18:30] = 2
    checked = np.zeros(labels.shape, bool)
    checked[:, :18] = True
    kwargs = {"channels": 1, "normalization": Normalization(), "checked": checked}
    one = make_sample(labels * 1.0, labels, semantic=semantic, **kwargs)
    assert (one.labels[10:30, 10:18] > 0).all()
    assert one.class_of.tolist() == [0, 1], "its unchecked half has no vote"
    checked[:, :30] = True
    two = make_sample(labels * 1.0, labels, **kwargs)
    assert (two.labels[10:30, 29] > 0).all(), "no seam to what nobody checked"


@pytest.mark.parametrize("side", [33_000, 70_000])
def test_images_longer_than_opencv_can_warp_teach_too(side: int) -> None:
    labels = np.zeros((20, side), np.int32)
    labels[5:15, side - 60 : side - 30] = 1
    image = labels.astype(np.float32)[:, :, None]
    one = Sample(image, labels)
    config = msgspec.structs.replace(CONFIG, augmentation=STILL)
    patches = [PatchMaker([one], config).patch(n) for n in range(5)]
    assert all(((p.image[:, :, 0] > 0.5) == (p.target > 0)).all() for p in patches)


def test_a_label_image_without_background_keeps_all_its_instances() -> None:
    labels = np.ones((20, 20), np.int32)
    labels[:, 10:] = 7
    one = make_sample(np.zeros((20, 20)), labels, channels=1, normalization=Normalization())
    assert np.unique(one.labels).tolist() == [0, 1, 2]


def test_ids_above_16_bit_teach_like_any_others() -> None:
    labels = discs((40, 40), (10, 10, 5), (30, 30, 5)) * 1_000_000_007
    one = make_sample(np.zeros((40, 40)), labels, channels=1, normalization=Normalization())
    assert np.unique(one.labels).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("shape", "fill"), [((10, 500), 0), ((1, 1), 1), ((7, 7), 1), ((300, 20), 0)], ids=str
)
def test_images_smaller_than_a_patch_and_of_one_value_teach_without_harm(
    shape: tuple[int, int], fill: int
) -> None:
    labels = np.full(shape, fill, np.int32)
    one = make_sample(np.full(shape, 7.0), labels, channels=1, normalization=Normalization())
    patch = PatchMaker([one], CONFIG).patch(0)
    assert patch.image.shape == (48, 48, 1)
    assert np.isfinite(patch.image).all()
    assert np.isfinite(patch.weight).all()
    assert set(np.unique(patch.target)) <= {0, fill}


def test_pixels_that_are_no_number_become_black() -> None:
    plane = np.random.default_rng(0).normal(100, 20, (60, 60)).astype(np.float32)
    plane[5, 5], plane[6, 6], plane[7, 7] = np.nan, np.inf, -np.inf
    one = make_sample(plane, np.zeros((60, 60), np.int32), channels=1, normalization=Normalization())
    assert np.isfinite(one.image).all()
    assert one.image[5, 5] == one.image[6, 6] == one.image[7, 7] == 0
