"""A real engine process with handlers that misbehave on request.

The `model` of a Predict request says what to do.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

import numpy as np

from unet_studio.core.errors import UserError
from unet_studio.engine.server import ServerContext, main
from unet_studio.jobs.messages import Predict, Predicted


def handle(
    request: Predict, arrays: list[np.ndarray], context: ServerContext
) -> tuple[Predicted, list[np.ndarray]]:
    what, _, argument = request.model.partition(":")
    done = Predicted(job=request.job, device="stub", seconds=0.0)
    if what == "echo":
        return done, [arrays[0]]
    if what == "print":
        print("a library prints to stdout")
        os.write(1, b"and so does C code\n")
        sys.stdout.flush()
        return done, [arrays[0] + 1]
    if what == "steps":
        for step in range(int(argument)):
            context.check_cancelled()
            context.progress(step, int(argument))
            time.sleep(0.02)
        return done, [np.zeros(1)]
    if what == "hang":
        context.progress(0, 1)
        time.sleep(600)
    if what == "segfault":
        ctypes.string_at(0)
    if what == "exit":
        print("out of cheese", file=sys.stderr, flush=True)
        os._exit(int(argument))
    if what == "kill":
        os.kill(os.getpid(), int(argument))
        time.sleep(5)
    if what == "user-error":
        raise UserError("The value {value} is wrong: use 7.", value=3)
    if what == "bug":
        raise ZeroDivisionError("a bug")
    if what == "garbage":
        os.write(context_sink, b"this is no frame at all, but long enough to be read as one")
        time.sleep(5)
    raise AssertionError(request.model)


if __name__ == "__main__":
    # The server duplicates descriptor 1: keep a way to write garbage there, as a broken engine would.
    context_sink = os.dup(1)
    sys.exit(main({Predict: handle}))
