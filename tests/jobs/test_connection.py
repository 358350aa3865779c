"""EngineConnection with the real process: cancel, kill, crash, garbage, end of file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unet_studio.jobs.connection import EngineConnection, JobFailed, describe_exit
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.messages import NetworkSummary, Predict, Progress, SummarizeNetwork
from unet_studio.settings.network import UNetConfig

STUB = (sys.executable, "-m", "tests.jobs.stub_engine")
IMAGE = np.arange(12, dtype=np.uint16).reshape(3, 4, 1)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineConnection]:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    connection = EngineConnection(STUB, grace_s=1.0)
    yield connection
    connection.close()


def run(engine: EngineConnection, what: str, on_event=lambda event: None) -> np.ndarray:
    return engine.run(Predict(job=0, model=what), [IMAGE], on_event)[1][0]


def test_an_array_goes_to_the_engine_and_back(engine: EngineConnection) -> None:
    assert (run(engine, "echo") == IMAGE).all()
    assert (run(engine, "echo") == IMAGE).all()


def test_one_engine_serves_many_jobs(engine: EngineConnection) -> None:
    run(engine, "echo")
    first = engine.pid
    run(engine, "echo")
    assert engine.pid == first


def test_what_a_library_prints_does_not_disturb_the_messages(engine: EngineConnection) -> None:
    assert (run(engine, "print") == IMAGE + 1).all()
    # The line comes by another pipe than the answer.
    end = time.monotonic() + 10
    while "and so does C code" not in engine.log and time.monotonic() < end:
        time.sleep(0.01)
    assert "and so does C code" in engine.log


def test_progress_arrives_in_order(engine: EngineConnection) -> None:
    seen: list[Progress] = []
    run(engine, "steps:5", seen.append)
    assert [(event.done, event.total) for event in seen] == [(step, 5) for step in range(5)]


def test_cancel_ends_a_job_at_its_next_step_and_the_engine_lives_on(engine: EngineConnection) -> None:
    started = time.monotonic()
    with pytest.raises(JobCancelled):
        run(engine, "steps:5000", lambda event: engine.cancel() if event.done == 3 else None)
    assert time.monotonic() - started < 5
    pid = engine.pid
    assert (run(engine, "echo") == IMAGE).all()
    assert engine.pid == pid


def test_an_engine_that_ignores_cancel_is_killed_after_the_grace_time(engine: EngineConnection) -> None:
    cancelled_at: list[float] = []

    def cancel(_: object) -> None:
        cancelled_at.append(time.monotonic())
        engine.cancel()

    with pytest.raises(JobCancelled):
        run(engine, "hang", cancel)
    assert 0.9 < time.monotonic() - cancelled_at[0] < 4
    assert engine.pid is None
    assert (run(engine, "echo") == IMAGE).all(), "the next job starts a fresh engine"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("segfault", "crashed"),
        ("kill:9", "memory ran out"),
        ("kill:15", "asked to end by another program"),
        ("exit:0", "ended before the job was done"),
        ("exit:3", r"error \(code 3: out of cheese\)"),
        ("garbage", "no message"),
        ("bug", "ZeroDivisionError: a bug"),
    ],
)
def test_an_engine_that_dies_is_told_in_words_and_the_next_job_works(
    engine: EngineConnection, what: str, words: str
) -> None:
    with pytest.raises(JobFailed, match=words) as caught:
        run(engine, what)
    assert caught.value.kind == "crash"
    assert "\n" not in str(caught.value)
    assert (run(engine, "echo") == IMAGE).all()


def test_an_error_a_person_can_understand_arrives_with_its_values(engine: EngineConnection) -> None:
    with pytest.raises(JobFailed, match="The value 3 is wrong: use 7") as caught:
        run(engine, "user-error")
    assert caught.value.kind == "bad_input"
    assert caught.value.values == {"value": "3"}


def test_an_engine_killed_from_outside_in_the_middle_of_a_job_is_told(engine: EngineConnection) -> None:
    def kill(_: object) -> None:
        assert engine.pid
        os.kill(engine.pid, signal.SIGKILL)

    with pytest.raises(JobFailed, match="ended by the system"):
        run(engine, "hang", kill)


def test_modules_in_the_folder_where_the_program_was_started_are_not_taken_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("msgspec", "torch", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is somebody's script')")
    monkeypatch.chdir(tmp_path)
    engine = EngineConnection()
    try:
        outcome, _ = engine.run(SummarizeNetwork(0, UNetConfig(base_width=4, depth=1)))
    finally:
        engine.close()
    assert isinstance(outcome, NetworkSummary)


def test_an_engine_that_cannot_be_started_is_told() -> None:
    with pytest.raises(JobFailed, match="could not be started"):
        EngineConnection(["/nowhere/python"]).run(Predict(job=0, model="echo"), [IMAGE])


def test_closing_ends_the_engine_even_in_the_middle_of_a_job(engine: EngineConnection) -> None:
    began = threading.Event()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            run(engine, "hang", lambda _: began.set())
        except (JobFailed, JobCancelled) as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(30)
    engine.close()
    thread.join(10)
    assert len(ended) == 1


def test_end_of_file_ends_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(STUB, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdin.close()
    assert process.wait(10) == 0


def test_garbage_sent_to_the_engine_ends_it_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    done = subprocess.run(STUB, input=b"hello engine, this is no frame", capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"expected a frame" in done.stderr


def test_every_return_code_has_its_sentence() -> None:
    codes = (-11, -9, -15, 0, 1, 137)
    assert all(describe_exit(code).endswith("again.") for code in codes)
    assert len({describe_exit(code) for code in codes}) == 5
