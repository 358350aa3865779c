"""Draws results.jsonl as the pictures of docs/fine_tuning.md.

python plot.py RESULTS.jsonl docs/images/few_images.svg
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 250, 210, 46, 34, 40
LEGEND_WIDTH = 680
COLOURS = {1: "#d95f02", 3: "#1b6ca8", 10: "#1b8a5a"}
TITLES = {"em": "EM membranes: AP50", "sem": "SEM axons: mean Dice", "stained": "stained nuclei: AP50"}
SCORE_COLUMN = {"em": 3, "sem": 2, "stained": 3}
"""Of a row (step, seconds, Dice, AP50)."""
STEP_S = 0.214
"""Seconds of a step on two quiet cores (AMD EPYC with AVX512_BF16): the runs shared them with other work."""


def panel(kind: str, runs: Sequence[dict[str, Any]], ceiling: float | None, minutes: float) -> list[str]:
    """The curves of one kind, in a coordinate system of its own."""

    def at(row: Sequence[float]) -> tuple[float, float]:
        return WIDTH * row[0] * STEP_S / 60 / minutes, HEIGHT * (1 - row[SCORE_COLUMN[kind]])

    out = [f'<text x="0" y="-12" class="title">{escape(TITLES[kind])}</text>']
    for tenth in range(0, 11, 2):
        y = HEIGHT * (1 - tenth / 10)
        out.append(f'<line x1="0" y1="{y}" x2="{WIDTH}" y2="{y}" class="grid"/>')
        out.append(f'<text x="-6" y="{y + 4}" class="left">{tenth / 10:g}</text>')
    for minute in range(round(minutes) + 1):
        out.append(
            f'<text x="{WIDTH * minute / minutes}" y="{HEIGHT + 16}" class="below">{minute} min</text>'
        )
    if ceiling is not None:
        y = HEIGHT * (1 - 0.9 * ceiling)
        out.append(f'<line x1="0" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" class="ceiling"/>')
    for run in runs:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, run["points"]))
        dash = ' stroke-dasharray="4 3"' if run["start"] == "scratch" else ""
        colour = COLOURS[run["images"]]
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    return out


def picture(runs: Sequence[dict[str, Any]]) -> str:
    """All panels and the legend, as SVG."""
    curves = [run for run in runs if run["group"] == "curves"]
    ceilings = {
        run["kind"]: max(row[SCORE_COLUMN[run["kind"]]] for row in run["points"])
        for run in runs
        if run["group"] == "ceilings"
    }
    kinds = [kind for kind in TITLES if any(run["kind"] == kind for run in curves)]
    minutes = max(run["points"][-1][0] for run in curves) * STEP_S / 60
    width = max(len(kinds) * (LEFT + WIDTH + GAP), LEGEND_WIDTH)
    height = TOP + HEIGHT + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        "<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.left{text-anchor:end}"
        ".below{text-anchor:middle}.grid{stroke:#ddd}.ceiling{stroke:#000;stroke-dasharray:1 3}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for place, kind in enumerate(kinds):
        own = [run for run in curves if run["kind"] == kind]
        parts.append(f'<g transform="translate({LEFT + place * (LEFT + WIDTH + GAP)},{TOP})">')
        parts += [*panel(kind, own, ceilings.get(kind), minutes), "</g>"]
    x, y = LEFT, height - 12
    for images, colour in COLOURS.items():
        parts.append(
            f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(f'<text x="{x + 30}" y="{y}">{images} image{"s" if images > 1 else ""}</text>')
        x += 110
    parts.append(
        f'<text x="{x}" y="{y}">dashed: from scratch; dots: 90 % of the best with all images</text></svg>'
    )
    return "\n".join(parts) + "\n"


def main() -> None:
    """See the module."""
    lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
    Path(sys.argv[2]).write_text(picture([json.loads(line) for line in lines]), "utf-8")


if __name__ == "__main__":
    main()
