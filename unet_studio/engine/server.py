"""The engine's loop: reads requests, runs one job at a time in a thread, answers. EOF = exit."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from unet_studio.core.errors import UserError
from unet_studio.engine.heap import keep_memory
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.framing import Array, FramingError, read_frame, write_frame
from unet_studio.jobs.messages import (
    PROTOCOL_VERSION,
    Cancel,
    Cancelled,
    Event,
    Failed,
    Outcome,
    Progress,
    Ready,
    Stop,
    TrainingBegun,
    TrainingPoint,
    WindowInUse,
    decode_request,
    encode,
)

_NICE = 10

Rest = tuple[float, Callable[[], None]]
Handler = Callable[[Any, list[Array], "ServerContext"], tuple[Outcome, list[Array]]]


class ServerContext:
    """The JobContext of a job in the engine; also sends its training points."""

    def __init__(
        self, job: int, send: Callable[[Event], None], yield_if_asked: Callable[[], None] = lambda: None
    ) -> None:
        self.job = job
        self._yield_if_asked = yield_if_asked
        self.cancelled = threading.Event()
        self.stopped = threading.Event()
        self._send = send

    def progress(self, done: int, total: int, note: str = "") -> None:
        """See JobContext."""
        self._send(Progress(self.job, done, total, note))

    def tell(self, event: TrainingBegun | TrainingPoint) -> None:
        """Send an event of a training."""
        self._send(event)

    def check_cancelled(self) -> None:
        """See JobContext. Also the place where the job makes room for the window, if that is in use."""
        self._yield_if_asked()
        if self.cancelled.is_set():
            raise JobCancelled

    def stop_requested(self) -> bool:
        """See JobContext."""
        return self.stopped.is_set()


def _ask(context: ServerContext, request: Cancel | Stop) -> None:
    (context.cancelled if isinstance(request, Cancel) else context.stopped).set()


class EngineServer:
    """Serves requests from `source` and answers on `sink`."""

    def __init__(
        self,
        handlers: Mapping[type, Handler],
        source: BinaryIO,
        sink: BinaryIO,
        make_room: Callable[[bool], None] = lambda _: None,
        rests: Sequence[Rest] = (),
    ) -> None:
        """`make_room` is called in the job's thread when the window comes into use, or rests again; each of
        `rests`, in the order of their seconds, when there has been no job for so long: what is kept for the
        next one may go."""
        self._rests = rests
        self._handlers = handlers
        self._make_room = make_room
        self._window_in_use = self._made_room = False
        self._source = source
        self._sink = sink
        self._write_lock = threading.Lock()
        self._jobs: queue.Queue[tuple[Any, list[Array], ServerContext]] = queue.Queue()
        self._contexts: dict[int, ServerContext] = {}
        self._newest = -1
        self._early: list[Cancel | Stop] = []
        """Of jobs whose request is still on its way."""

    def serve(self) -> None:
        """Read requests until the stream ends."""
        threading.Thread(target=self._run_jobs, daemon=True).start()
        self._send(Ready(PROTOCOL_VERSION, os.getpid()))
        while (frame := read_frame(self._source)) is not None:
            request = decode_request(frame[0])
            if isinstance(request, WindowInUse):
                self._window_in_use = request.in_use
                continue
            if isinstance(request, Cancel | Stop):
                context = self._contexts.get(request.job)
                if context is not None:
                    _ask(context, request)
                elif request.job > self._newest:
                    self._early.append(request)
                continue
            context = ServerContext(request.job, self._send, self._yield_if_asked)
            self._contexts[request.job] = context
            self._newest = request.job
            for early in self._early:
                if early.job == request.job:
                    _ask(context, early)
            self._early = [early for early in self._early if early.job > request.job]
            self._jobs.put((request, frame[1], context))

    def _yield_if_asked(self) -> None:
        if self._made_room != self._window_in_use:
            self._made_room = self._window_in_use
            self._make_room(self._made_room)

    def _run_jobs(self) -> None:
        ended_at, rests = 0.0, list[Rest]()
        while True:
            wait_s = max(0.0, ended_at + rests[0][0] - time.monotonic()) if rests else None
            try:
                request, arrays, context = self._jobs.get(timeout=wait_s)
            except queue.Empty:
                _, rest = rests.pop(0)
                try:
                    rest()
                except Exception as error:  # noqa: BLE001 - resting must not end the work that follows
                    sys.excepthook(type(error), error, error.__traceback__)
                continue
            event, out = self._run(request, arrays, context)
            self._contexts.pop(request.job, None)
            self._send(event, out)
            del request, arrays, context, event, out  # Not kept until there is another job.
            ended_at, rests = time.monotonic(), list(self._rests)

    def _run(self, request: Any, arrays: list[Array], context: ServerContext) -> tuple[Event, list[Array]]:
        try:
            context.check_cancelled()
            return self._handlers[type(request)](request, arrays, context)
        except JobCancelled:
            return Cancelled(request.job), []
        except UserError as error:
            values = {name: str(value) for name, value in error.values.items()}
            return Failed(job=request.job, kind="bad_input", template=error.template, values=values), []
        except Exception as error:  # noqa: BLE001 - the border of the process: told in words, logged in full
            sys.excepthook(type(error), error, error.__traceback__)
            template = "The engine met an unexpected error ({reason}). Your labels are safe; try again."
            reason = f"{type(error).__name__}: {error}"
            return Failed(job=request.job, kind="crash", template=template, values={"reason": reason}), []

    def _send(self, event: Event, arrays: list[Array] | None = None) -> None:
        with self._write_lock:
            write_frame(self._sink, encode(event), arrays or [])


def take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The process's stdin and stdout as private streams.

    Descriptor 1 then leads to standard error and descriptor 0 to nowhere, so that nothing a library
    prints or reads can disturb the messages.
    """
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    if os.name == "nt":
        import msvcrt

        for stream in (source, sink):
            msvcrt.setmode(stream.fileno(), os.O_BINARY)  # type: ignore[attr-defined,unused-ignore]
    return source, sink


def main(
    handlers: Mapping[type, Handler],
    make_room: Callable[[bool], None] = lambda _: None,
    rests: Sequence[Rest] = (),
) -> int:
    """Run the engine on this process's stdin and stdout. Returns the exit code."""
    source, sink = take_over_stdio()
    if os.name == "posix":
        os.nice(_NICE)  # The hand that draws goes first.
    keep_memory()
    try:
        EngineServer(handlers, source, sink, make_room, rests).serve()
    except (FramingError, msgspec.DecodeError) as error:
        print(f"engine: {error}", file=sys.stderr)  # noqa: T201
        code = 2
    except BrokenPipeError:
        code = 0
    else:
        code = 0
    sys.stderr.flush()
    # A job may still be computing: with nobody to answer to, end at once instead of waiting for it.
    os._exit(code)
