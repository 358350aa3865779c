"""Work off the GUI thread, also where some of it never ends."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from unet_studio.core.errors import UserError
from unet_studio.gui.background import pool as pool_module
from unet_studio.gui.background.pool import Pool


@pytest.fixture
def pool(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setattr(pool_module, "_STUCK_S", 0.2)
    pool = Pool()
    yield pool
    pool.close(0.0)


@pytest.fixture
def lost() -> Iterator[threading.Event]:
    """Work that waits for it hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def nobody(_: UserError) -> None:
    raise AssertionError


def test_work_that_hangs_does_not_keep_other_work_from_being_done(
    pool: Pool, lost: threading.Event, qtbot: QtBot
) -> None:
    done: list[int] = []
    for _ in range(5):
        pool.submit(lambda: lost.wait(30), lambda _: None, nobody)
    for number in range(3):
        pool.submit(lambda number=number: number, done.append, nobody)  # type: ignore[misc]
    qtbot.waitUntil(lambda: sorted(done) == [0, 1, 2], timeout=15_000)


def test_threads_that_were_added_go_when_the_others_are_back(
    pool: Pool, lost: threading.Event, qtbot: QtBot
) -> None:
    done: list[int] = []
    for _ in range(4):
        pool.submit(lambda: lost.wait(30), lambda _: None, nobody)
    pool.submit(lambda: 1, done.append, nobody)
    qtbot.waitUntil(lambda: done == [1], timeout=15_000)
    assert len(pool._since) > 2
    lost.set()
    qtbot.waitUntil(lambda: len(pool._since) == 2, timeout=5_000)
    pool.submit(lambda: 2, done.append, nobody)
    qtbot.waitUntil(lambda: done == [1, 2], timeout=5_000)


def test_closing_waits_for_what_runs_but_not_for_ever(pool: Pool, lost: threading.Event) -> None:
    begun = threading.Event()

    def work() -> None:
        begun.set()
        lost.wait(30)

    pool.submit(work, lambda _: None, nobody)
    assert begun.wait(5)
    assert not pool.close(0.1)
    lost.set()
    assert pool.close(5.0)


def test_what_must_end_is_waited_for(pool: Pool) -> None:
    written: list[int] = []

    def write(number: int) -> None:
        time.sleep(0.4)
        written.append(number)

    for number in range(4):
        pool.submit(lambda number=number: write(number), lambda _: None, nobody, must_end=True)  # type: ignore[misc]
    assert pool.close(0.05)
    assert sorted(written) == [0, 1, 2, 3], "those that had not begun, too"


def test_a_drive_that_fails_is_a_sentence_not_a_bug(pool: Pool, qtbot: QtBot) -> None:
    told: list[str] = []

    def work() -> None:
        raise OSError(errno.EIO, "Input/output error", "/share/day 1/cells.tif")

    pool.submit(work, lambda _: None, lambda error: told.append(str(error)))
    qtbot.waitUntil(lambda: bool(told), timeout=5_000)
    assert told == [
        "cells.tif cannot be read or written now (Input/output error): check that its drive is connected."
    ]
