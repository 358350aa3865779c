"""A thousand strokes on a plane of 100,000 × 80,000 px in a process of its own; prints what it took.

argv: an empty folder.
"""

from __future__ import annotations

import queue
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import tifffile

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Document
from unet_studio.core.edits import Edit
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.io.label_files import write_plane_masks
from unet_studio.store.edit_codec import PackedEdit
from unet_studio.store.journal import Listener
from unet_studio.store.project_store import ProjectStore

HEIGHT, WIDTH, STROKES = 80_000, 100_000, 1000


def memory_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


class Compressed(Listener):
    """Edits in their compressed form, to be put into the history by the thread that owns it."""

    def __init__(self) -> None:
        self.ready: queue.SimpleQueue[tuple[Edit, PackedEdit]] = queue.SimpleQueue()

    def packed(self, plane_id: int, edit: Edit, packed: PackedEdit) -> None:
        self.ready.put((edit, packed))

    def put_into(self, document: Document) -> None:
        while not self.ready.empty():
            document.history.replace(*self.ready.get())


def main() -> None:
    home = Path(sys.argv[1])
    compressed = Compressed()
    image = home / "slide.png"
    cv2.imwrite(str(image), np.zeros((8, 8), np.uint8))  # The labels do not need the pixels.
    store = ProjectStore(home / "p.unetproject", compressed)
    (image_id,) = store.add_images([image])
    plane = store.open_plane(image_id, height=HEIGHT, width=WIDTH)
    document = store.load_document(plane)
    rng = np.random.default_rng(3)
    ends = []
    for number in range(STROKES):
        start = PixelPoint(rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH))
        reach = 20_000 if number == 500 else 900  # One sweep across the zoomed-out slide.
        end = PixelPoint(*(np.array(start) + rng.uniform(-reach, reach, 2)))
        document.begin_stroke("Brush stroke")
        document.paint(Capsule(start, end, float(rng.uniform(5, 120))), document.new_instance_id())
        change = document.finish_stroke()
        assert change is not None
        store.record(plane, document, change)
        ends.append(start)
        while store.journal.waiting > 5:  # A hand is slower than this loop.
            time.sleep(0.001)
        compressed.put_into(document)
    assert store.close()
    print(f"drawn_mb {memory_mb('VmHWM'):.0f}")

    started = time.perf_counter()
    store = ProjectStore(home / "p.unetproject")
    document = store.load_document(plane)
    print(f"open_s {time.perf_counter() - started:.3f}")
    print(f"tiles {len(document.labels.indices())}")
    undone = 0
    while undone < 300:
        change = document.undo()
        assert change is not None
        store.record(plane, document, change)
        undone += 1
        while store.journal.waiting > 5:
            time.sleep(0.001)
    while document.redo():
        pass
    found = sum(bool(document.instance_at(*at)) for at in ends if document.bounds.contains_point(*at))
    print(f"found {found}")
    started = time.perf_counter()
    print(f"undone_mb {memory_mb('VmHWM'):.0f}")
    (path,) = write_plane_masks(home, "slide", document.labels, document.bounds, ("label-tiff",))
    print(f"export_s {time.perf_counter() - started:.3f}")
    check(path, document)
    assert store.close()
    print(f"peak_mb {memory_mb('VmHWM'):.0f}")


def check(path: Path, document: Document) -> None:
    """The file's pixels, in a few windows, are the document's."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        assert page.shape == (HEIGHT, WIDTH)
        columns = -(-WIDTH // 256)
        for index in sorted(document.labels.indices())[::97]:
            place = index.row * columns + index.col
            tiff.filehandle.seek(page.dataoffsets[place])
            data = tiff.filehandle.read(page.databytecounts[place])
            tile = page.decode(data, place)[0].reshape(256, 256)
            corner = Rect(index.row * 256, index.col * 256, index.row * 256 + 256, index.col * 256 + 256)
            assert (tile == document.read(corner)).all()


if __name__ == "__main__":
    main()
