"""Tracker: what a run has reached, which weights are its best, and when it is over."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from torch import Tensor

from unet_studio.jobs.context import JobContext
from unet_studio.settings.training import TrainConfig
from unet_studio.unet.accelerator import Accelerator
from unet_studio.unet.network import UNet
from unet_studio.unet.optimizers import LearningRate, RunLength
from unet_studio.unet.validation import ValidationScore, Validator

_POINTS = 25
_LOOK_EVERY_S = 15.0
_LOOK_SHARE = 10.0
_REST_SHARE = 4.0
_RECENT_STEPS = 20
_DIVERGED = 10.0
_WORST = (-1.0, -math.inf)

Ending = Literal["complete", "stopped", "no_gain", "diverged"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """State of a training after `step` steps; `validation` is None without validation images.

    `train_loss` and `gradient_norm`: means since the last point, NaN at the start.
    """

    step: int
    epoch: float
    seconds: float
    train_loss: float
    gradient_norm: float
    learning_rate: float
    validation: ValidationScore | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class FitResult:
    """The best weights by the mean of validation Dice and AP50 (the last ones without validation) after
    `best_step` of `steps` steps, and the curve. `ending`: "no_gain" is early stopping, "diverged" a loss that
    is no number or has long been ten times that of a network that knows nothing."""

    state: dict[str, Tensor]
    curve: list[CurvePoint]
    steps: int
    best_step: int
    ending: Ending


def curve_of(state: dict[str, Any]) -> list[CurvePoint]:
    """The points of the curve in what `Tracker.state` gave."""

    def point(row: dict[str, Any]) -> CurvePoint:
        score = row["validation"]
        return CurvePoint(**row | {"validation": ValidationScore(**score) if score else None})

    return [point(row) for row in state["curve"]]


class Tracker:
    """Counts steps, measures from time to time, keeps the best weights, knows when the run is over.

    Only the first of several processes measures; the others do as it decides.
    """

    def __init__(
        self,
        network: UNet,
        validator: Validator,
        rate: LearningRate,
        config: TrainConfig,
        accelerator: Accelerator,
        context: JobContext,
        on_point: Callable[[CurvePoint], None],
    ) -> None:
        self._network = network
        self._validator = validator
        self._rate = rate
        self._config = config
        self._accelerator = accelerator
        self._context = context
        self._on_point = on_point
        self._losses: list[float] = []
        self._norms: list[float] = []
        self._curve: list[CurvePoint] = []
        self._best_state: dict[str, Tensor] = {}
        self._best = _WORST
        # Of a start that counts: whatever is below it is not better.
        self._floor: ValidationScore | None = None
        self._best_step = 0
        self._without_gain = 0
        self._recent: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._ending: Ending | None = None
        self._fraction = 0.0
        self._next_point = 1
        self._next_look = 0.0
        self._rests_until = 0.0
        self.step = 0
        self.seconds = 0.0

    @property
    def learning_rate(self) -> float:
        """For the next step."""
        return self._rate.at(self._fraction)

    @property
    def is_over(self) -> bool:
        """True if no step is to follow."""
        return self._ending is not None

    def begin(self, length: RunLength, *, start_counts: bool) -> None:
        """The clock runs from here. A run that does not go on from a checkpoint measures its start;
        `start_counts`: which may be the best there is."""
        self._length = length
        self._next_look = length.seconds + _LOOK_EVERY_S
        self._fraction = length.fraction(self.step)
        self._next_point = math.floor(self._fraction * _POINTS) + 1
        if self.step == 0:
            self._keep()  # Whatever happens, there is something to give back.
            if self._validator.has_samples and self._accelerator.is_first:
                self._measure(counts=start_counts)
        if self._fraction >= 1:
            self._ending = "complete"

    def stepped(self, loss: Tensor, gradient_norm: Tensor, ignorant_loss: float) -> bool:
        """A step was taken; True if it was followed by a measurement, a good moment for a checkpoint.

        `ignorant_loss`: what a network that gives every class the same probability would have lost.
        """
        self.step += 1
        self._losses.append(loss.item())
        self._norms.append(gradient_norm.item())
        self._recent.append(self._losses[-1] / ignorant_loss)
        self._context.check_cancelled()
        self._fraction = self._length.fraction(self.step)
        self._context.progress(round(1000 * self._fraction), 1000, f"{self.step}")
        if self._diverges():
            self._ending = "diverged"
            return False
        if self._context.stop_requested():
            self._ending = "stopped"
        elif self._fraction >= 1:
            self._ending = "complete"
        if not self._accelerator.is_first or not (self.is_over or self._is_due()):
            return False
        self._measure()
        patience = self._config.patience
        if self._ending is None and patience is not None and self._without_gain >= patience:
            self._ending = "no_gain"
        return True

    def result(self) -> FitResult:
        """What the run gives back."""
        ending = self._ending or "complete"
        return FitResult(self._best_state, self._curve, self.step, self._best_step, ending)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "step": self.step,
            "seconds": self._length.seconds,
            "best_state": self._best_state,
            "best": list(self._best),
            "floor": asdict(self._floor) if self._floor else None,
            "best_step": self._best_step,
            "without_gain": self._without_gain,
            "ending": self._ending,
            "recent": list(self._recent),
            "rate": self._rate.state(),
            "curve": [asdict(point) for point in self._curve],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        self.step, self.seconds = state["step"], state["seconds"]
        self._best_state, self._best = state["best_state"], tuple(state["best"])
        self._floor = ValidationScore(**state["floor"]) if state["floor"] else None
        self._best_step, self._without_gain = state["best_step"], state["without_gain"]
        self._ending = state["ending"]
        self._recent.extend(state["recent"])
        self._rate.restore(state["rate"])
        self._curve.extend(curve_of(state))

    def _diverges(self) -> bool:
        """True for a loss that is no number, or that has long been far worse than knowing nothing."""
        if not math.isfinite(self._losses[-1]):
            return True
        return len(self._recent) == _RECENT_STEPS and median(self._recent) > _DIVERGED

    def _is_due(self) -> bool:
        if self._config.val_every_steps:
            return self.step % self._config.val_every_steps == 0
        due = self._fraction * _POINTS >= self._next_point
        if not self._length.by_clock:
            return due
        # Of a run that ends by the clock, what is measured is not trained.
        return (due and self._length.seconds >= self._rests_until) or self._length.seconds >= self._next_look

    def _measure(self, *, counts: bool = True) -> None:
        began = self._length.seconds
        score = None
        if self._validator.has_samples:
            score = self._validator.score(self._network, self._accelerator.device, self._context)
        rank, is_below = _WORST, False
        if score is not None:
            # Where the figures say nothing, or the same, the loss decides.
            rank = (score.merit, -score.loss)
            is_below = self._floor is not None and score.is_below(self._floor)
        is_best = counts and (score is None or (not is_below and rank > self._best))
        if is_best:
            self._keep()
            self._best = rank
            if self.step == 0:
                self._floor = score
        self._without_gain = 0 if is_best or not counts else self._without_gain + 1
        if score is not None and score.dice is not None:
            self._rate.measured(score.dice)
        point = CurvePoint(
            step=self.step,
            epoch=self.step / self._length.steps_per_epoch,
            seconds=self._length.seconds,
            train_loss=_mean(self._losses),
            gradient_norm=_mean(self._norms),
            learning_rate=self.learning_rate,
            validation=score,
            is_best=is_best,
        )
        self._losses, self._norms = [], []
        self._curve.append(point)
        self._on_point(point)
        self._next_point = math.floor(self._fraction * _POINTS) + 1
        # Whoever waits for a long run wants to see it move; looking must not cost much of the time.
        now = self._length.seconds
        self._next_look = now + max(_LOOK_EVERY_S, _LOOK_SHARE * (now - began))
        self._rests_until = now + _REST_SHARE * (now - began)

    def _keep(self) -> None:
        self._best_step = self.step
        self._best_state = {n: t.detach().cpu().clone() for n, t in self._network.state_dict().items()}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
