"""Picks the command. Imports nothing heavy: every command imports what it needs itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run U-Net Studio with command-line arguments; returns the exit code.

    0 = done, 2 = bad usage or bad input (one plain line on stderr), 130 = cancelled.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["engine"]:
        # Read when torch is loaded. Threads that wait for each other spin 300,000 times by default: beside
        # other programs most of the engine's time went into that (docs/adr/0020-prediction.md).
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
        from unet_studio.engine.handlers import HANDLERS, RESTS, make_room
        from unet_studio.engine.server import main as serve

        return serve(HANDLERS, make_room, RESTS)
    from unet_studio.cli.commands import run_command

    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
