"""What every file in shared/data/formats is read as: the table of docs/formats.md.

python -m tests.io.formats_table        writes it anew; look at the difference before you keep it
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np

from unet_studio.core.errors import ImageFileError
from unet_studio.io.image_source import ImageSource, whole_plane
from unet_studio.io.open_image import is_image, open_image, scenes_of

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "formats.md"
BEGIN, END = "<!-- table begins -->", "<!-- table ends -->"
HEAD = (
    "| file | axes in the file | time × channels × z × height × width | pixels | µm | channels | also | values |",
    "|---|---|---|---|---|---|---|---|",
)


def table(data: Path = DATA) -> str:
    """A row for every image."""
    rows = []
    for path in sorted(p for p in (data / "formats").rglob("*") if _is_entry(p)):
        name = path.relative_to(data / "formats").as_posix()
        try:
            rows.append(f"| {name} | {_facts(path)} |")
        except ImageFileError as error:
            rows.append(f"| {name} | *{error}* | | | | | | |")
    return "\n".join([*HEAD, *rows]) + "\n"


def _is_entry(path: Path) -> bool:
    inside_zarr = any(parent.name.endswith(".zarr") for parent in path.parents)
    return is_image(path) and not inside_zarr and (path.is_file() or path.name.endswith(".zarr"))


def _facts(path: Path) -> str:
    scenes = scenes_of(path)
    source = open_image(path)
    axes = source.axes
    plane = whole_plane(source)
    assert plane.shape == (axes.y, axes.x, axes.c)
    assert plane.dtype == source.dtype
    also = []
    if len(scenes) > 1:
        also.append(f"{len(scenes)} images")
    if len(source.levels) > 1:
        also.append("levels " + ", ".join(f"{h}×{w}" for h, w in source.levels[1:]))
    if source.display_range:
        also.append("window {:g} … {:g}".format(*source.display_range))
    if source.is_guessed:
        also.append("axes guessed")
    size = "" if source.pixel_size_um is None else f"{source.pixel_size_um:.4g}"
    finite = plane[np.isfinite(plane)]
    values = f"{float(finite.min()):.6g} … {float(finite.max()):.6g}" if finite.size else "none"
    return " | ".join(
        [
            f"{source.order.stored} as {source.order.roles}",
            f"{axes.t} × {axes.c} × {axes.z} × {axes.y} × {axes.x}",
            str(plane.dtype),
            size,
            _channels(source),
            ", ".join(also),
            values,
        ]
    )


def _channels(source: ImageSource) -> str:
    if source.is_rgb:
        return "RGB"
    names = [
        " ".join(filter(None, [c.name, "#{:02x}{:02x}{:02x}".format(*c.colour) if c.colour else None]))
        for c in source.channels
    ]
    return ", ".join(name or "–" for name in names) if any(names) else ""


def table_in_page() -> str:
    """What is checked in."""
    return PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0].strip() + "\n"


def main() -> None:
    """Write the table into the page."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}{END}{after}", "utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    main()
