"""EngineConnection: starts the engine, sends it jobs, and says in words how things ended."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

import unet_studio
from unet_studio.core.errors import UserError
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.framing import Array, FramingError, read_frame, write_frame
from unet_studio.jobs.messages import (
    PROTOCOL_VERSION,
    Cancel,
    Cancelled,
    Event,
    Failed,
    FailureKind,
    Outcome,
    Progress,
    Ready,
    Request,
    Stop,
    TrainingBegun,
    TrainingPoint,
    WindowInUse,
    decode_event,
    encode,
)

# -P: not what lies in the folder where the program was started, which may hold a torch.py of somebody's.
ENGINE_COMMAND = (sys.executable, "-P", "-m", "unet_studio", "engine")
GRACE_S = 5.0
_START_LIMIT_S = 120.0
_POLL_S = 0.05
_STDERR_LINES = 200
# What an unprivileged program may ask for on Linux; 64 KiB is what it gets unasked.
_PIPE_BYTES = 2**20

OnEvent = Callable[[Progress | TrainingBegun | TrainingPoint], None]


class JobFailed(UserError):
    """A job ended without a result; the sentence says why and what to do."""

    def __init__(self, kind: FailureKind, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.kind = kind


class EngineConnection:
    """One engine process, started when first needed and again after it ended.

    `run` blocks and belongs to one worker thread; `cancel`, `stop` and `close` may be called from any.
    """

    def __init__(self, command: Sequence[str] = ENGINE_COMMAND, *, grace_s: float = GRACE_S) -> None:
        self._command = list(command)
        self._grace_s = grace_s
        self._process: subprocess.Popen[bytes] | None = None
        self._events: queue.Queue[tuple[Event, list[Array]] | FramingError | None] = queue.Queue()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._write_lock = threading.Lock()
        self._job_ids = itertools.count(1)
        self._running: int | None = None
        self._cancel_asked = threading.Event()
        self._window_in_use = False

    @property
    def pid(self) -> int | None:
        """The engine's process id while it lives."""
        alive = self._process is not None and self._process.poll() is None
        return self._process.pid if alive and self._process else None

    @property
    def log(self) -> list[str]:
        """The last lines the engine wrote to its standard error."""
        return list(self._stderr)

    def run(
        self,
        request: Request,
        arrays: Sequence[Array] = (),
        on_event: OnEvent = lambda event: None,
    ) -> tuple[Outcome, list[Array]]:
        """Run one job to its end and return its outcome with its arrays.

        The request's `job` is given a fresh number. Raises JobFailed, or JobCancelled after `cancel`.
        """
        self._cancel_asked.clear()
        job = next(self._job_ids)
        request = msgspec.structs.replace(request, job=job)
        self._running = job
        try:
            self._ensure_started()
            self._send(request, arrays)
            return self._wait_for_outcome(job, on_event)
        finally:
            self._running = None

    def cancel(self) -> None:
        """Ask the running job to end; the engine is killed if it has not within the grace time."""
        job = self._running
        if job is None:
            return
        self._cancel_asked.set()
        self._send_quietly(Cancel(job))

    def stop(self) -> None:
        """Ask the running training to end and keep its best weights."""
        job = self._running
        if job is not None:
            self._send_quietly(Stop(job))

    def window_in_use(self, in_use: bool) -> None:
        """Ask the engine to leave a processor to the window, or tell it that it may use all again."""
        self._window_in_use = in_use
        if self._process is not None:
            self._send_quietly(WindowInUse(in_use))

    def close(self) -> None:
        """End the engine: its standard input closes, which it obeys; if not, it is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):  # Already gone: closing flushes to a broken pipe.
            cast(BinaryIO, process.stdin).close()
        try:
            process.wait(timeout=self._grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # Inside

    def _ensure_started(self) -> None:
        if self.pid is not None:
            return
        self._events = queue.Queue()
        self._stderr.clear()
        try:
            self._process = subprocess.Popen(
                self._command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # On Windows: no console window flashing up, and the window's own work goes first (elsewhere
                # the engine sees to that itself). Ctrl+C in the terminal is ours to handle.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
                | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise JobFailed(
                "crash",
                "The engine {command} could not be started: {reason}. Install U-Net Studio again.",
                command=self._command[0],
                reason=error.strerror,
            ) from error
        process, events = self._process, self._events
        for pipe in (process.stdin, process.stdout):
            _widen(cast(BinaryIO, pipe))
        threading.Thread(target=_read_events, args=(process.stdout, events), daemon=True).start()
        threading.Thread(target=_read_lines, args=(process.stderr, self._stderr), daemon=True).start()
        self._await_ready()
        if self._window_in_use:
            self._send(WindowInUse(in_use=True))

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            item = self._next_item(deadline)
            if item is None:
                raise JobFailed(
                    "crash",
                    "The engine did not start within {seconds} s. Close other programs and try again.",
                    seconds=int(_START_LIMIT_S),
                )
            event = item[0]
            if isinstance(event, Ready):
                if event.protocol != PROTOCOL_VERSION:
                    self._kill()
                    raise JobFailed(
                        "crash",
                        "The engine speaks protocol {theirs}, the window {ours}: install the same version "
                        "of U-Net Studio on both sides.",
                        theirs=event.protocol,
                        ours=PROTOCOL_VERSION,
                    )
                return

    def _wait_for_outcome(self, job: int, on_event: OnEvent) -> tuple[Outcome, list[Array]]:
        kill_at: float | None = None
        while True:
            if kill_at is None and self._cancel_asked.is_set():
                kill_at = time.monotonic() + self._grace_s
            item = self._next_item(time.monotonic() + _POLL_S if kill_at is None else kill_at)
            if item is None:
                if kill_at is not None and time.monotonic() >= kill_at:
                    self._kill()
                    raise JobCancelled
                continue
            event, arrays = item
            if isinstance(event, Ready) or event.job != job:
                continue  # The tail of an earlier job.
            if isinstance(event, Progress | TrainingBegun | TrainingPoint):
                on_event(event)
            elif isinstance(event, Cancelled):
                raise JobCancelled
            elif isinstance(event, Failed):
                raise JobFailed(event.kind, event.template, **event.values)
            else:
                return event, arrays

    def _next_item(self, deadline: float) -> tuple[Event, list[Array]] | None:
        """The next event; None when the deadline passed. Raises if the engine ended."""
        try:
            item = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None
        if isinstance(item, tuple):
            return item
        if self._cancel_asked.is_set():
            self._kill()
            raise JobCancelled
        raise self._death(item)

    def _death(self, garbage: FramingError | None) -> JobFailed:
        if garbage is not None:
            self._kill()
            return JobFailed(
                "crash",
                "The engine sent something that is no message ({reason}) and was ended. Try again; nothing "
                "was lost.",
                reason=garbage,
            )
        process = self._process
        code = process.wait() if process else 0
        self._process = None
        return JobFailed("crash", describe_exit(code), code=code, last_line=self._last_line())

    def _last_line(self) -> str:
        time.sleep(_POLL_S)  # The thread that reads standard error is a moment behind.
        return next((line for line in reversed(self._stderr) if line.strip()), "no message").strip()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _send(self, message: Request, arrays: Sequence[Array] = ()) -> None:
        process = self._process
        if process is None:
            return
        body = encode(message)
        # A broken or closed pipe: the engine ended, the reader thread reports it, in words.
        with self._write_lock, contextlib.suppress(OSError, ValueError):
            write_frame(cast(BinaryIO, process.stdin), body, arrays)

    def _send_quietly(self, message: Request) -> None:
        # A big request may fill the pipe under the lock: asking to cancel must not wait for it.
        threading.Thread(target=self._send, args=(message,), daemon=True).start()


def _environment() -> dict[str, str]:
    """This process's; where the program runs from its source folder, the engine finds it there too."""
    home = Path(unet_studio.__file__).parent.parent
    if home.name in ("site-packages", "dist-packages"):
        return dict(os.environ)
    known = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(home), known] if known else [str(home)])}


