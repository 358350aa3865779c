"""What is remembered of parts is what would have been predicted, and not more than neighbours need."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_studio.core.geometry import TILE_PX, Rect
from unet_studio.jobs.parts import PART_PX, all_areas, request_of
from unet_studio.unet import parts_memory
from unet_studio.unet.parts_memory import PartsMemory, Probabilities


class Asked:
    """Stands for a network: what it says of a pixel depends on the pixel's place alone."""

    def __init__(self, height: int, width: int) -> None:
        rng = np.random.default_rng(0)
        self.plane = rng.random((height, width, 2), dtype=np.float32).astype(np.float16).astype(np.float32)
        self.pixels = 0

    def __call__(self, rect: Rect) -> Probabilities:
        self.pixels += rect.area
        return self.plane[rect.slices]


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 1500), width=st.integers(1, 1500), seed=st.integers(0, 100))
def test_every_window_is_that_of_the_plane_in_whatever_order(height: int, width: int, seed: int) -> None:
    asked, memory = Asked(height, width), PartsMemory()
    bounds = Rect.of_size(height, width)
    areas = [
        Rect(top, left, top + 2 * TILE_PX, left + 2 * TILE_PX).intersect(bounds)
        for top in range(0, height, 2 * TILE_PX)
        for left in range(0, width, 2 * TILE_PX)
    ]
    random.Random(seed).shuffle(areas)
    for area in areas:
        window = area.grown(TILE_PX).intersect(bounds)
        assert (memory.complete("a", window, asked) == asked.plane[window.slices]).all()


def test_row_by_row_a_plane_is_predicted_little_more_than_once() -> None:
    side = 5 * PART_PX
    asked, memory, bounds = Asked(side // 8, side // 8), PartsMemory(), Rect.of_size(side, side)

    def coarse(rect: Rect) -> Probabilities:
        asked.pixels += rect.area
        return np.zeros((*rect.shape, 1), np.float32)

    for area in all_areas(bounds):
        memory.complete("a", request_of(area, bounds, 1.0, run="r").window, coarse)
    assert asked.pixels < 1.08 * bounds.area


def test_what_another_model_made_is_not_used() -> None:
    asked, memory = Asked(600, 600), PartsMemory()
    window = Rect.of_size(600, 600)
    memory.complete("a", window, asked)
    other = memory.complete("b", window, lambda rect: np.ones((*rect.shape, 2), np.float32))
    assert (other == 1).all()


def test_it_stays_within_its_bytes_and_can_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_memory, "_MOST_BYTES", 2**21)
    asked, memory = Asked(3000, 3000), PartsMemory()
    for left in range(0, 2800, 512):
        window = Rect(0, left, 768, min(3000, left + 768))
        assert (memory.complete("a", window, asked) == asked.plane[window.slices]).all()
        assert sum(tile.nbytes for tile in memory._tiles.values()) <= 2**21
    memory.forget()
    assert not memory._tiles
