"""What an engine on this machine would compute with."""

from __future__ import annotations

from typing import cast

from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import Describe, Described


def describe_machine() -> Described:
    """Start an engine, ask it, end it: a second or two. Raises JobFailed if that does not work, and says why
    nothing can be computed here."""
    engine = EngineConnection()
    try:
        return cast(Described, engine.run(Describe(0))[0])
    finally:
        engine.close()
