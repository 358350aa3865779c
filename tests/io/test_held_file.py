"""Files are closed when nothing reads from them any more, and not before."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

from unet_studio.core.geometry import Rect
from unet_studio.io import tiff
from unet_studio.io.image_source import ArraySource
from unet_studio.io.open_image import open_image

FOLDER = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def is_open(path: Path) -> bool:
    for entry in FOLDER.iterdir():
        try:
            if entry.readlink() == path:
                return True
        except OSError:
            continue
    return False


def closes(path: Path) -> bool:
    end = time.monotonic() + 5
    while is_open(path) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_open(path)


@pytest.fixture
def slide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiled file that is read where it is looked at."""
    monkeypatch.setattr(tiff, "_IN_MEMORY_BYTES", 2**10)
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, np.arange(512 * 512, dtype=np.uint32).reshape(512, 512), tile=(64, 64))
    return path


def test_a_file_is_closed_without_waiting_for_a_search_for_garbage(slide: Path) -> None:
    gc.disable()
    try:
        source = open_image(slide)
        assert source.read(Rect(0, 0, 2, 2)).shape == (2, 2, 1)
        assert is_open(slide)
        del source
        assert closes(slide)
    finally:
        gc.enable()


def test_the_same_pixels_with_other_axes_keep_the_file_open(slide: Path) -> None:
    source = open_image(slide)
    assert isinstance(source, ArraySource)
    turned = source.with_roles("XY")
    del source
    time.sleep(0.2)
    assert is_open(slide)
    assert turned.read(Rect(0, 0, 1, 2))[0, :, 0].tolist() == [0, 512]
    del turned
    assert closes(slide)
