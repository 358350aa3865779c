"""Fine-tuning from few images, measured: what docs/fine_tuning.md shows and its defaults come from.

    python measure.py GROUP DATA NUCLEI NUCLEI_WITHOUT_STAINED RESULTS.jsonl

trains on 1, 3, 10 or all images of a kind the starting model never saw, and after every so many steps
measures the images that are held out: Dice, AP at 0.5 of what can be counted, and the seconds of training so
far (those of measuring are taken off). A GROUP of runs is one of GROUPS; every run is a line of
RESULTS.jsonl.

The kinds: slices of serial-section electron micrographs (em_isbi2012, cells between membranes; the last 8 of
the stack are held out), scanning electron micrographs of axons and their myelin (sem_axons), stained tissue
(he_purple, from a model that saw none; the validation images of the shipped model are held out). NUCLEI is
the shipped model's folder, NUCLEI_WITHOUT_STAINED that of the second model (README.md).
"""

from __future__ import annotations

import csv
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from unet_studio.engine.training_data import Truth, components_of_classes
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import read_label_image
from unet_studio.io.model_folder import ModelConfig
from unet_studio.io.open_image import open_image
from unet_studio.segmentation.patches import class_weights
from unet_studio.segmentation.proposals import grow_by_one
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import FINE_TUNING, ObjectClass, TrainConfig
from unet_studio.unet.device import Device, choose_device, move
from unet_studio.unet.network import UNet
from unet_studio.unet.tracking import CurvePoint
from unet_studio.unet.training import fit
from unet_studio.unet.validation import ValidationScore, Validator
from unet_studio.unet.weights import load_network, with_classes

VAL_LIST = Path(__file__).parent.parent / "nuclei_model" / "val_images.txt"
AXONS = (ObjectClass("axon"), ObjectClass("myelin", is_stuff=True))


@dataclass(frozen=True)
class Kind:
    """Images that teach, in the order in which they are checked, and images that are held out."""

    teach: list[Truth]
    held_out: list[Truth]
    classes: tuple[ObjectClass, ...] = ()


@dataclass(frozen=True)
class Run:
    """One training: `start` is "nuclei", "without stained" or "scratch"; from the images `first` on."""

    kind: str
    images: int
    start: str
    steps: int
    name: str = "defaults"
    settings: Mapping[str, Any] = field(default_factory=dict)
    replay: int = 0
    first: int = 0


def _truth(image: Path, mask: Path) -> Truth:
    plane = whole_plane(open_image(image))
    return Truth(plane, read_label_image(mask, shape=(plane.shape[0], plane.shape[1])), None, None)


def em_isbi2012(data: Path) -> Kind:
    """Cells between membranes."""
    folder = data / "em_isbi2012"
    images = sorted((folder / "images").iterdir())
    truths = [_truth(image, folder / "masks_instance" / f"{image.stem}.tif") for image in images]
    return Kind(truths[:16], truths[16:])


def sem_axons(data: Path) -> Kind:
    """Axons, which are counted, and myelin, which is not."""
    folder = data / "sem_axons"

    def truth(stem: str) -> Truth:
        read = _truth(folder / "images" / f"{stem}.png", folder / "masks" / f"{stem}.tif")
        # In the file 1 is myelin and 2 is axon, or other values in this order.
        semantic = np.array([0, 2, 1])[
            np.unique(read.labels, return_inverse=True)[1].reshape(read.labels.shape)
        ]
        return Truth(read.plane, components_of_classes(semantic.astype(np.int32)), semantic, None)

    teach = [truth(stem) for stem in ("patch_train_0", "patch_train_1", "data2", "full")]
    return Kind(teach, [truth(stem) for stem in ("patch_validation_0", "patch_validation_1")], AXONS)


