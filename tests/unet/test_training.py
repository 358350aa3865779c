"""The training loop learns, keeps the best, stops, goes on, diverges in words, and repeats itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from tests.conftest import QuietContext, discs
from unet_studio.jobs.context import JobCancelled
from unet_studio.segmentation.patches import PatchMaker, Sample, class_weights, make_sample
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Normalization, Postprocessing
from unet_studio.settings.training import Augmentation, Loss, Schedule, TrainConfig
from unet_studio.unet.batches import batches
from unet_studio.unet.device import Device
from unet_studio.unet.network import UNet
from unet_studio.unet.tracking import CurvePoint
from unet_studio.unet.training import fit
from unet_studio.unet.validation import ValidationScore, Validator

FLOAT32 = Device(torch.device("cpu"), torch.float32, "test")
BFLOAT16 = Device(torch.device("cpu"), torch.bfloat16, "test")
NETWORK = UNetConfig(in_channels=1, base_width=4, depth=2)
CONFIG = TrainConfig(
    network=NETWORK, steps=40, batch_size=4, patch_px=48, learning_rate=1e-2, val_every_steps=10,
    augmentation=Augmentation(elastic_sigma_px=2, grey=0.2),
)  # fmt: skip


def sample(seed: int, checked: np.ndarray | None = None, classes: int = 2) -> Sample:
    rng = np.random.default_rng(seed)
    labels = discs((80, 90), *[(int(rng.integers(80)), int(rng.integers(90)), 8) for _ in range(6)])
    kind = np.where(labels > 0, labels % (classes - 1) + 1, 0)
    plane = rng.normal(50, 5, labels.shape) + 100 * (labels > 0) + 60 * kind
    return make_sample(
        plane, labels, channels=1, normalization=Normalization(), checked=checked,
        semantic=kind if classes > 2 else None,
    )  # fmt: skip


def validator(config: TrainConfig, samples: list[Sample], val_samples: list[Sample]) -> Validator:
    return Validator(
        val_samples, balance=class_weights(samples, config.border_weights, classes=config.network.classes),
        border_weights=config.border_weights, postprocessing=Postprocessing(),
    )  # fmt: skip


def train(
    config: TrainConfig = CONFIG, context: QuietContext | None = None, device: Device = FLOAT32,
    val: bool = True, **kwargs,
):  # fmt: skip
    torch.manual_seed(0)
    classes = config.network.classes
    samples, val_samples = (
        [sample(1, classes=classes), sample(2, classes=classes)],
        [sample(3, classes=classes)] if val else [],
    )
    return fit(
        UNet(config.network), samples, validator(config, samples, val_samples), config, device,
        context or QuietContext(), **kwargs,
    )  # fmt: skip


def changed(**changes: object) -> TrainConfig:
    return msgspec.structs.replace(CONFIG, **changes)


def test_the_network_learns_to_find_discs() -> None:
    points: list[CurvePoint] = []
    result = train(on_point=points.append)
    assert [point.step for point in points] == [0, 10, 20, 30, 40]
    assert points[-1].train_loss < points[1].train_loss
    best = max(points, key=lambda p: p.validation.dice + p.validation.ap50)
    assert best.validation.dice > 0.85
    assert best.validation.pixel_accuracy > 0.85
    assert 0 < best.validation.mean_iou < best.validation.dice + 0.1
    assert best.is_best
    assert result.best_step == best.step
    assert result.steps == 40
    assert result.ending == "complete"


@pytest.mark.parametrize(
    "config",
    [
        changed(network=UNetConfig(in_channels=1, base_width=4, depth=2, padding="valid", normalization="none"), learning_rate=3e-3),
        changed(network=UNetConfig(in_channels=1, base_width=4, depth=2, classes=3), steps=120),
        changed(network=UNetConfig(in_channels=1, base_width=4, depth=2, encoder="resnet18", dropout=0.1), steps=30),
        changed(loss=Loss(cross_entropy=1, dice=1)),
        changed(loss=Loss(cross_entropy=0, focal=1)),
        changed(optimizer="sgd", momentum=0.99, learning_rate=3e-3, steps=160),
        changed(optimizer="rmsprop", weight_decay=1e-8, learning_rate=1e-3),
        changed(optimizer="adagrad"),
        changed(schedule=Schedule("plateau"), checkpointing=True),
    ],
    ids=["valid", "three classes", "resnet18", "CE + Dice", "focal", "sgd", "rmsprop", "adagrad", "plateau"],
)  # fmt: skip
def test_every_ingredient_learns(config: TrainConfig) -> None:
    curve = train(config).curve
    assert max(p.validation.dice for p in curve) > max(0.5, curve[0].validation.dice + 0.1)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this build of PyTorch has no oneDNN")
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_half_precisions_learn_too(precision: torch.dtype) -> None:
    curve = train(device=Device(torch.device("cpu"), precision, "test")).curve
    assert max(p.validation.dice for p in curve) > 0.8


@pytest.mark.parametrize("device", [FLOAT32, BFLOAT16], ids=["float32", "bfloat16"])
def test_the_same_seed_gives_bit_identical_weights_after_50_steps(device: Device) -> None:
    config = changed(steps=50, network=UNetConfig(in_channels=1, base_width=8, depth=3, dropout=0.2))
    first, second = (train(config, device=device, val=False) for _ in range(2))
    assert first.steps == 50
    for name, tensor in first.state.items():
        assert torch.equal(tensor, second.state[name]), name


def test_the_result_is_never_worse_on_validation_than_the_start() -> None:
    result = train(changed(steps=10, learning_rate=5.0))
    dices = [point.validation.dice for point in result.curve]
    network = UNet(NETWORK)
    network.load_state_dict(result.state)
    assert max(dices) >= dices[0]
    assert result.curve[int(np.argmax(dices))].is_best


class ScriptedValidator(Validator):
    """Measures what it was told to."""

    def __init__(self, figures: list[tuple[float, float]]) -> None:
        samples = [sample(3)]
        super().__init__(
            samples, balance=np.ones(2, np.float32), border_weights=CONFIG.border_weights,
            postprocessing=Postprocessing(),
        )  # fmt: skip
        self._figures = iter(figures)

    def score(self, *_: object) -> ValidationScore:
        dice, ap50 = next(self._figures)
        return ValidationScore(1.0, dice, dice, [dice], dice, ap50, 0, 0, 0, 0, 10_000)


@pytest.mark.parametrize(
    ("start_counts", "best_step"), [(True, 30), (False, 10)], ids=["fine-tuning", "from random weights"]
)
def test_fine_tuning_keeps_nothing_that_is_below_its_start_in_dice_or_ap50(
    start_counts: bool, best_step: int
) -> None:
    # The start; then a better Dice bought with instances, the reverse, a little of both, less of both.
    figures = [(0.80, 0.60), (0.95, 0.59), (0.79, 0.75), (0.81, 0.61), (0.80, 0.60)]  # Of 10,000 cells.
    result = fit(
        UNet(NETWORK), [sample(1)], ScriptedValidator(figures), CONFIG, FLOAT32, QuietContext(),
        start_counts=start_counts,
    )  # fmt: skip
    assert result.best_step == best_step


def test_a_frozen_encoder_keeps_its_weights_and_its_statistics() -> None:
    torch.manual_seed(0)
    start = UNet(NETWORK).state_dict()
    result = train(changed(freeze="encoder", steps=10))
    for name, tensor in result.state.items():
        if name.startswith("encoder."):
            assert torch.equal(tensor, start[name]), name
    assert any(not torch.equal(t, start[n]) for n, t in result.state.items() if n.startswith("up."))


def test_a_network_is_trainable_again_after_a_training_with_a_frozen_encoder() -> None:
    torch.manual_seed(0)
    network = UNet(NETWORK)
    samples = [sample(1)]
    fit(
        network, samples, validator(CONFIG, samples, []), changed(freeze="encoder", steps=2), FLOAT32,
        QuietContext(),
    )  # fmt: skip
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_kept_statistics_do_not_follow_the_patches() -> None:
    def statistics(config: TrainConfig) -> dict[str, torch.Tensor]:
        return {n: t for n, t in train(config, val=False).state.items() if "running_mean" in n}

    assert all((t == 0).all() for t in statistics(changed(norm_statistics="kept", steps=5)).values())
    assert all((t != 0).any() for t in statistics(changed(steps=5)).values())


@pytest.mark.parametrize(("rate", "cut", "finite"), [(1000.0, 1.0, True), (1e10, 0.0, False)])
def test_a_learning_rate_that_diverges_ends_the_run_and_the_best_weights_stay(
    rate: float, cut: float, finite: bool
) -> None:
    config = changed(
        network=UNetConfig(in_channels=1, base_width=4, depth=2, normalization="none"), optimizer="sgd",
        learning_rate=rate, gradient_norm=cut, steps=200, schedule=Schedule("constant"),
    )  # fmt: skip
    result = train(config)
    assert (result.steps >= 20) == finite
    assert result.ending == "diverged"
    assert result.steps < 200
    assert all(torch.isfinite(t).all() for t in result.state.values())
    assert result.best_step == max(p.step for p in result.curve if p.is_best)


def test_patience_ends_a_run_that_gains_nothing() -> None:
    result = train(changed(steps=5000, learning_rate=1e-10, patience=3, val_every_steps=2))
    assert result.ending == "no_gain"
    assert result.steps <= 20


def test_stop_keeps_the_best_weights_so_far() -> None:
    class Stopping(QuietContext):
        def stop_requested(self) -> bool:
            return len(self.seen) >= 15

    result = train(changed(steps=5000), Stopping())
    assert result.ending == "stopped"
    assert result.steps < 40
    assert result.curve[-1].step == result.steps, "what was learnt last is looked at too"


def test_cancel_ends_within_a_step() -> None:
    class Cancelling(QuietContext):
        def check_cancelled(self) -> None:
            if len(self.seen) >= 5:
                raise JobCancelled

    context = Cancelling()
    with pytest.raises(JobCancelled):
        train(changed(steps=5000), context)
    assert len(context.seen) <= 6


def test_minutes_end_a_run_by_the_clock() -> None:
    result = train(changed(steps=None, minutes=0.03))
    assert 1.5 < result.curve[-1].seconds < 8


def test_a_run_that_ends_by_the_clock_is_not_spent_on_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a busy machine, where a look at the validation images takes as long as ten steps."""
    score = Validator.score

    def slow(self: Validator, *args: object) -> ValidationScore:
        time.sleep(0.25)
        return score(self, *args)

    monkeypatch.setattr(Validator, "score", slow)
    result = train(changed(steps=None, minutes=0.06, val_every_steps=None))
    # At the start, at the end, and between them after rests of four times as long: not 25 times.
    assert 3 <= len(result.curve) <= 6


