"""The number of threads of a training follows what else the machine does."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from unet_studio.unet.thread_count import ThreadCount

ALONE_S, SHARED_S, WAITING = 0.03, 0.2, 2.3


class Machine:
    """A step is a part that one thread does and a part that all share; where a thread has no processor of
    its own, all wait for it."""

    def __init__(self, processors: int, *, busy: int = 0) -> None:
        self.processors, self.busy, self.now = processors, busy, 0.0
        self.threads = self.allowed = processors
        self.slowness = 1.0
        self.steps: Counter[int] = Counter()
        self._rng = np.random.default_rng(processors)

    def put(self, threads: int) -> None:
        assert 1 <= threads <= self.processors
        self.threads = threads

    def step_s(self, threads: int) -> float:
        waits = threads > max(1, self.processors - self.busy)
        return self.slowness * (ALONE_S + SHARED_S / threads) * (WAITING if waits else 1)

    def run(self, count: ThreadCount, seconds: float) -> int:
        """How many steps are taken in so many seconds."""
        until, self.steps = self.now + seconds, Counter()
        while self.now < until:
            took = self.step_s(self.threads) * self._rng.uniform(1, 1.1)
            self.now += took
            self.steps[self.threads] += 1
            count.took(took)
        return self.steps.total()

    def most_steps(self, seconds: float) -> float:
        """With the best number of threads all the time."""
        best_s = min(self.step_s(threads) for threads in range(1, self.processors + 1))
        return seconds / (1.05 * best_s)

    def count(self) -> ThreadCount:
        return ThreadCount(allowed=lambda: self.allowed, put=self.put, clock=lambda: self.now)

    def allow(self, threads: int) -> None:
        self.threads = self.allowed = threads


@pytest.mark.parametrize("slowness", [0.3, 1.0, 10.0])
@pytest.mark.parametrize("processors", [2, 4, 16])
def test_a_quiet_machine_computes_with_all_threads_and_loses_little_by_trying(
    processors: int, slowness: float
) -> None:
    machine = Machine(processors)
    machine.slowness = slowness
    taken = machine.run(machine.count(), 180)
    assert taken > (0.9 if slowness > 5 else 0.96) * machine.most_steps(180)
    assert machine.threads == processors


@pytest.mark.parametrize(("processors", "busy"), [(2, 1), (4, 1), (4, 2), (8, 3), (16, 6)])
def test_beside_other_programs_fewer_threads_take_more_steps(processors: int, busy: int) -> None:
    machine = Machine(processors, busy=busy)
    taken = machine.run(machine.count(), 180)
    assert taken > 0.85 * machine.most_steps(180)
    assert taken > 1.2 * 180 / machine.step_s(processors)


def test_it_notices_what_begins_and_what_ends() -> None:
    machine = Machine(4)
    count = machine.count()
    machine.run(count, 60)
    machine.busy = 2
    machine.run(count, 30)
    assert machine.steps[4] < 0.2 * machine.steps.total()
    machine.busy = 0
    machine.run(count, 60)
    machine.run(count, 60)
    assert machine.steps[4] > 0.9 * machine.steps.total()


def test_what_others_allow_is_never_exceeded() -> None:
    machine = Machine(4)
    count = machine.count()
    machine.run(count, 30)
    machine.allow(3)  # The window has come into use.
    machine.run(count, 60)
    assert machine.steps[4] == 0
    assert machine.steps[3] > 0.9 * machine.steps.total()
    machine.allow(4)
    machine.run(count, 30)
    assert machine.steps[4] > 0.8 * machine.steps.total()


def test_what_others_allow_is_noticed_also_where_as_many_compute_already() -> None:
    machine = Machine(2, busy=1)
    with machine.count() as count:
        machine.run(count, 30)
        assert machine.threads == 1
        machine.allow(1)  # The window has come into use; then the other program ends.
        machine.busy = 0
        machine.run(count, 60)
        assert set(machine.steps) == {1}
    assert machine.threads == 1


def test_one_processor_has_one_thread() -> None:
    machine = Machine(1, busy=1)
    machine.run(machine.count(), 30)
    assert set(machine.steps) == {1}


def test_what_does_not_adapt_tries_nothing() -> None:
    machine = Machine(4, busy=2)
    count = ThreadCount(
        adapts=False, allowed=lambda: machine.allowed, put=machine.put, clock=lambda: machine.now
    )
    machine.run(count, 30)
    assert set(machine.steps) == {4}


def test_afterwards_there_are_as_many_threads_as_before() -> None:
    before = torch.get_num_threads()
    machine = Machine(8, busy=3)
    with machine.count() as count:
        machine.run(count, 30)
        assert machine.threads < 8
    assert machine.threads == 8
    assert torch.get_num_threads() == before
