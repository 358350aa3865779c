import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import discs
from unet_studio.engine.train_job import hold_out_region, split_samples
from unet_studio.jobs.messages import SampleFiles
from unet_studio.settings.prediction import Normalization
from unet_studio.unet.sampling import make_sample


def files(count: int) -> list[SampleFiles]:
    return [SampleFiles(f"{n}.png", f"{n}.tif") for n in range(count)]


@given(st.integers(1, 60), st.floats(0, 0.9), st.integers(0, 99))
def test_the_split_is_by_image_complete_and_the_same_for_a_seed(
    count: int, fraction: float, seed: int
) -> None:
    train, val = split_samples(files(count), None, fraction, seed)
    assert sorted(s.image for s in train + val) == sorted(s.image for s in files(count))
    assert train, "something must teach"
    assert bool(val) == (fraction > 0 and count > 1)
    assert (train, val) == split_samples(files(count), None, fraction, seed)


def test_given_validation_images_are_taken_as_they_are() -> None:
    train, val = split_samples(files(4), files(2), 0.5, 0)
    assert (len(train), len(val)) == (4, 2)


@pytest.mark.parametrize("shape", [(200, 300), (300, 200)])
def test_of_a_single_image_one_part_validates_and_the_other_trains(shape: tuple[int, int]) -> None:
    labels = discs(shape, *[(y, x, 9) for y in range(20, shape[0], 40) for x in range(20, shape[1], 40)])
    sample = make_sample(labels * 10.0, labels, channels=1, normalization=Normalization())
    (train,), (val,), (truth,) = hold_out_region(sample, labels)
    assert train.checked is not None
    assert val.labels.shape == truth.shape
    assert val.labels.size + train.checked.sum() == labels.size
    assert ((truth > 0) == (val.labels > 0)).all()


def test_a_small_image_is_not_cut() -> None:
    sample = make_sample(
        np.zeros((60, 60)), np.zeros((60, 60), int), channels=1, normalization=Normalization()
    )
    assert hold_out_region(sample, sample.labels) == ([sample], [], [])