def test_without_validation_the_last_weights_are_the_result() -> None:
    result = train(val=False)
    assert result.best_step == result.steps == 40
    assert all(p.validation is None for p in result.curve)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_an_interrupted_run_goes_on_to_bit_identical_weights(optimizer: str) -> None:
    config = changed(
        optimizer=optimizer, learning_rate=3e-3, schedule=Schedule("plateau"),
        network=UNetConfig(in_channels=1, base_width=4, depth=2, dropout=0.3),
    )  # fmt: skip
    whole = train(config)

    class PowerCut(Exception):
        pass

    kept: list[bytes] = []

    def keep(make) -> None:
        file = io.BytesIO()
        torch.save(make(), file)
        kept.append(file.getvalue())
        if len(kept) == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(config, on_checkpoint=keep)
    checkpoint = torch.load(io.BytesIO(kept[-1]), weights_only=True)
    rest = train(config, resume=checkpoint)
    assert [p.step for p in rest.curve] == [p.step for p in whole.curve]
    assert [p.validation for p in rest.curve] == [p.validation for p in whole.curve]
    assert rest.best_step == whole.best_step
    for name, tensor in whole.state.items():
        assert torch.equal(tensor, rest.state[name]), name


def test_a_run_that_was_stopped_does_not_train_on_when_it_goes_on() -> None:
    class Stopped(QuietContext):
        def stop_requested(self) -> bool:
            return True

    kept: list[bytes] = []

    def keep(make) -> None:
        file = io.BytesIO()
        torch.save(make(), file)
        kept.append(file.getvalue())

    ended = train(context=Stopped(), on_checkpoint=keep)
    checkpoint = torch.load(io.BytesIO(kept[-1]), weights_only=True)
    again = train(resume=checkpoint)  # The program was closed while the end was being made.
    assert (again.ending, again.steps, again.best_step) == ("stopped", ended.steps, ended.best_step)
    for name, tensor in ended.state.items():
        assert torch.equal(tensor, again.state[name]), name


