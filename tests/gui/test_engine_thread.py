"""The thread beside an engine: what the window is told of its jobs, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from unet_studio.gui.background.engine_thread import EngineThread, Job


class Engine:
    """A connection whose jobs end when the test says so."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.stops = 0

    def run(self, _: Any, __: Any, report: Any) -> tuple[str, list[Any]]:
        report("begun")
        assert self.may_end.wait(30)
        return "outcome", []

    def cancel(self) -> None:
        self.may_end.set()

    def stop(self) -> None:
        self.stops += 1

    def close(self) -> None:
        pass


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def thread(qtbot: QtBot, engine: Engine) -> Iterator[EngineThread]:
    thread = EngineThread(engine)  # type: ignore[arg-type]
    yield thread
    assert thread.close()


def job() -> Job:
    return Job("a job", lambda: (None, []))  # type: ignore[arg-type, return-value]


def wait_without_events(thread: EngineThread) -> None:
    """Until the worker has ended its jobs; nothing of it reaches the GUI thread meanwhile."""
    deadline = time.monotonic() + 30
    while thread._running is not None or not thread._jobs.empty():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_thread_is_busy_until_the_window_has_been_told_of_the_end(
    thread: EngineThread, engine: Engine, qtbot: QtBot
) -> None:
    busy_when_told: list[bool] = []
    thread.done.connect(lambda *_: busy_when_told.append(thread.is_busy))
    thread.submit(job())
    assert thread.is_busy
    engine.may_end.set()
    wait_without_events(thread)
    assert thread.is_busy, "nobody has been told yet"
    qtbot.waitUntil(lambda: not thread.is_busy, timeout=5_000)
    assert busy_when_told == [False]


def test_a_thread_is_free_at_once_when_its_jobs_are_cancelled(
    thread: EngineThread, engine: Engine, qtbot: QtBot
) -> None:
    cancelled: list[Job] = []
    thread.cancelled.connect(cancelled.append)
    jobs = [job(), job()]
    for one in jobs:
        thread.submit(one)
    qtbot.waitUntil(lambda: thread._running is jobs[0], timeout=5_000)
    thread.cancel()
    assert not thread.is_busy
    assert cancelled == jobs
    qtbot.wait(50)
    assert len(cancelled) == 2, "an end is told once"


def test_a_job_can_be_cancelled_until_its_end_has_been_told(
    thread: EngineThread, engine: Engine, qtbot: QtBot
) -> None:
    ends: list[str] = []
    thread.done.connect(lambda *_: ends.append("done"))
    thread.cancelled.connect(lambda _: ends.append("cancelled"))
    engine.may_end.set()
    thread.submit(job())
    wait_without_events(thread)
    thread.cancel()
    assert ends == ["cancelled"]
    assert not thread.is_busy
    qtbot.wait(50)
    assert ends == ["cancelled"], "and is told once"


def test_a_stop_that_comes_while_the_job_is_prepared_is_asked_for_again(
    thread: EngineThread, engine: Engine, qtbot: QtBot
) -> None:
    may_begin = threading.Event()

    def prepare() -> Any:
        assert may_begin.wait(30)
        return None, []

    thread.submit(Job("a training", prepare))
    qtbot.waitUntil(lambda: thread._running is not None, timeout=5_000)
    thread.stop_keeping_best()
    assert engine.stops == 1, "no engine knew of the job"
    may_begin.set()
    qtbot.waitUntil(lambda: engine.stops == 2, timeout=5_000)
    engine.may_end.set()
    qtbot.waitUntil(lambda: not thread.is_busy, timeout=5_000)