def he_purple(data: Path) -> Kind:
    """Nuclei in stained tissue."""
    folder = data / "nuclei_dsb2018"
    with (folder / "index.csv").open() as file:
        names = sorted(row["name"] for row in csv.DictReader(file) if row["kind"] == "he_purple")
    held_out = {Path(line).stem for line in VAL_LIST.read_text().split()}
    teach = [name for name in names if name not in held_out]
    random.Random(7).shuffle(teach)

    def truths(chosen: Sequence[str]) -> list[Truth]:
        return [_truth(folder / "images" / f"{n}.png", folder / "masks" / f"{n}.tif") for n in chosen]

    return Kind(truths(teach), truths([name for name in names if name in held_out]))


def known_nuclei(data: Path) -> Kind:
    """Fluorescence images that validated the shipped model: a mixture of kinds it knows."""
    names = [name for name in _fluorescence_names(data) if name in _validating()]
    random.Random(3).shuffle(names)
    truths = [_dsb2018(data, name) for name in names[:46]]
    return Kind(truths[:6], truths[6:])


def wider_nuclei(data: Path) -> Kind:
    """The same, outlined a pixel wider: what a person corrects who thinks the proposals too small."""

    def wider(truths: Sequence[Truth]) -> list[Truth]:
        return [replace(truth, labels=grow_by_one(truth.labels)) for truth in truths]

    known = known_nuclei(data)
    return Kind(wider(known.teach), wider(known.held_out))


KINDS: Mapping[str, Callable[[Path], Kind]] = {
    "em": em_isbi2012, "sem": sem_axons, "stained": he_purple, "known": known_nuclei,
    "wider": wider_nuclei,
}  # fmt: skip
NEW = ("em", "sem", "stained")
"""What the starting models never saw."""


def fluorescence(data: Path, count: int) -> list[Truth]:
    """What the shipped model learnt from, to be replayed."""
    taught = [name for name in _fluorescence_names(data) if name not in _validating()]
    return [_dsb2018(data, name) for name in random.Random(7).sample(taught, count)]


def _fluorescence_names(data: Path) -> list[str]:
    with (data / "nuclei_dsb2018" / "index.csv").open() as file:
        return sorted(row["name"] for row in csv.DictReader(file) if row["kind"] == "fluorescence")


def _validating() -> set[str]:
    return {Path(line).stem for line in VAL_LIST.read_text().split()}


def _dsb2018(data: Path, name: str) -> Truth:
    folder = data / "nuclei_dsb2018"
    return _truth(folder / "images" / f"{name}.png", folder / "masks" / f"{name}.tif")


def _starts(kind: str) -> tuple[str, str]:
    return ("without stained" if kind == "stained" else "nuclei", "scratch")


def curves() -> Iterator[Run]:
    """Score against minutes: 3 minutes from 1, 3 and 10 images."""
    for kind in NEW:
        for images in (1, 3, 10):
            for start in _starts(kind):
                if kind != "sem" or images <= 3:
                    yield Run(kind, images, start, steps=STEPS_3_MINUTES)


def ceilings() -> Iterator[Run]:
    """All images, five times as long."""
    for kind in NEW:
        yield Run(kind, 1000, _starts(kind)[0], steps=5 * STEPS_3_MINUTES, name="ceiling")


