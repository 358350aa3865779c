"""Stages the CC0 nuclei sets as the folders that `unet-studio train` reads.

    python stage_data.py DATA STAGE [--hard] [--without KIND]

makes STAGE/{train,val}/{images,masks} of links into DATA/nuclei_dsb2018 and DATA/nuclei_bbbc039.
Validation images are those named in val_images.txt beside this file (20 % of each kind, drawn once with
--draw). Rare kinds are linked several times so that the sampler meets them often enough; with --hard also the
images of hard_images.txt, on which the first stage stayed poor (report.py --hard); --without leaves out a
kind (for what few_images measures).
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

VAL_LIST = Path(__file__).with_name("val_images.txt")
HARD_LIST = Path(__file__).with_name("hard_images.txt")
HARD_REPEATS = 2
VAL_SHARE = 0.2
SEED = 2015
REPEATS = {"fluorescence": 1, "bbbc039": 1, "he_purple": 3, "grey_brightfield": 6}


def images_by_kind(data: Path) -> dict[str, list[Path]]:
    """Image files of every kind, in name order."""
    kinds: dict[str, list[Path]] = {}
    with (data / "nuclei_dsb2018" / "index.csv").open() as file:
        for row in csv.DictReader(file):
            path = data / "nuclei_dsb2018" / "images" / f"{row['name']}.png"
            kinds.setdefault(row["kind"], []).append(path)
    kinds["bbbc039"] = sorted((data / "nuclei_bbbc039" / "images").glob("*.tif"))
    return {kind: sorted(paths) for kind, paths in kinds.items()}


def draw(kinds: dict[str, list[Path]]) -> list[str]:
    """The names of the validation images: VAL_SHARE of every kind."""
    rng = random.Random(SEED)
    return sorted(
        p.name for kind in sorted(kinds) for p in rng.sample(kinds[kind], round(VAL_SHARE * len(kinds[kind])))
    )


def link(image: Path, folder: Path, stem: str) -> None:
    """Link an image and its mask into folder/images and folder/masks under a stem."""
    mask = image.parent.parent / "masks" / f"{image.stem}.tif"
    for source, kind in ((image, "images"), (mask, "masks")):
        target = folder / kind / f"{stem}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(source.resolve())


def main() -> None:
    """See the module."""
    data, stage = Path(sys.argv[1]), Path(sys.argv[2])
    kinds = images_by_kind(data)
    if "--draw" in sys.argv:
        VAL_LIST.write_text("\n".join(draw(kinds)) + "\n")
    val_names = set(VAL_LIST.read_text().split())
    hard_names = set(HARD_LIST.read_text().split()) if "--hard" in sys.argv else set()
    if "--without" in sys.argv:
        del kinds[sys.argv[sys.argv.index("--without") + 1]]
    for kind, paths in kinds.items():
        for path in paths:
            if path.name in val_names:
                link(path, stage / "val", path.stem)
                link(path, stage / f"val_{kind}", path.stem)
                continue
            for repeat in range(REPEATS[kind] + (HARD_REPEATS if path.name in hard_names else 0)):
                link(path, stage / "train", path.stem + (f"_again{repeat}" if repeat else ""))


if __name__ == "__main__":
    main()
