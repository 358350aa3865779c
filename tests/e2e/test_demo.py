"""The demo without a display does the whole job and leaves its masks and pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from unet_studio.io.label_files import read_label_image


@pytest.mark.slow
def test_the_headless_demo_proposes_exports_and_takes_pictures(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-m", "unet_studio", "demo"], cwd=tmp_path, env=env, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "has no display" in done.stdout
    out = tmp_path / "demo-output"
    names = ("cell", "fluorescence", "immunohistochemistry")
    for name in names:
        labels = read_label_image(out / "masks" / "label-tiff" / f"{name}.tif")
        assert (read_label_image(out / "masks" / "label-png" / f"{name}.png") == labels).all()
        overlay = cv2.imread(str(out / f"{name}_overlay.png"))
        assert overlay is not None
        assert overlay.std() > 5
    assert len(set(read_label_image(out / "masks" / "label-tiff" / "fluorescence.tif").ravel().tolist())) > 30
    window = cv2.imread(str(out / "window.png"))
    assert window.shape[0] > 500
    assert window.shape[1] > 900
