"""Measured ratios beside a plain reference, in one run: `make bench`. Prints; fails only on a stated bound."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage

from tests.conftest import RESOURCES, QuietContext
from unet_studio.io.model_folder import read_model_config
from unet_studio.segmentation.weight_map import border_term
from unet_studio.unet.device import choose_device, move
from unet_studio.unet.inference import propose
from unet_studio.unet.weights import load_network

pytestmark = pytest.mark.benchmark


def seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """The median time of a few runs after a warm-up."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def field_of_discs(side: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    labels = np.zeros((side, side), np.int32)
    y, x = np.ogrid[:side, :side]
    number = 0
    while number < count:
        cy, cx, radius = rng.integers(10, side - 10), rng.integers(10, side - 10), rng.integers(8, 17)
        free = ((y - cy) ** 2 + (x - cx) ** 2 < radius**2) & (labels == 0)
        if free.sum() > 50:
            number += 1
            labels[free] = number
    return labels


def test_the_weight_map_costs_at_most_six_distance_transforms() -> None:
    labels = field_of_discs(1024, 500)
    background = (labels == 0).astype(np.uint8)
    one = seconds(lambda: cv2.distanceTransform(background, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    ours = seconds(lambda: border_term(labels, w0=10, sigma_px=5))
    start = time.perf_counter()
    for number in range(1, 11):
        ndimage.distance_transform_edt(labels != number)
    plain = (time.perf_counter() - start) * 50
    print(
        f"\nweight map, 1024², 500 instances: {ours * 1e3:.1f} ms = {ours / one:.2f} × one cv2.distanceTransform "
        f"({one * 1e3:.1f} ms); one full transform per instance: {plain:.0f} s, {plain / ours:.0f} ×"
    )
    assert ours / one <= 6


@pytest.mark.parametrize("side", [512, 2048])
def test_proposing_with_the_shipped_model(side: int) -> None:
    folder = RESOURCES / "models" / "nuclei"
    network, model = load_network(folder)
    field = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)
    plane = np.tile(field, (side // 512, side // 512))
    device = choose_device()
    with torch.inference_mode():
        x = torch.from_numpy(np.tile(plane.astype(np.float32)[None, None] / 65535, (1, 3, 1, 1)))
        plain = seconds(lambda: network(x), repeats=3)
    move(network, device)
    ours = seconds(lambda: propose(network, model, plane, device, QuietContext()), repeats=3)
    precision = str(device.precision).removeprefix("torch.")
    print(
        f"\nproposals, {side}² ({precision}): {ours * 1e3:.0f} ms from array to label image; the network alone, "
        f"plain float32: {plain * 1e3:.0f} ms; ratio {plain / ours:.2f}"
    )
    assert read_model_config(folder).name == "nuclei"


def test_start_to_window(tmp_path: Path) -> None:
    """From the command to a painted window, against an empty Qt window of the same size."""
    ours = (
        "from unet_studio.gui.app import Studio\n"
        "s = Studio(); s.window.show(); s.window.grab(); s.window.close(); s.close()\n"
    )
    empty = (
        "from PySide6.QtWidgets import QApplication, QMainWindow\n"
        "a = QApplication([]); w = QMainWindow(); w.resize(1280, 760); w.show(); w.grab()\n"
    )
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "UNET_STUDIO_HOME": str(tmp_path)}
    times = {
        name: seconds(
            lambda c=code: subprocess.run([sys.executable, "-c", c], env=env, check=True), repeats=5
        )
        for name, code in (("ours", ours), ("empty", empty))
    }
    print(
        f"\nstart to window: {times['ours']:.2f} s; an empty Qt window: {times['empty']:.2f} s; "
        f"ratio {times['ours'] / times['empty']:.2f}"
    )
