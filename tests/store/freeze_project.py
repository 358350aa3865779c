"""Makes the project file of a version that is about to be released: `python -m tests.store.freeze_project`."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

from tests.conftest import discs
from unet_studio.core.brush import Capsule
from unet_studio.core.document import Change
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.proposals import Proposals
from unet_studio.store import schema
from unet_studio.store.project_store import ProjectStore

SHAPE = (300, 520)


def main() -> None:
    home = Path(tempfile.mkdtemp())
    images = [home / "a.png", home / "b.png"]
    for path in images:
        cv2.imwrite(str(path), np.full(SHAPE, ord(path.stem), np.uint8))
    store = ProjectStore(home / "cells.unetproject")
    image_id, _ = store.add_images(images)
    plane = store.open_plane(image_id, height=SHAPE[0], width=SHAPE[1])
    document = store.load_document(plane)

    def record(change: Change | None) -> None:
        assert change is not None
        store.record(plane, document, change)

    def stroke(start: tuple[int, int], end: tuple[int, int], diameter: int, instance: int) -> None:
        document.begin_stroke("Brush stroke" if instance else "Erase")
        document.paint(Capsule(PixelPoint(*start), PixelPoint(*end), diameter), instance)
        record(document.finish_stroke())

    stroke((30, 40), (90, 120), 20, document.new_instance_id())
    stroke((200, 250), (260, 270), 33, document.new_instance_id())
    stroke((100, 400), (100, 500), 12, document.new_instance_id())
    stroke((60, 80), (60, 200), 9, 0)
    proposals = Proposals.from_label_image(
        discs(SHAPE, (40, 300, 20), (200, 60, 30), (250, 480, 25)), model="nuclei"
    )
    record(document.accept(proposals, [1, 2], name="Accept all proposals"))
    store.record_proposals(plane, proposals)
    record(document.set_class([1, 2], 2, name="Set class"))
    record(document.merge_instances(1, [2], name="Merge instances"))
    record(document.undo())
    record(document.set_checked(Rect(0, 0, 150, 520), True, name="Mark as checked"))
    record(document.delete_instances([3], name="Delete instance"))
    record(document.undo())
    record(document.undo())
    store.record_setting("model", "nuclei")
    assert store.close()
    out = Path(__file__).with_name("released_projects") / f"version_{schema.VERSION}"
    out.mkdir()
    shutil.copy(home / "cells.unetproject" / "project.sqlite", out)
    expected = {
        "shape": SHAPE,
        "done": [edit.name for edit in document.history.done],
        "undone": [edit.name for edit in document.history.undone],
        "instances": sorted(row.id for row in document.instances),
        "next_id": document.next_id,
        "waiting_proposals": [i for i in proposals.table if proposals.is_open(i, document.instances)],
        "model": "nuclei",
        "images": [path.name for path in images],
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    states = [document.read(document.bounds)]
    while document.undo():
        states.append(document.read(document.bounds))
    cv2.imwrite(str(out / "labels.png"), np.vstack(states).astype(np.uint16))


if __name__ == "__main__":
    main()
