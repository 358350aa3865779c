"""The built wheel, in a clean environment, predicts with the model inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_in_a_clean_environment_predicts(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    constraints = str(ROOT / "packaging" / "constraints.txt")
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-c",
        constraints,
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=800)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    image = str(ROOT / "resources" / "demo" / "fluorescence.png")
    done = subprocess.run(
        [str(tmp_path / "env" / "bin" / "unet-studio"), "predict", image, "--out", str(tmp_path / "o"), "--json"],
        capture_output=True, text=True, cwd=tmp_path, env=env, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert "_resources" in report["model"]
    assert report["images"][0]["instances"] > 20
    assert (tmp_path / "o" / "fluorescence.tif").is_file()
