"""Labels of any size: by tiles, never by planes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.large_plane_session import STROKES
from unet_studio.core.document import Document
from unet_studio.core.errors import LabelFileError
from unet_studio.core.geometry import Rect
from unet_studio.core.regions import rectangle
from unet_studio.io.label_files import read_label_image, write_plane_masks

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_slide_of_8_gigapixels_with_a_thousand_strokes_opens_undoes_and_exports(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.store.large_plane_session", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    took = dict(line.split() for line in done.stdout.splitlines())
    assert float(took["peak_mb"]) <= 200
    assert int(took["found"]) > STROKES * 0.9
    assert int(took["tiles"]) > 3000


def test_a_very_large_plane_cannot_be_a_png_and_says_what_to_do(tmp_path: Path) -> None:
    document = Document(20_000, 20_000)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(19_990, 19_990, 20_000, 20_000)), 5)
    document.finish_stroke()
    for formats in (("label-png",), ("label-tiff", "binary-png")):
        with pytest.raises(
            LabelFileError, match="a is 20000×20000 px, too large for a PNG mask: export it as TIFF"
        ):
            write_plane_masks(tmp_path, "a", document.labels, document.bounds, formats)
        assert not list(tmp_path.iterdir()), "nothing was written"


def test_a_plane_that_is_written_by_tiles_is_a_png_too_where_memory_allows(tmp_path: Path) -> None:
    document = Document(4200, 4300)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(4190, 4290, 4200, 4300)), 5)
    document.finish_stroke()
    tiff, png = write_plane_masks(
        tmp_path, "a", document.labels, document.bounds, ("label-tiff", "label-png")
    )
    for path in (tiff, png):
        labels = read_label_image(path)
        assert labels.shape == (4200, 4300)
        assert (labels > 0).sum() == 100
        assert labels[4199, 4299] == 5
