"""A plane that is too large to be held: never waits, and looks the same as one that is held."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.test_overview import source_of
from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.gui.canvas import tiled_image
from unet_studio.gui.canvas.image_layer import DisplayImage
from unet_studio.gui.canvas.tiled_image import TiledImage
from unet_studio.io import overview
from unet_studio.io.image_source import ArraySource, PlaneArray
from unet_studio.io.overview import make_overview, sample_pixels

PLANE = np.random.default_rng(0).integers(0, 256, (700, 900, 3)).astype(np.uint8)


class Gate:
    """A source that reads only while it is open, or fails."""

    def __init__(self, source: ArraySource) -> None:
        self._source = source
        self.open = threading.Event()
        self.error: ImageFileError | None = None
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def read(
        self, rect: Rect, *, t: int = 0, z: int = 0, channels: Sequence[int] | None = None, level: int = 0
    ) -> PlaneArray:
        self.open.wait(10)
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self._source.read(rect, t=t, z=z, channels=channels, level=level)


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_SMALL_PX", 100 * 100)
    monkeypatch.setattr(overview, "_MOST_PX", 100 * 100)
    monkeypatch.setattr(tiled_image, "_SIDE_PX", 64)


def tiled(levels: int = 4) -> tuple[TiledImage, Gate]:
    source = source_of(PLANE, levels)
    gate = Gate(source)
    return TiledImage(gate, make_overview(source), sample_pixels(source)), gate


def paint(image: DisplayImage | TiledImage, top: float, left: float, step: float) -> np.ndarray:
    out = np.zeros((120, 160, 4), np.uint8)
    image.paint(out, top, left, step, image.auto)
    return out[..., :3]


def wait(image: TiledImage) -> None:
    for _ in range(2000):
        if not image.is_waiting:
            return
        time.sleep(0.002)
    raise AssertionError("tiles do not come")


@given(
    st.floats(-100, 800), st.floats(-100, 900), st.sampled_from([0.25, 0.7, 1.0]),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_when_all_has_come_it_looks_as_if_it_were_held(top: float, left: float, step: float) -> None:
    image, gate = tiled()
    gate.open.set()
    held = DisplayImage.from_plane(PLANE).with_auto(image.auto)
    paint(image, top, left, step)
    wait(image)
    np.testing.assert_array_equal(paint(image, top, left, step), paint(held, top, left, step))


@pytest.mark.parametrize("step", [2.0, 3.1, 4.0, 9.0])
@pytest.mark.parametrize("levels", [1, 2, 4])
def test_zoomed_out_every_screen_pixel_is_a_mean(step: float, levels: int) -> None:
    image, gate = tiled(levels)
    gate.open.set()
    paint(image, 0, 0, step)
    wait(image)
    seen = paint(image, 0, 0, step)[: int(700 / step) - 1, : int(900 / step) - 1]
    # Noise: means of more pixels spread less, and stay around the middle.
    held = paint(DisplayImage.from_plane(PLANE).with_auto(image.auto), 0, 0, step)
    held = held[: seen.shape[0], : seen.shape[1]]
    assert abs(float(seen[..., 0].mean()) - float(held[..., 0].mean())) < 3
    assert float(seen[..., 0].std()) < 75 / min(step, 2)


def test_painting_does_not_wait_for_the_disk_and_shows_the_overview_meanwhile() -> None:
    image, gate = tiled()
    began = time.perf_counter()
    coarse = paint(image, 100, 100, 1.0)
    assert time.perf_counter() - began < 1.0  # The gate would hold it for ten.
    assert gate.reads == 0
    assert coarse[..., 0].std() > 2
    arrived: list[Rect] = []
    image.listen(arrived.append, lambda error: None)
    gate.open.set()
    wait(image)
    assert gate.reads > 0
    seen = Rect(100, 100, 220, 260)
    assert all(not rect.intersect(seen.grown(64)).is_empty for rect in arrived)
    assert paint(image, 100, 100, 1.0)[..., 0].std() > coarse[..., 0].std()


def test_a_file_that_is_gone_is_told_once_and_does_not_end_the_reading_of_others() -> None:
    image, gate = tiled()
    told: list[ImageFileError] = []
    image.listen(lambda rect: None, told.append)
    gate.error = ImageFileError("{name} cannot be read any more.", name="a.tif")
    gate.open.set()
    paint(image, 0, 0, 1.0)
    wait(image)
    reads = gate.reads
    paint(image, 0, 0, 1.0)  # It is not asked for again and again.
    wait(image)
    assert (len(told), gate.reads) == (1, reads)
    gate.error = None
    image.rest()
    paint(image, 0, 0, 1.0)
    wait(image)
    assert image.values_at(5, 7) == PLANE[5, 7].tolist()


def test_values_are_known_where_the_pixels_have_come() -> None:
    image, gate = tiled()
    assert image.values_at(10, 10) is None
    gate.open.set()
    paint(image, 0, 0, 1.0)
    wait(image)
    assert image.values_at(10, 10) == PLANE[10, 10].tolist()


def test_memory_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_image, "_BUDGET_BYTES", 200_000)
    image, gate = tiled()
    gate.open.set()
    for top in range(0, 700, 100):
        for left in range(0, 900, 150):
            paint(image, top, left, 1.0)
            wait(image)
    kept = sum(tile.nbytes for tile in image._tiles.values())
    assert kept == image._bytes <= max(200_000, 2 * image._on_screen)
    assert kept < PLANE.nbytes


def test_what_the_screen_needs_at_once_never_pushes_itself_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_image, "_BUDGET_BYTES", 50_000)
    image, gate = tiled()
    gate.open.set()
    out = np.zeros((600, 800, 4), np.uint8)
    image.listen(lambda rect: image.paint(out, 0, 0, 1.0, image.auto), lambda error: None)
    image.paint(out, 0, 0, 1.0, image.auto)
    wait(image)
    assert gate.reads <= 10 * 13 + 5


def test_an_unexpected_error_does_not_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    image, gate = tiled()
    gate.open.set()
    told: list[ImageFileError] = []
    image.listen(lambda rect: None, told.append)
    real = tiled_image.read_reduced
    monkeypatch.setattr(tiled_image, "read_reduced", lambda *_, **__: [][0])
    paint(image, 0, 0, 1.0)
    wait(image)
    assert len(told) == 1
    monkeypatch.setattr(tiled_image, "read_reduced", real)
    paint(image, 400, 600, 1.0)
    wait(image)
    assert image.values_at(450, 650) == PLANE[450, 650].tolist()
