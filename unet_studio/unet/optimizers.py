"""The optimiser of a run, how long the run is, and the learning rate at every moment of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from unet_studio.settings.training import Schedule, TrainConfig

_WARM_UP_FROM = 1 / 25


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainConfig) -> torch.optim.Optimizer:
    """The optimiser `config` names."""
    trained = [p for p in parameters if p.requires_grad]
    rate, decay = config.learning_rate, config.weight_decay
    # Fused: one pass over all weights instead of one per operation.
    if config.optimizer == "sgd":
        return torch.optim.SGD(trained, rate, momentum=config.momentum, weight_decay=decay, fused=True)
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(trained, rate, momentum=config.momentum, weight_decay=decay)
    if config.optimizer == "adagrad":
        return torch.optim.Adagrad(trained, rate, weight_decay=decay)
    if config.optimizer == "adam":
        return torch.optim.Adam(trained, rate, weight_decay=decay, fused=True)
    return torch.optim.AdamW(trained, rate, weight_decay=decay, fused=True)


class RunLength:
    """How far a run is, in [0, 1], by steps or by the clock."""

    def __init__(self, config: TrainConfig, *, steps_per_epoch: int, seconds_before: float = 0.0) -> None:
        self._limit_s = config.minutes * 60 if config.minutes else None
        self._total_steps = config.steps or config.epochs * steps_per_epoch
        self._start = time.monotonic() - seconds_before
        self.steps_per_epoch = steps_per_epoch

    @property
    def by_clock(self) -> bool:
        """True if the run's length is given in minutes."""
        return self._limit_s is not None

    @property
    def seconds(self) -> float:
        """Since the start, with what an interrupted run took before."""
        return time.monotonic() - self._start

    def fraction(self, step: int) -> float:
        """How much of the run is over after `step` steps."""
        done = self.seconds / self._limit_s if self._limit_s else step / self._total_steps
        return min(1.0, done)


class LearningRate:
    """The learning rate of `Schedule`; remembers what the plateau needs."""

    def __init__(self, settings: Schedule, peak: float) -> None:
        self._settings = settings
        self._peak = peak
        self._best_dice = -math.inf
        self._points_without_gain = 0
        self._reductions = 0

    def at(self, fraction: float) -> float:
        """The learning rate when `fraction` of the run is over."""
        return self._peak * self._factor(fraction)

    def measured(self, dice: float) -> None:
        """A validation gave this Dice."""
        if dice > self._best_dice:
            self._best_dice, self._points_without_gain = dice, 0
            return
        self._points_without_gain += 1
        if self._points_without_gain > self._settings.plateau_points:
            self._reductions, self._points_without_gain = self._reductions + 1, 0

    def state(self) -> dict[str, float]:
        """What `restore` needs."""
        return {
            "best_dice": self._best_dice,
            "points_without_gain": self._points_without_gain,
            "reductions": self._reductions,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        self._best_dice = float(state["best_dice"])
        self._points_without_gain = int(state["points_without_gain"])
        self._reductions = int(state["reductions"])

    def _factor(self, fraction: float) -> float:
        settings = self._settings
        if settings.kind == "constant":
            return 1.0
        if settings.kind == "plateau":
            return settings.factor**self._reductions
        if settings.kind == "step":
            # The tiny number: 0.3 / 0.1 is 2.9999999999999996.
            return settings.factor ** math.floor(fraction / settings.step_every + 1e-9)
        warm_up = settings.warm_up if settings.kind == "one_cycle" else 0.0
        if fraction < warm_up:
            return _WARM_UP_FROM + (1 - _WARM_UP_FROM) * fraction / warm_up
        progress = (fraction - warm_up) / (1 - warm_up)
        return settings.final + (1 - settings.final) * 0.5 * (1 + math.cos(math.pi * progress))


def cut_gradient(parameters: Iterable[Tensor], longest: float) -> Tensor:
    """The gradient's norm, a scalar; a longer one is scaled to `longest` (0: never)."""
    return torch.nn.utils.clip_grad_norm_(parameters, longest if longest else math.inf)
