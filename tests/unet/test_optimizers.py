"""Optimisers and schedules against the formulas, and against PyTorch's own schedulers."""

from __future__ import annotations

import itertools

import msgspec
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from unet_studio.settings.training import Schedule, TrainConfig
from unet_studio.unet.optimizers import LearningRate, cut_gradient, make_optimizer

STEPS = 200


def rates(settings: Schedule) -> list[float]:
    rate = LearningRate(settings, 0.1)
    return [rate.at(step / STEPS) for step in range(STEPS)]


def theirs(make_scheduler) -> list[float]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = make_scheduler(optimizer)
    out = []
    for _ in range(STEPS):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def test_cosine_is_pytorchs() -> None:
    expected = theirs(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.001))
    assert rates(Schedule("cosine", final=0.01)) == pytest.approx(expected)


def test_step_is_pytorchs() -> None:
    expected = theirs(lambda o: lr_scheduler.StepLR(o, 60, gamma=0.5))
    assert rates(Schedule("step", factor=0.5, step_every=0.3)) == pytest.approx(expected)


def test_one_cycle_warms_up_in_a_line_and_falls_as_pytorchs_cosine() -> None:
    def make(optimizer):
        up = lr_scheduler.LinearLR(optimizer, 1 / 25, 1.0, total_iters=50)
        down = lr_scheduler.CosineAnnealingLR(optimizer, 150, eta_min=0.001)
        return lr_scheduler.SequentialLR(optimizer, [up, down], milestones=[50])

    assert rates(Schedule("one_cycle", warm_up=0.25, final=0.01)) == pytest.approx(theirs(make))


def test_constant_stays() -> None:
    assert set(rates(Schedule("constant"))) == {0.1}


def test_plateau_is_pytorchs() -> None:
    dices = [0.1, 0.3, 0.2, 0.3, 0.25, 0.2, 0.1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=2, threshold=0, cooldown=0
    )
    ours = LearningRate(Schedule("plateau", factor=0.5, plateau_points=2), 0.1)
    for dice in dices:
        scheduler.step(dice)
        ours.measured(dice)
        assert ours.at(0.5) == pytest.approx(optimizer.param_groups[0]["lr"])
    again = LearningRate(Schedule("plateau", factor=0.5, plateau_points=2), 0.1)
    again.restore(ours.state())
    assert again.at(0.5) == ours.at(0.5) < 0.1


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "rmsprop", "adagrad"])
def test_every_optimizer_takes_the_step_of_its_formula(name: str) -> None:
    """The first two steps on one number with gradient g = w, straight from the papers."""
    config = msgspec.structs.replace(
        TrainConfig(), optimizer=name, learning_rate=0.1, weight_decay=0.01, momentum=0.9
    )
    parameter = nn.Parameter(torch.tensor([2.0], dtype=torch.double))
    optimizer = make_optimizer([parameter], config)
    w, m, v, state = 2.0, 0.0, 0.0, 0.0
    for step in (1, 2):
        g = w if name == "adamw" else w + 0.01 * w
        if name == "sgd":
            m = g if step == 1 else 0.9 * m + g
            w -= 0.1 * m
        elif name == "adagrad":
            state += g * g
            w -= 0.1 * g / (state**0.5 + 1e-10)
        elif name == "rmsprop":
            v = 0.99 * v + 0.01 * g * g
            m = 0.9 * m + g / (v**0.5 + 1e-8)
            w -= 0.1 * m
        else:
            if name == "adamw":
                w -= 0.1 * 0.01 * w
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w -= 0.1 * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)) ** 0.5 + 1e-8)
        parameter.grad = parameter.detach().clone()
        optimizer.step()
        assert parameter.item() == pytest.approx(w, rel=1e-6)


def test_long_gradients_are_cut_and_short_ones_left() -> None:
    parameters = [nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(1))]
    for longest, expected in ((1.0, 1.0), (0.0, 10.0), (20.0, 10.0)):
        parameters[0].grad, parameters[1].grad = torch.tensor([6.0, 0, 0]), torch.tensor([8.0])
        assert cut_gradient(parameters, longest).item() == pytest.approx(10)
        total = sum(float(p.grad.square().sum()) for p in parameters) ** 0.5
        assert total == pytest.approx(expected, rel=1e-5)


def test_no_schedule_is_ever_negative_or_above_its_peak() -> None:
    for kind, warm_up in itertools.product(("one_cycle", "cosine", "step", "constant"), (0.0, 0.5)):
        rate = LearningRate(Schedule(kind, warm_up=warm_up), 0.1)  # type: ignore[arg-type]
        assert all(0 < rate.at(i / 100) <= 0.1 + 1e-12 for i in range(101))