def choices() -> Iterator[Run]:
    """One setting changed at a time, 3 images, a third of the time."""
    changes: dict[str, Mapping[str, Any]] = {
        "defaults": {},
        "rate 1e-3": {"learning_rate": 1e-3},
        "rate 3e-3": {"learning_rate": 3e-3},
        "encoder frozen": {"freeze": "encoder"},
        "statistics of the patches": {"norm_statistics": "patches"},
        "8 patches of 256 px": {"batch_size": 8, "patch_px": 256},
        "8 patches of 128 px": {"batch_size": 8, "patch_px": 128},
        "little variation": {
            "augmentation": {"elastic_sigma_px": 3, "scale": 1.1, "grey": 0.1, "noise": 0, "blur": 0}
        },
        "much variation": {"augmentation": {"elastic_sigma_px": 10, "scale": 2, "grey": 0.6}},
        "paper's loss": {"loss": {"dice": 0.0}, "border_weights": {"balance_classes": True}},
    }
    for kind in ("em", "stained"):
        for name, settings in changes.items():
            steps = STEPS_3_MINUTES // 3
            pixels = settings.get("batch_size", 4) * settings.get("patch_px", 192) ** 2
            steps = round(steps * 4 * 192**2 / pixels)
            yield Run(kind, 3, _starts(kind)[0], steps, name, settings)
        yield Run(kind, 3, _starts(kind)[0], STEPS_3_MINUTES // 3, "replay", replay=3)


def one_image() -> Iterator[Run]:
    """What keeps a single image from being learnt by heart."""
    much = {"augmentation": {"elastic_sigma_px": 10, "scale": 2, "grey": 0.6}}
    changes: dict[str, Mapping[str, Any]] = {
        "much variation": much,
        "statistics of the patches": {"norm_statistics": "patches"},
    }
    for name, settings in changes.items():
        yield Run("em", 1, "nuclei", STEPS_3_MINUTES * 2 // 3, name, settings)


def rates() -> Iterator[Run]:
    """Kept statistics with other rates than that of a new network."""
    for images in (3, 1):
        for rate in (1e-3, 3e-3):
            yield Run("em", images, "nuclei", STEPS_3_MINUTES, f"rate {rate:.0e}", {"learning_rate": rate})


def stains() -> Iterator[Run]:
    """Whether stains of other strengths and colours teach more of three stained images; half as many steps
    again as `curves`."""
    default = msgspec.to_builtins(FINE_TUNING.augmentation)
    changes: dict[str, Mapping[str, Any]] = {
        "defaults": {},
        "stain 0.3": {"augmentation": default | {"stain": 0.3}},
        "stain 0.3, restain 0.2": {"augmentation": default | {"stain": 0.3, "restain": 0.2}},
    }
    for name, settings in changes.items():
        yield Run("stained", 3, "without stained", STEPS_3_MINUTES * 3 // 2, name, settings)


def zooms() -> Iterator[Run]:
    """Whether cells of other sizes teach more of three images; stained ones half as long again."""
    default = msgspec.to_builtins(FINE_TUNING.augmentation)
    for kind, steps in (("stained", STEPS_3_MINUTES * 3 // 2), ("em", STEPS_3_MINUTES)):
        for scale in (1.2, 1.5, 2.0, 3.0):
            settings = {"augmentation": default | {"scale": scale}}
            yield Run(kind, 3, _starts(kind)[0], steps, f"zoom {scale}", settings)


def others() -> Iterator[Run]:
    """A smaller rate and zoom, the defaults, and more stains, on other stained images."""
    default = msgspec.to_builtins(FINE_TUNING.augmentation)
    changes: dict[str, Mapping[str, Any]] = {
        "rate 1e-3, zoom 1.2": {"augmentation": default | {"scale": 1.2}, "learning_rate": 1e-3},
        "defaults": {},
        "stain 0.3, restain 0.2, to_grey 0.2": {
            "augmentation": default | {"stain": 0.3, "restain": 0.2, "to_grey": 0.2}
        },
    }
    for first in (3, 6):
        for name, settings in changes.items():
            yield Run("stained", 3, "without stained", STEPS_3_MINUTES, name, settings, first=first)


def forgetting() -> Iterator[Run]:
    """What three images of a mixture that the model knows cost it on the others."""
    default = msgspec.to_builtins(FINE_TUNING.augmentation)
    before = {"augmentation": default | {"scale": 1.2}, "learning_rate": 1e-3}
    for first in (0, 3):
        for name, settings in (("defaults", {}), ("rate 1e-3, zoom 1.2", before)):
            yield Run("known", 3, "nuclei", STEPS_3_MINUTES // 2, name, settings, first=first)


STEPS_3_MINUTES = 840
"""Of four patches of 192 px, at the 0.21 s that one took on two cores (AMD EPYC with AVX512_BF16)."""
GROUPS: Mapping[str, Callable[[], Iterator[Run]]] = {
    "curves": curves,
    "ceilings": ceilings,
    "choices": choices,
    "one_image": one_image,
    "rates": rates,
    "stains": stains,
    "zooms": zooms,
    "others": others,
    "forgetting": forgetting,
}


class Unattended:
    """A job context of a job nobody watches."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def check_cancelled(self) -> None:
        """Never."""

    def stop_requested(self) -> bool:
        """Never."""
        return False


class TimedValidator(Validator):
    """Knows how long measuring took."""

    seconds = 0.0

    def score(self, *args: Any) -> ValidationScore:
        """See Validator."""
        began = time.monotonic()
        result = super().score(*args)
        self.seconds += time.monotonic() - began
        return result


def starting_point(
    run: Run, kind: Kind, config: TrainConfig, folders: Mapping[str, Path]
) -> tuple[UNet, ModelConfig]:
    """The network a run begins with."""
    if run.start == "scratch":
        torch.manual_seed(config.seed)
        network = UNet(UNetConfig(classes=len(kind.classes) + 1 if kind.classes else 2))
        return network, ModelConfig(name="scratch", network=network.config, classes=kind.classes)
    network, model = load_network(folders[run.start])
    if kind.classes:
        network = with_classes(network, model.classes, kind.classes)
        model = msgspec.structs.replace(model, network=network.config, classes=kind.classes)
    return network, model


def measure(
    run: Run, kind: Kind, replay: Sequence[Truth], folders: Mapping[str, Path], device: Device
) -> list[list[float]]:
    """Rows of step, seconds of training, Dice, AP50 on the held-out images."""
    default = TrainConfig() if run.start == "scratch" else FINE_TUNING
    config = msgspec.convert({**msgspec.to_builtins(default), **run.settings}, TrainConfig)
    network, model = starting_point(run, kind, config, folders)
    config = msgspec.structs.replace(
        config,
        network=network.config,
        minutes=None,
        steps=run.steps,
        seed=1,
        val_every_steps=max(1, run.steps // 12),
    )
    samples = [
        truth.sample(model) for truth in [*kind.teach[run.first :][: run.images], *replay[: run.replay]]
    ]
    validator = TimedValidator(
        [truth.sample(model) for truth in kind.held_out],
        balance=class_weights(samples, config.border_weights, classes=config.network.classes),
        border_weights=config.border_weights, postprocessing=model.postprocessing, stuff=model.stuff,
    )  # fmt: skip
    rows: list[list[float]] = []

    def on_point(point: CurvePoint) -> None:
        if point.validation is not None:
            score, seconds = point.validation, point.seconds - validator.seconds
            rows.append([point.step, round(seconds, 1), round(score.dice or 0.0, 4), round(score.ap50, 4)])
            print(f"  {run.kind} {run.images} {run.start} {run.name}:", *rows[-1], flush=True)

    move(network, device)
    fit(network, samples, validator, config, device, Unattended(), on_point=on_point, start_counts=False)
    return rows


def main() -> None:
    """See the module."""
    group, data, nuclei, without, results = sys.argv[1], *map(Path, sys.argv[2:6])
    only = sys.argv[6:]
    folders = {"nuclei": nuclei, "without stained": without}
    device = choose_device()
    kinds: dict[str, Kind] = {}
    replay = fluorescence(data, 3)
    for run in GROUPS[group]():
        if only and run.kind not in only:
            continue
        kind = kinds.setdefault(run.kind, KINDS[run.kind](data))
        rows = measure(run, kind, replay, folders, device)
        line = {"group": group, **msgspec.to_builtins(run), "points": rows}
        with results.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(run.kind, run.images, run.start, run.name, "from", rows[0][2:], "to", rows[-1], flush=True)


if __name__ == "__main__":
    main()
