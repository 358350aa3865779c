"""Measures a model on its validation images, as docs/shipped_model.md shows it.

    python report.py DATA MODEL [--worst 20] [--ablation MODEL_WITHOUT_BORDER_WEIGHTS] [--hard]

prints Markdown: scores of every kind of image, merges per 100 nuclei, how far AP falls when the same image
comes in another form, and the images with the lowest AP. The images are those named in val_images.txt. With
--hard it only writes hard_images.txt instead: the training images whose AP75 is below 0.5.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from stage_data import HARD_LIST, VAL_LIST, images_by_kind

from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import read_label_image
from unet_studio.io.open_image import open_image
from unet_studio.segmentation.matching import Scores, score_images
from unet_studio.unet.device import choose_device, move
from unet_studio.unet.inference import propose
from unet_studio.unet.weights import load_network

Plane = npt.NDArray[np.generic]
Labels = npt.NDArray[np.int32]
Propose = Callable[[Plane], Labels]


class Truth(NamedTuple):
    """A validation image: its plane (H, W, C) and its true labels (H, W)."""

    name: str
    kind: str
    plane: Plane
    labels: Labels


class Patient:
    """A job context of a job nobody watches."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def check_cancelled(self) -> None:
        """Never."""

    def stop_requested(self) -> bool:
        """Never."""
        return False


def read_truths(data: Path, *, validating: bool = True) -> Iterator[Truth]:
    """The validation images, or the others."""
    names = set(VAL_LIST.read_text().split())
    for kind, paths in images_by_kind(data).items():
        for path in paths:
            if (path.name in names) == validating:
                plane = whole_plane(open_image(path))
                mask = path.parent.parent / "masks" / f"{path.stem}.tif"
                yield Truth(path.name, kind, plane, read_label_image(mask, shape=plane.shape[:2]))


def proposer(folder: Path) -> Propose:
    """What the program would propose."""
    network, model = load_network(folder)
    device = choose_device()
    move(network, device)
    network.eval()
    return lambda plane: propose(network, model, plane, device, Patient()).labels


def as_16_bit(plane: Plane) -> Plane:
    """All of 16 bit, whatever the depth was."""
    depth = np.iinfo(plane.dtype).max
    return (plane.astype(np.float64) * (65535 / depth)).astype(np.uint16)


def as_8_bit(plane: Plane) -> Plane:
    """The range of the image in 256 steps."""
    if plane.dtype == np.uint8:
        return plane
    low, high = float(plane.min()), float(plane.max())
    return ((plane.astype(np.float64) - low) * (255 / max(high - low, 1))).astype(np.uint8)


def with_a_speck(plane: Plane) -> Plane:
    """A dust grain of 3×3 px, ten times as bright as anything else."""
    out = plane.astype(np.float32)
    y, x = plane.shape[0] // 3, plane.shape[1] // 3
    out[y : y + 3, x : x + 3] = 10 * float(plane.max())
    return out


def with_a_gradient(plane: Plane) -> Plane:
    """A ramp from left to right, half as high as the image's range."""
    low, high = np.percentile(plane, [1, 99.8])
    ramp = np.linspace(0, 0.5 * (high - low), plane.shape[1], dtype=np.float32)
    return plane.astype(np.float32) + ramp[None, :, None]


FORMS: dict[str, Callable[[Plane], Plane]] = {
    "8-bit": as_8_bit,
    "16-bit": as_16_bit,
    "float in 0 … 1": lambda plane: (plane / np.iinfo(plane.dtype).max).astype(np.float32),
    "inverted": lambda plane: (np.iinfo(plane.dtype).max - plane).astype(plane.dtype),
    "bright speck": with_a_speck,
    "added gradient": with_a_gradient,
}
HARD_AP75 = 0.5
ZOOMS = (0.5, 0.7, 1.4, 2.0)