def test_batches_are_the_same_for_the_same_seed_and_differ_for_another() -> None:
    def first(seed: int) -> torch.Tensor:
        source = batches(PatchMaker([sample(1)], changed(seed=seed)), 4)
        batch = next(source)
        source.close()  # type: ignore[attr-defined]
        return batch.image

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_two_processes_see_together_what_one_sees_with_twice_the_batch() -> None:
    maker = PatchMaker([sample(1), sample(2)], CONFIG)

    def images(size: int, **share: int) -> torch.Tensor:
        source = batches(maker, size, **share)
        found = [next(source).image for _ in range(3)]
        source.close()  # type: ignore[attr-defined]
        return torch.stack(found)

    halves = [images(2, rank=rank, ranks=2) for rank in (0, 1)]
    assert torch.equal(torch.cat(halves, 1), images(4))
    assert torch.equal(images(4, first_step=1)[:2], images(4)[1:])


def test_a_failure_while_making_patches_reaches_the_loop() -> None:
    class Broken(PatchMaker):
        def patch(self, number: int):
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        next(batches(Broken([sample(1)], CONFIG), 2))


LOSSES = """
import sys, torch, msgspec
sys.path.insert(0, sys.argv[1])
from tests.conftest import QuietContext
from tests.unet import test_training as t
from unet_studio.settings.training import Loss
from unet_studio.unet.training import fit
from unet_studio.unet.network import UNet
config = t.changed(
    batch_size=int(sys.argv[2]), steps=12, val_every_steps=1, learning_rate=3e-3,
    network=t.UNetConfig(in_channels=1, base_width=4, depth=2, normalization="group"), loss=Loss(1, 1, 1),
)
half = t.np.zeros((80, 90), bool)
half[:, :30] = True
samples = [t.sample(1, half), t.sample(2)]
torch.manual_seed(0)
result = fit(UNet(config.network), samples, t.validator(config, samples, [t.sample(3)]), config, t.FLOAT32, QuietContext())
if result.curve:  # The first process measures.
    print("LOSSES", [p.train_loss for p in result.curve][1:], flush=True)
"""


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one_with_twice_the_batch(tmp_path: Path) -> None:
    script = tmp_path / "losses.py"
    script.write_text(LOSSES)
    root = str(Path(__file__).resolve().parents[2])
    env = os.environ | {"OMP_NUM_THREADS": "1"}

    def curve(start: list[str], batch: int) -> list[float]:
        command = [sys.executable, *start, str(script), root, str(batch)]
        run = subprocess.run(command, env=env, capture_output=True, text=True, cwd=root)
        assert run.returncode == 0, run.stderr
        line = next(text for text in run.stdout.splitlines() if "LOSSES [" in text)
        return [float(v) for v in line.split("[")[1].rstrip("]").split(",")]

    one = curve([], 4)
    two = curve(["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"], 2)
    assert len(one) == 12
    assert two == pytest.approx(one, rel=1e-4)


