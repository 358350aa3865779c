"""Draws strokes for ever and prints each one's number when it is committed; killed by a test."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from unet_studio.core.brush import stroke_segment
from unet_studio.core.geometry import PixelPoint
from unet_studio.store.journal import EditCommit, Listener
from unet_studio.store.project_store import ProjectStore

SHAPE = (700, 900)


class Reporter(Listener):
    def committed(self, commit: object, packed: object) -> None:
        if isinstance(commit, EditCommit):
            sys.stdout.write(f"{commit.next_id - 1}\n")
            sys.stdout.flush()


def stroke(number: int) -> tuple[PixelPoint, PixelPoint, float]:
    """The same stroke for the same number, in this process and in the test."""
    rng = np.random.default_rng(number)
    y0, y1 = rng.uniform(0, SHAPE[0], 2)
    x0, x1 = rng.uniform(0, SHAPE[1], 2)
    return PixelPoint(y0, x0), PixelPoint(y1, x1), float(rng.uniform(4, 60))


def main() -> None:
    store = ProjectStore(Path(sys.argv[1]), Reporter())
    (image_id,) = store.add_images([Path(sys.argv[2])])
    document = store.load_document(image_id, height=SHAPE[0], width=SHAPE[1])
    while True:
        number = document.new_instance_id()
        start, end, diameter = stroke(number)
        document.begin_stroke("Brush stroke")
        covered = stroke_segment(start, end, diameter_px=diameter, within=document.bounds)
        document.paint(covered.rect, covered.mask, number)
        change = document.finish_stroke()
        if change is not None:
            store.record(image_id, document, change)
        while store.journal.waiting > 3:
            store.journal.flush(0.01)


if __name__ == "__main__":
    main()