def zoomed(truth: Truth, zoom: float) -> Truth:
    """The image at another size."""
    height, width = truth.labels.shape
    size = (round(width * zoom), round(height * zoom))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    plane = cv2.resize(truth.plane, size, interpolation=how).reshape(size[1], size[0], -1)
    labels = cv2.resize(truth.labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    return truth._replace(plane=plane, labels=labels.astype(np.int32))


def scores(truths: list[Truth], propose_labels: Propose) -> Scores:
    """Of all proposals, instance by instance."""
    pairs = ((t.labels, propose_labels(t.plane)) for t in truths)
    return score_images(pairs, binary_as_components=False)


def by_kind(truths: list[Truth]) -> dict[str, list[Truth]]:
    """The images of every kind."""
    kinds: dict[str, list[Truth]] = {}
    for truth in truths:
        kinds.setdefault(truth.kind, []).append(truth)
    return kinds


def print_scores(truths: list[Truth], propose_labels: Propose) -> None:
    """A row for every kind."""
    print("\n| kind | images | nuclei | Dice | AP50 | AP75 | AP50 pooled | AP75 pooled | AP90 pooled |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, group in by_kind(truths).items():
        s = scores(group, propose_labels)
        print(
            f"| {kind} | {s.images} | {s.instances} | {s.dice:.3f} | {s.ap50_mean:.3f} | {s.ap75_mean:.3f} "
            f"| {s.ap50:.3f} | {s.ap75:.3f} | {s.ap[8]:.3f} |"
        )


def print_mistakes(truths: list[Truth], columns: dict[str, Propose]) -> None:
    """Per 100 nuclei."""
    print("\n| kind | model | merges | splits | misses | inventions |\n|---|---|---|---|---|---|")
    for kind, group in by_kind(truths).items():
        for name, propose_labels in columns.items():
            s = scores(group, propose_labels)
            counts = (s.merges, s.splits, s.misses, s.inventions)
            row = " | ".join(f"{100 * count / max(1, s.instances):.1f}" for count in counts)
            print(f"| {kind} | {name} | {row} |")


def print_invariance(truths: list[Truth], propose_labels: Propose) -> None:
    """AP of every form, over all images."""
    start = scores(truths, propose_labels)
    print("\n| form | AP50 | change | AP75 | change |\n|---|---|---|---|---|")

    def row(name: str, group: list[Truth]) -> None:
        s = scores(group, propose_labels)
        more50, more75 = s.ap50_mean - start.ap50_mean, s.ap75_mean - start.ap75_mean
        print(f"| {name} | {s.ap50_mean:.3f} | {more50:+.3f} | {s.ap75_mean:.3f} | {more75:+.3f} |")

    row("as it is", truths)
    for name, change in FORMS.items():
        row(name, [t._replace(plane=change(t.plane)) for t in truths])
    for zoom in ZOOMS:
        row(f"{zoom:g} × the size", [zoomed(t, zoom) for t in truths])


def print_worst(truths: list[Truth], propose_labels: Propose, count: int) -> None:
    """The images with the lowest AP50, then AP75."""
    rows = [(scores([truth], propose_labels), truth) for truth in truths]
    rows.sort(key=lambda row: (row[0].ap50, row[0].ap75))
    print("\n| image | kind | nuclei | AP50 | AP75 | merges | splits | misses | inventions |")
    print("|---|---|---|---|---|---|---|---|---|")
    for s, t in rows[:count]:
        print(
            f"| {Path(t.name).stem} | {t.kind} | {s.instances} | {s.ap50:.2f} | {s.ap75:.2f} | {s.merges} "
            f"| {s.splits} | {s.misses} | {s.inventions} |"
        )


def write_hard_images(data: Path, propose_labels: Propose) -> None:
    """The names of training images on which the model stays poor."""
    others = read_truths(data, validating=False)
    names = [t.name for t in others if scores([t], propose_labels).ap75 < HARD_AP75]
    HARD_LIST.write_text("\n".join(sorted(names)) + "\n")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--worst", type=int, default=20)
    parser.add_argument("--ablation", type=Path)
    parser.add_argument("--hard", action="store_true")
    options = parser.parse_args()
    propose_labels = proposer(options.model)
    if options.hard:
        write_hard_images(options.data, propose_labels)
        return
    truths = list(read_truths(options.data))
    print_scores(truths, propose_labels)
    columns = {options.model.name: propose_labels}
    if options.ablation:
        columns[options.ablation.name] = proposer(options.ablation)
    print_mistakes(truths, columns)
    print_invariance(truths, propose_labels)
    print_worst(truths, propose_labels, options.worst)


if __name__ == "__main__":
    main()
