"""A scripted drawing session: step k does the same to the same document, in any process.

As a program it is a server: each line on stdin forks a child that opens the project, goes on drawing where
the journal ends and prints the number of every entry when it is committed, until it is killed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Change, Document
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.store.journal import Listener, Moment
from unet_studio.store.project_store import ProjectStore, Timing

SHAPE = (700, 900)
JOURNAL_BYTES = 3_000_000


def step(document: Document, number: int) -> Change:
    """Step `number` of the script: always exactly one entry of the journal."""
    rng = np.random.default_rng(number)
    kinds = ("stroke", "erase", "undo", "redo", "delete", "merge", "class", "check")
    kind = rng.choice(kinds, p=(0.5, 0.14, 0.12, 0.08, 0.06, 0.04, 0.03, 0.03))
    ids = sorted(row.id for row in document.instances)
    chosen = [int(i) for i in rng.choice(ids, 2)] if ids else [0, 0]
    change = None
    if kind == "undo":
        change = document.undo()
    elif kind == "redo":
        change = document.redo()
    elif kind == "delete":
        change = document.delete_instances(chosen[:1], name="Delete instance")
    elif kind == "merge":
        change = document.merge_instances(chosen[0], chosen[1:], name="Merge instances")
    elif kind == "class":
        change = document.set_class(chosen[:1], int(rng.integers(1, 5)), name="Set class")
    elif kind == "check":
        top, left = (int(v) for v in rng.integers(0, 600, 2))
        area = Rect(top, left, top + 90, left + 90)
        change = document.set_checked(area, bool(rng.random() < 0.7), name="Mark as checked")
    while change is None:
        change = _stroke(document, rng, erase=kind == "erase")
        kind = "stroke"
    return change


def _stroke(document: Document, rng: np.random.Generator, *, erase: bool) -> Change | None:
    y0, x0 = rng.uniform(0, SHAPE[0]), rng.uniform(0, SHAPE[1])
    dy, dx = rng.uniform(-80, 80, 2)
    number = 0 if erase else document.new_instance_id()
    document.begin_stroke("Erase" if erase else "Brush stroke")
    line = Capsule(PixelPoint(y0, x0), PixelPoint(y0 + dy, x0 + dx), float(rng.uniform(4, 50)))
    document.paint(line, number)
    return document.finish_stroke()


class _Reporter(Listener):
    def committed(self, plane_id: int, moment: Moment) -> None:
        os.write(1, b"%d\n" % moment.id)


def draw_for_ever(folder: Path) -> None:
    # Backups and trimming all the time: a kill may hit them too.
    timing = Timing(first_backup_s=0.01, backup_interval_s=0.03)
    store = ProjectStore(folder, _Reporter(), timing=timing)
    plane = store.plane_places(1)[0].id
    document = store.load_document(plane)
    moments = store.timeline(plane, count=1).moments
    number = moments[0].id if moments else 0
    while True:
        number += 1
        store.record(plane, document, step(document, number))
        while store.journal.waiting > 3:
            store.journal.flush(0.01)


def main() -> None:
    folder = Path(sys.argv[1])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.write(1, b"pid %d\n" % os.getpid())
            draw_for_ever(folder)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
