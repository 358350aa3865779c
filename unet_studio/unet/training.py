"""fit(): the training loop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unet_studio.jobs.context import JobContext
from unet_studio.settings.training import TrainConfig
from unet_studio.unet.device import Device, move
from unet_studio.unet.losses import weighted_cross_entropy
from unet_studio.unet.network import UNet
from unet_studio.unet.sampling import PatchSampler, Sample, class_weights
from unet_studio.unet.validation import ValidationScore, Validator

_WARM_UP = 0.03
_FINAL_LEARNING_RATE = 0.01
_POINTS = 25
_LOOK_EVERY_S = 15.0
_LOOK_SHARE = 10.0
_GRADIENT_NORM = 1.0


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """State of a training after `step` steps; `validation` is None without validation images."""

    step: int
    epoch: float
    seconds: float
    train_loss: float
    validation: ValidationScore | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class FitResult:
    """The best weights by validation Dice (the last ones without validation), and the curve."""

    state: dict[str, Tensor]
    curve: list[CurvePoint]
    steps: int
    stopped: bool


class Schedule:
    """How far a run is, in [0, 1], by steps or by the clock, and the learning rate there."""

    def __init__(self, config: TrainConfig, *, steps_per_epoch: int) -> None:
        self._seconds = config.minutes * 60 if config.minutes else None
        self.total_steps = config.steps or config.epochs * steps_per_epoch
        self._start = time.monotonic()

    @property
    def by_clock(self) -> bool:
        """True if the run's length is given in minutes."""
        return self._seconds is not None

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start

    def fraction(self, step: int) -> float:
        """How much of the run is over after `step` steps."""
        done = self.seconds / self._seconds if self._seconds else step / self.total_steps
        return min(1.0, done)

    @staticmethod
    def factor(fraction: float) -> float:
        """Linear warm-up, then a half cosine."""
        if fraction < _WARM_UP:
            return (fraction + 1e-3) / (_WARM_UP + 1e-3)
        progress = (fraction - _WARM_UP) / (1 - _WARM_UP)
        return _FINAL_LEARNING_RATE + (1 - _FINAL_LEARNING_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


def fit(
    network: UNet,
    samples: Sequence[Sample],
    val_samples: Sequence[Sample],
    config: TrainConfig,
    device: Device,
    context: JobContext,
    on_point: Callable[[CurvePoint], None] = lambda point: None,
) -> FitResult:
    """Train `network` in place and return its best weights.

    Ends after the configured length, or earlier when the context asks to stop; raises JobCancelled
    when it is cancelled. With validation samples the start counts too: the result is never worse by
    validation Dice than the weights it began with.
    """
    torch.manual_seed(config.seed)
    move(network, device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    steps_per_epoch = max(1, round(len(samples) / config.batch_size))
    schedule = Schedule(config, steps_per_epoch=steps_per_epoch)
    validator = Validator(
        val_samples, balance=class_weights(samples, config.border_weights), settings=config.border_weights
    )
    tracker = _BestTracker(network, validator, device, context, on_point, steps_per_epoch, schedule)
    if val_samples:
        tracker.measure(0, [])
    losses: list[float] = []
    step, stopped = 0, False
    batches = PatchSampler(samples, config).batches()
    try:
        for batch in batches:
            network.train()
            lr = config.learning_rate * schedule.factor(schedule.fraction(step))
            optimizer.param_groups[0]["lr"] = lr
            image = batch.image.to(device.torch_device, memory_format=torch.channels_last)
            with device.autocast():
                logits = network(image)
            loss = weighted_cross_entropy(
                logits, batch.target.to(device.torch_device), batch.weight.to(device.torch_device)
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
            optimizer.step()
            losses.append(loss.item())
            step += 1
            context.check_cancelled()
            fraction, stopped = schedule.fraction(step), context.stop_requested()
            context.progress(round(1000 * fraction), 1000, f"{step}")
            if fraction >= 1 or stopped or tracker.is_due(step, fraction, config.val_every_steps):
                tracker.measure(step, losses)
                losses = []
            if fraction >= 1 or stopped:
                break
    finally:
        batches.close()  # type: ignore[attr-defined]
    return FitResult(tracker.best_state, tracker.curve, step, stopped)


class _BestTracker:
    """Measures from time to time and keeps the best weights."""

    def __init__(
        self,
        network: UNet,
        validator: Validator,
        device: Device,
        context: JobContext,
        on_point: Callable[[CurvePoint], None],
        steps_per_epoch: int,
        schedule: Schedule,
    ) -> None:
        self._network = network
        self._validator = validator
        self._device = device
        self._context = context
        self._on_point = on_point
        self._steps_per_epoch = steps_per_epoch
        self._schedule = schedule
        self._best_dice = -1.0
        self._next_point = 1
        self._next_look = _LOOK_EVERY_S
        self.best_state: dict[str, Tensor] = {}
        self.curve: list[CurvePoint] = []

    def is_due(self, step: int, fraction: float, every_steps: int | None) -> bool:
        """True if the next point of the curve should be measured now."""
        if every_steps:
            return step % every_steps == 0
        if self._schedule.by_clock and self._schedule.seconds >= self._next_look:
            return True
        return fraction * _POINTS >= self._next_point

    def measure(self, step: int, losses: list[float]) -> None:
        """Validate, remember the weights if they are the best so far, tell the listener."""
        began = self._schedule.seconds
        validation = None
        if self._validator.has_samples:
            validation = self._validator.score(self._network, self._device, self._context)
        is_best = validation is None or validation.dice > self._best_dice
        if is_best:
            self._best_dice = validation.dice if validation else -1.0
            self.best_state = copy.deepcopy(self._network.state_dict())
        point = CurvePoint(
            step,
            step / self._steps_per_epoch,
            self._schedule.seconds,
            sum(losses) / len(losses) if losses else math.nan,
            validation,
            is_best,
        )
        self.curve.append(point)
        self._on_point(point)
        self._next_point = math.floor(self._schedule.fraction(step) * _POINTS) + 1
        # Whoever waits for a long run wants to see it move; looking must not cost much of the time.
        now = self._schedule.seconds
        self._next_look = now + max(_LOOK_EVERY_S, _LOOK_SHARE * (now - began))
