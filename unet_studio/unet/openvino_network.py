"""A network computed by OpenVINO: the same predictions on a processor, faster (ADR 0020)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.network import UNet

_log = logging.getLogger("unet_studio")

_NAME = "network.xml"
_MOST_KEPT = 8
# Networks whose sizes depend on each other may be converted for one size only: two tell.
_PROBED = ((64, 96), (96, 64))
_PROBE_TOLERANCE = 1e-3


class NotConvertible(Exception):
    """OpenVINO cannot take the network, or computes something else with it."""


def has_openvino() -> bool:
    """True if it is installed; costs nothing."""
    return importlib.util.find_spec("openvino") is not None


def openvino_version() -> str | None:
    """Of the one that is installed; None without one."""
    return importlib.metadata.version("openvino") if has_openvino() else None


class OpenVinoNetwork:
    """Predicts as the UNet it was made of; cannot be trained."""

    dtype = torch.float32
    """Of what it is given. What it computes in is its own business."""

    def __init__(self, network: UNet, precision: torch.dtype, cache: Path | None) -> None:
        """`cache`: a folder that keeps the converted network from one start of the program to the next; its
        name tells the weights. Raises NotConvertible."""
        openvino = _openvino()
        self.config: UNetConfig = network.config
        self._hint = "bf16" if precision == torch.bfloat16 else "f32"
        self._core = openvino.Core()
        self._model = self._kept(cache) if cache is not None else None
        if self._model is None:
            self._model = _converted(network.float().eval())
            if cache is not None:
                _keep(self._model, cache)
        self._compiled: dict[int, Any] = {}

    def _kept(self, cache: Path) -> Any:
        path = _path_in(cache)
        try:
            return self._core.read_model(path) if path.is_file() else None
        except RuntimeError as error:
            _log.warning("the converted network %s is damaged and made anew: %s", path, error)
            return None

    @property
    def bytes_per_value(self) -> int:
        """Of what lies between the layers."""
        return 2 if self._hint == "bf16" else 4

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Logits float32 (N, K, H, W) of float32 (N, C, H, W)."""
        # As many threads as PyTorch would take now: fewer while a person works in the window.
        threads = torch.get_num_threads()
        if threads not in self._compiled:
            how = {
                "INFERENCE_PRECISION_HINT": self._hint,
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "LATENCY",
            }
            self._compiled[threads] = self._core.compile_model(self._model, "CPU", how)
        compiled = self._compiled[threads]
        height, width = x.shape[2:]
        if self.config.padding == "same":  # The network does the same, but that cannot be converted.
            multiple = self.config.size_multiple
            x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        logits = compiled(np.ascontiguousarray(x.numpy()))[compiled.output(0)]
        return torch.from_numpy(logits[:, :, :height, :width])


def _openvino() -> Any:
    """The library: half a second, for those who predict with it."""
    # Its telemetry would send what it converts to its makers unasked. Without that package it does not.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _converted(network: UNet) -> Any:
    """The model for planes of any size. Raises NotConvertible."""
    openvino = _openvino()
    channels = network.config.in_channels

    def plane(height: int, width: int) -> torch.Tensor:
        fit, multiple = network.config.fitting_size, network.config.size_multiple
        sides = (fit(-(-side // multiple) * multiple) for side in (height, width))
        return torch.rand(1, channels, *sides)

    example = plane(128, 128)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # That sizes are traced: looked at below.
            model = openvino.convert_model(network, example_input=example, input=[-1, channels, -1, -1])
        compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for height, width in _PROBED:
            x = plane(height, width)
            with torch.inference_mode():
                expected = network(x).numpy()
            got = compiled(x.numpy())[compiled.output(0)]
            if got.shape != expected.shape or np.abs(got - expected).max() > _PROBE_TOLERANCE:
                raise NotConvertible("it computes something else")
    except NotConvertible:
        raise
    except Exception as error:  # OpenVINO's own have nothing in common but this.
        raise NotConvertible(f"{type(error).__name__}: {error}") from error
    return model


def _path_in(cache: Path) -> Path:
    """Another version of OpenVINO converts anew."""
    version: str = _openvino().__version__
    return cache / version.replace("/", "_") / _NAME


def _keep(model: Any, cache: Path) -> None:
    """Write the converted network, all of it or nothing; the oldest of many go."""
    openvino, path, root = _openvino(), _path_in(cache), cache.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as scratch:
            written = Path(scratch) / "model"
            written.mkdir()
            # Not halved: a weight of float16 is not that of bfloat16.
            openvino.save_model(model, written / path.name, compress_to_fp16=False)
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.parent.mkdir(exist_ok=True)
            written.replace(path.parent)
        others = sorted(root.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
        for old in others[_MOST_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    except (OSError, RuntimeError) as error:  # The second by OpenVINO, for instance where the disk is full.
        _log.warning("the converted network is not kept: %s", error)
