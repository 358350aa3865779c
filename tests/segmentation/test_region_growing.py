"""Regions that the image supports around a click."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.segmentation.edge_following import LiveWire, grab_cut
from unet_studio.segmentation.region_growing import flood, grow_from


def field(level: int = 170, ground: int = 40, noise: float = 4) -> np.ndarray:
    image = np.full((120, 140), float(ground))
    cv2.circle(image, (70, 60), 30, float(level), -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.5)
    return (image + np.random.default_rng(0).normal(0, noise, image.shape)).clip(0, 255).astype(np.uint8)


DISC = np.hypot(*(np.mgrid[:120, :140] - np.array([60, 70])[:, None, None])) <= 30
NOTHING = np.zeros((120, 140), bool)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@given(st.integers(0, 999), st.integers(0, 40))
def test_a_flood_is_the_component_of_similar_values(seed: int, tolerance: int) -> None:
    rng = np.random.default_rng(seed)
    grey = cv2.GaussianBlur(rng.integers(0, 255, (25, 31)).astype(np.uint8), (0, 0), 1)
    barrier = rng.random(grey.shape) < 0.1
    at = (12, 15)
    barrier[at] = False
    similar = (np.abs(grey.astype(int) - int(grey[at])) <= tolerance) & ~barrier
    labels = cv2.connectedComponents(similar.astype(np.uint8), connectivity=4)[1]
    assert (flood(grey, at, tolerance, barrier) == (labels == labels[at])).all()


def test_a_flood_on_a_barrier_is_empty() -> None:
    barrier = NOTHING.copy()
    barrier[60, 70] = True
    assert not flood(field(), (60, 70), 255, barrier).any()


def test_colour_counts_in_every_channel() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, 10:, 2] = 200
    assert flood(image, (5, 5), 50, np.zeros((20, 20), bool)).sum() == 200


@pytest.mark.parametrize(("level", "ground"), [(170, 40), (30, 200), (70, 45)])
def test_a_click_finds_bright_and_dark_and_dim_cells(level: int, ground: int) -> None:
    assert iou(grow_from(field(level, ground), (55, 65), NOTHING), DISC) > 0.88


def test_nothing_grows_on_an_even_ground_or_a_constant_image() -> None:
    assert not grow_from(np.full((120, 140), 90, np.uint8), (60, 70), NOTHING).any()
    assert not grow_from(np.zeros((1, 1), np.uint8), (0, 0), np.zeros((1, 1), bool)).any()


def test_what_grows_does_not_enter_a_neighbour() -> None:
    barrier = NOTHING.copy()
    barrier[:, 75:] = True
    region = grow_from(field(), (60, 60), barrier)
    assert not (region & barrier).any()
    assert iou(region, DISC & ~barrier) > 0.85


def test_the_wire_keeps_to_the_rim() -> None:
    wire = LiveWire(field(noise=2), (60, 40))
    way = wire.way_to(30, 70)
    distances = np.abs(np.hypot(way[:, 0] - 60, way[:, 1] - 70) - 30)
    assert np.median(distances) < 1.5
    assert len(way) > 35
    assert len(wire.way_to(-50, 900)) > 1, "beyond the window: to its rim"


def test_the_cell_in_a_box_is_found() -> None:
    image = cv2.cvtColor(field(), cv2.COLOR_GRAY2BGR)
    box = image[60 - 52 : 60 + 52, 70 - 52 : 70 + 52]
    mask = grab_cut(box, np.zeros(box.shape[:2], bool))
    disc = DISC[60 - 52 : 60 + 52, 70 - 52 : 70 + 52]
    assert iou(mask, disc) > 0.9
    assert (grab_cut(box, np.zeros(box.shape[:2], bool)) == mask).all(), "the same box gives the same cell"


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2, 3), (5, 200, 3)])
def test_a_box_too_small_or_without_contrast_gives_no_error(shape: tuple[int, int, int]) -> None:
    plain = np.full(shape, 80, np.uint8)
    assert grab_cut(plain, np.zeros(shape[:2], bool)).shape == shape[:2]
    assert not grab_cut(plain, np.ones(shape[:2], bool)).any()


def test_a_labelled_neighbour_that_looks_the_same_does_not_hide_the_cell() -> None:
    image = cv2.cvtColor(field(), cv2.COLOR_GRAY2BGR)
    cv2.circle(image, (118, 90), 22, (170, 170, 170), -1)
    barrier = np.hypot(*(np.mgrid[:120, :140] - np.array([90, 118])[:, None, None])) <= 22
    window = (slice(8, 112), slice(18, 122))
    mask = grab_cut(image[window], barrier[window])
    assert iou(mask, (DISC & ~barrier)[window]) > 0.9
