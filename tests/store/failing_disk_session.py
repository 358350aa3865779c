"""Draws scripted steps on a disk that begins to fail, and prints what the store tells; run by a test.

argv: project folder, the flag file that makes the disk fail, a second folder or "-".
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.store.drawing_session import step
from unet_studio.core.errors import ProjectError
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore, Timing

STEPS_BEFORE, STEPS_WHILE, STEPS_AFTER = 20, 60, 20


class Heard(Listener):
    def __init__(self) -> None:
        self.failed, self.back = threading.Event(), threading.Event()

    def failing(self, reason: str, waiting: int) -> None:
        print(f"failing: {reason}", flush=True)
        self.failed.set()

    def recovered(self) -> None:
        print("recovered", flush=True)
        self.back.set()


def main() -> None:
    folder, flag, other = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    heard = Heard()
    store = ProjectStore(folder, heard, timing=Timing(retry_s=0.2))
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    numbers = iter(range(1, 1000))

    def draw(count: int) -> None:
        for _ in range(count):
            store.record(plane, document, step(document, next(numbers)))

    draw(STEPS_BEFORE)
    assert store.journal.flush(20)
    flag.touch()
    draw(STEPS_WHILE)
    assert heard.failed.wait(10), "it must be told at once"
    assert not store.journal.flush(0.5)
    print(f"waiting: {store.journal.waiting}", flush=True)
    if other == "-":
        flag.unlink()
    else:
        store.continue_in(Path(other))
        print(f"continued in {store.folder}", flush=True)
    assert heard.back.wait(20)
    draw(STEPS_AFTER)
    try:
        assert store.close(timeout_s=20)
    except ProjectError as error:
        print(error)
    print("closed", flush=True)


if __name__ == "__main__":
    main()