def _widen(pipe: BinaryIO) -> None:
    """Let more wait in a pipe, where the system allows it: 64 KiB at a time an image wakes both ends hundreds
    of times, and takes three times as long. Popen's own `pipesize` fails where less is allowed."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def describe_exit(code: int) -> str:
    """Template of the sentence for an engine that ended by itself with this return code."""
    if code in (-signal.SIGSEGV, -signal.SIGBUS if hasattr(signal, "SIGBUS") else None, 0xC0000005):
        return (
            "The engine crashed (memory access fault). Your labels are safe; try again, and report it if it "
            "happens again."
        )
    if code == -9:
        return (
            "The engine was ended by the system, usually because memory ran out. Your labels are safe; "
            "close other programs or use a smaller image, then try again."
        )
    if code == -15:
        return "The engine was asked to end by another program. Your labels are safe; try again."
    if code == 0:
        return "The engine ended before the job was done. Your labels are safe; try again."
    return "The engine ended with an error (code {code}: {last_line}). Your labels are safe; try again."


def _read_events(stdout: Any, events: queue.Queue[Any]) -> None:
    try:
        while (frame := read_frame(stdout)) is not None:
            events.put((decode_event(frame[0]), frame[1]))
        events.put(None)
    except FramingError as error:
        events.put(error)
    except msgspec.DecodeError as error:
        events.put(FramingError(str(error)))
    except (OSError, ValueError):
        events.put(None)  # The pipe was closed on our side.


def _read_lines(stderr: Any, lines: deque[str]) -> None:
    for line in iter(stderr.readline, b""):
        lines.append(line.decode("utf-8", "replace").rstrip())
