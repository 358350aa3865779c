"""The training loop learns, keeps the best, stops, cancels and repeats itself."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from tests.conftest import QuietContext, discs
from unet_studio.jobs.context import JobCancelled
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Normalization
from unet_studio.settings.training import Augmentation, BorderWeights, TrainConfig
from unet_studio.unet.device import Device
from unet_studio.unet.network import UNet
from unet_studio.unet.sampling import PatchSampler, Sample, make_sample, weight_map
from unet_studio.unet.training import CurvePoint, Schedule, fit

FLOAT32 = Device(torch.device("cpu"), torch.float32, "test")
NETWORK = UNetConfig(in_channels=1, base_width=4, depth=2)
CONFIG = TrainConfig(
    network=NETWORK, steps=40, batch_size=4, patch_px=48, learning_rate=1e-2, val_every_steps=10,
    augmentation=Augmentation(elastic_sigma_px=2, grey=0.2),
)  # fmt: skip


def sample(seed: int, checked: np.ndarray | None = None) -> Sample:
    rng = np.random.default_rng(seed)
    labels = discs((80, 90), *[(int(rng.integers(80)), int(rng.integers(90)), 8) for _ in range(6)])
    plane = rng.normal(50, 5, labels.shape) + 100 * (labels > 0)
    return make_sample(plane, labels, channels=1, normalization=Normalization(), checked=checked)


def train(config: TrainConfig = CONFIG, context: QuietContext | None = None, **kwargs):
    torch.manual_seed(0)
    network = UNet(config.network)
    return fit(
        network, [sample(1), sample(2)], [sample(3)], config, FLOAT32, context or QuietContext(), **kwargs
    )


def test_the_network_learns_to_find_discs() -> None:
    points: list[CurvePoint] = []
    result = train(on_point=points.append)
    assert [point.step for point in points] == [0, 10, 20, 30, 40]
    assert points[-1].train_loss < points[1].train_loss
    best = max(points, key=lambda p: p.validation.dice)
    assert best.validation.dice > 0.85
    assert best.is_best
    assert result.steps == 40
    assert not result.stopped


def test_the_same_seed_gives_bit_identical_weights() -> None:
    torch.set_num_threads(1)
    try:
        first, second = (train(msgspec.structs.replace(CONFIG, steps=12)) for _ in range(2))
    finally:
        torch.set_num_threads(2)
    for name, tensor in first.state.items():
        assert torch.equal(tensor, second.state[name]), name


def test_the_result_is_never_worse_on_validation_than_the_start() -> None:
    harmful = msgspec.structs.replace(CONFIG, steps=10, learning_rate=5.0)
    result = train(harmful)
    dices = [point.validation.dice for point in result.curve]
    network = UNet(NETWORK)
    network.load_state_dict(result.state)
    assert max(dices) >= dices[0]
    assert result.curve[int(np.argmax(dices))].is_best


def test_stop_keeps_the_best_weights_so_far() -> None:
    class Stopping(QuietContext):
        def stop_requested(self) -> bool:
            return len(self.seen) >= 15

    result = train(msgspec.structs.replace(CONFIG, steps=5000), Stopping())
    assert result.stopped
    assert result.steps < 40
    assert result.state


def test_cancel_raises_within_a_step() -> None:
    class Cancelling(QuietContext):
        def check_cancelled(self) -> None:
            if len(self.seen) >= 3:
                raise JobCancelled

    with pytest.raises(JobCancelled):
        train(context=Cancelling())


def test_minutes_end_a_run_by_the_clock() -> None:
    result = train(msgspec.structs.replace(CONFIG, steps=None, minutes=0.03))
    assert 1.5 < result.curve[-1].seconds < 8


def test_the_learning_rate_warms_up_and_falls_to_a_hundredth() -> None:
    assert Schedule.factor(0.0) < 0.1
    assert Schedule.factor(0.03) == pytest.approx(1.0)
    assert Schedule.factor(1.0) == pytest.approx(0.01)


def test_pixels_that_nobody_checked_have_weight_zero_in_every_patch() -> None:
    checked = np.zeros((80, 90), bool)
    checked[:, :45] = True
    half = sample(1, checked)
    batches = PatchSampler([half], CONFIG).batches()
    weights = next(batches).weight
    batches.close()
    assert (weights == 0).any()
    assert (weights > 0).any()
    weight = weight_map(half.labels, checked, balance=np.ones(2, np.float32), settings=BorderWeights())
    assert not weight[:, 45:].any()


def test_batches_are_the_same_for_the_same_seed_and_differ_for_another() -> None:
    def first(seed: int) -> torch.Tensor:
        batches = PatchSampler([sample(1)], msgspec.structs.replace(CONFIG, seed=seed)).batches()
        batch = next(batches)
        batches.close()
        return batch.image

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_a_label_image_without_background_keeps_all_its_instances() -> None:
    labels = np.ones((20, 20), np.int32)
    labels[:, 10:] = 7
    one = make_sample(np.zeros((20, 20)), labels, channels=1, normalization=Normalization())
    assert np.unique(one.labels).tolist() == [0, 1, 2]


def test_ids_above_16_bit_teach_like_any_others() -> None:
    labels = discs((40, 40), (10, 10, 5), (30, 30, 5)) * 1_000_000_007
    one = make_sample(np.zeros((40, 40)), labels, channels=1, normalization=Normalization())
    assert np.unique(one.labels).tolist() == [0, 1, 2]
