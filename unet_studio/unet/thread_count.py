"""How many threads a training computes with: as many as are fastest beside whatever else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

_TRIAL_STEPS = 3
_GAIN = 0.93
"""A number of threads is better if its steps take less than this part of the time."""
_HOPELESS = 1.3
"""A step that takes so many times as long ends a trial."""
_SLOWED = 1.4
"""Steps that take so many times as long as they did: something else has begun to compute."""
_FIRST_HOLD_S = 4.0
_LONGEST_HOLD_S = 20.0
_HOLD_PER_COST = 30.0
"""What trials cost is a small part of the time: so many times that passes before the next ones."""


@dataclass(slots=True)
class _Process:
    """torch's number of threads belongs to the process; so does how many there may be."""

    allowed: int


_PROCESS = _Process(torch.get_num_threads())


def allow_threads(count: int) -> None:
    """Compute with at most so many threads from now on, in the thread that calls."""
    _PROCESS.allowed = count
    torch.set_num_threads(count)


def _allowed() -> int:
    return _PROCESS.allowed


class ThreadCount:
    """Tries fewer or more threads for a few steps, now and then, and keeps what makes steps shorter. To be
    used in a `with`; afterwards there are as many as are allowed (`allow_threads`), which are never exceeded.

    Threads of one operation wait for each other. Where one of them has to share its processor with another
    program, all of them wait for that one: beside one busy program two threads took 2.0 times as long as
    one alone, on two processors.

    The results of a step differ, in the last bits, with the number of threads: this is for runs that end by
    the clock, which are never the same twice.
    """

    def __init__(
        self,
        *,
        adapts: bool = True,
        allowed: Callable[[], int] = _allowed,
        put: Callable[[int], None] = torch.set_num_threads,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`adapts` False: nothing is tried."""
        self._adapts = adapts
        self._allowed: Callable[[], int] = allowed
        self._put: Callable[[int], None] = put
        self._clock: Callable[[], float] = clock
        self._usual: tuple[int, float] | None = None
        """During a trial: the usual number of threads, and its time a step."""
        self._times: list[float] = []
        self._next_trial = self._lasting_s = self._cost_s = 0.0
        self._begin()

    def __enter__(self) -> ThreadCount:
        return self

    def __exit__(self, *_: object) -> None:
        if self._adapts:
            self._put(self._allowed())

    def took(self, seconds: float) -> None:
        """A step took so long; the next one may get another number of threads."""
        if not self._adapts:
            return
        if self._allowed() != self._most:
            self._begin()  # The window has come into use, or rests again.
            self._put(self._most)
        self._times = [*self._times[-_TRIAL_STEPS:], seconds]
        if self._usual is not None:
            usual, usual_s = self._usual
            self._cost_s += max(0.0, seconds - usual_s)
            is_hopeless = len(self._times) > 1 and seconds > _HOPELESS * usual_s
            if len(self._times) == _TRIAL_STEPS or is_hopeless:
                self._decide(usual, usual_s)
        elif len(self._times) >= _TRIAL_STEPS and (self._clock() >= self._next_trial or self._is_slowed()):
            self._try_next()

    def _begin(self) -> None:
        self._most = self._count = self._allowed()
        self._times, self._usual = [], None
        self._waiting = self._others()
        self._lasting_s = float("inf")
        self._hold_s, self._cost_s = _FIRST_HOLD_S, 0.0
        self._next_trial = self._clock()

    def _others(self) -> list[int]:
        """What to try: three quarters, a half, a quarter; as many more, all."""
        count = self._count
        fewer = (max(1, count - max(1, count // 4)), max(1, count // 2), max(1, count // 4))
        more = (min(self._most, count + max(1, count // 3)), self._most)
        return [other for other in dict.fromkeys((*fewer, *more)) if other != count]

    def _is_slowed(self) -> bool:
        slowed = min(self._times[-_TRIAL_STEPS:]) > _SLOWED * self._lasting_s
        if slowed:
            self._hold_s = _FIRST_HOLD_S
        return slowed

    def _try_next(self) -> None:
        usual_s = min(self._times[-_TRIAL_STEPS:])
        if self._waiting:
            self._usual = self._count, usual_s
            self._use(self._waiting.pop(0))
            return
        # Nothing is better: that holds for a while.
        self._waiting = self._others()
        self._lasting_s = usual_s
        self._next_trial = self._clock() + max(self._hold_s, _HOLD_PER_COST * self._cost_s)
        self._cost_s = 0.0
        self._hold_s = min(_LONGEST_HOLD_S, 2 * self._hold_s)

    def _decide(self, usual: int, usual_s: float) -> None:
        # The first step after a change is slower than those that follow.
        tried_s = min(self._times[1:])
        self._usual = None
        if tried_s < _GAIN * usual_s:
            self._times, self._lasting_s, self._hold_s = [tried_s] * _TRIAL_STEPS, tried_s, _FIRST_HOLD_S
            self._waiting = self._others()
        else:
            self._use(usual)
            self._times = [usual_s] * _TRIAL_STEPS

    def _use(self, count: int) -> None:
        self._count = count
        self._put(count)
        self._times = []