def test_where_nothing_but_background_validates_the_loss_decides_and_random_weights_never_win() -> None:
    empty = make_sample(
        np.random.default_rng(0).normal(50, 5, (80, 90)), np.zeros((80, 90), np.int32), channels=1,
        normalization=Normalization(),
    )  # fmt: skip
    torch.manual_seed(0)
    samples = [sample(1), sample(2)]
    result = fit(
        UNet(NETWORK), samples, validator(CONFIG, samples, [empty]), CONFIG, FLOAT32, QuietContext(),
        start_counts=False,
    )  # fmt: skip
    assert all(p.validation.dice is None for p in result.curve)
    assert result.best_step > 0
    best = min(result.curve[1:], key=lambda p: p.validation.loss)
    assert result.best_step == best.step


def test_a_plateau_without_validation_keeps_the_rate() -> None:
    config = changed(schedule=Schedule("plateau", plateau_points=1), val_every_steps=2)
    curve = train(config, val=False).curve
    assert {p.learning_rate for p in curve} == {config.learning_rate}


def test_a_rare_heavy_patch_is_no_divergence() -> None:
    """A few pixels of a class that is almost never there: their weight is in the hundreds."""
    labels = discs((200, 200), (30, 30, 3))
    plane = np.random.default_rng(0).normal(50, 5, labels.shape) + 100 * (labels > 0)
    rare = make_sample(plane, labels, channels=1, normalization=Normalization())
    torch.manual_seed(0)
    config = changed(batch_size=1, steps=120)
    result = fit(UNet(NETWORK), [rare], validator(config, [rare], []), config, FLOAT32, QuietContext())
    assert result.ending == "complete"
