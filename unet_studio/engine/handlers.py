"""Which function answers which request: the only such map."""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

import unet_studio
from unet_studio.core.sentences import Sentence
from unet_studio.engine.bench import run_bench
from unet_studio.engine.heap import give_memory_back
from unet_studio.engine.server import Handler, ServerContext
from unet_studio.engine.train_job import run_training
from unet_studio.io.image_source import first_line
from unet_studio.io.model_folder import ModelConfig, read_model_config
from unet_studio.jobs.framing import Array
from unet_studio.jobs.messages import (
    Bench,
    Describe,
    Described,
    Outcome,
    Predict,
    Predicted,
    SummarizeNetwork,
    Train,
)
from unet_studio.settings.locations import user_folder
from unet_studio.unet.device import Device, choose_device, device_to_predict, list_devices
from unet_studio.unet.inference import DeviceMemoryError, propose
from unet_studio.unet.network import UNet
from unet_studio.unet.openvino_network import openvino_version
from unet_studio.unet.parts_memory import PartsMemory
from unet_studio.unet.prepared import Predictor, prepare_to_predict
from unet_studio.unet.strips import InStrips
from unet_studio.unet.summary import summarize
from unet_studio.unet.thread_count import allow_threads
from unet_studio.unet.weights import load_network

_THREADS = torch.get_num_threads()
_PARTS_MEMORY = PartsMemory()


def handle_predict(
    request: Predict, arrays: list[Array], context: ServerContext
) -> tuple[Outcome, list[Array]]:
    """Proposals of the plane in `arrays`, or of the part of one."""
    started = time.perf_counter()
    device = device_to_predict(request.device)
    folder = Path(request.model)
    is_by_choice = device.by_openvino and request.device == "auto"
    if is_by_choice and request.part is not None and _runs_in_strips(folder):
        # A tenth slower, for two fifths of the memory: a slide's engine works for long beside others.
        device = replace(device, by_openvino=False)
    network, model = _network(folder, device, _stamp(folder))
    if device.by_openvino and isinstance(network, UNet | InStrips):  # OpenVINO does not take every network.
        device = replace(device, by_openvino=False)
    about: dict[str, Any] = {
        "pixel_size_um": request.pixel_size_um, "scale": request.scale, "flips": request.flips,
        "part": request.part, "memory": _PARTS_MEMORY,
    }  # fmt: skip
    if len(arrays) > 1:
        about["reference"] = arrays[1]
    try:
        prediction = propose(network, model, arrays[0], device, context, **about)
    except (DeviceMemoryError, RuntimeError) as error:
        if device.torch_device.type == "cpu" and not device.by_openvino:
            raise
        note = _why_not(device, error)
        device = choose_device("cpu")
        network, model = _network(folder, device, _stamp(folder))
        prediction = propose(network, model, arrays[0], device, context, **about)
        prediction.notes.append(note)
    outcome = Predicted(
        job=request.job,
        device=device.name,
        seconds=time.perf_counter() - started,
        class_of=prediction.class_of,
        classes=model.classes,
        scale=prediction.scale,
        weights=model.weights_sha256,
        notes=prediction.notes,
    )
    return outcome, [prediction.labels, prediction.probability]


def handle_train(request: Train, _: list[Array], context: ServerContext) -> tuple[Outcome, list[Array]]:
    """Train, write the model folder."""
    return run_training(request, context), []


def handle_describe(request: Describe, _: list[Array], __: ServerContext) -> tuple[Outcome, list[Array]]:
    """Versions, devices, and what "auto" means here."""
    device = device_to_predict(request.device)
    versions = {
        "unet_studio": unet_studio.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda or "none",
        "openvino": openvino_version() or "none",
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "executable": sys.executable,
    }
    chosen = f"{device.torch_device} ({device.name}), {device.precision_name}"
    return (
        Described(
            job=request.job,
            versions=versions,
            devices=list_devices(),
            chosen=chosen,
            reasons=list(device.reasons),
        ),
        [],
    )


def handle_summarize(
    request: SummarizeNetwork, _: list[Array], __: ServerContext
) -> tuple[Outcome, list[Array]]:
    """Layers, size and cost of a network."""
    return summarize(request.network, job=request.job), []


def handle_bench(request: Bench, _: list[Array], context: ServerContext) -> tuple[Outcome, list[Array]]:
    """What prediction costs here."""
    return run_bench(request, context), []


@lru_cache(maxsize=2)
def _network(folder: Path, device: Device, stamp: float) -> tuple[Predictor, ModelConfig]:
    """Networks stay loaded between jobs; `stamp` changes when the folder was written anew."""
    del stamp  # Part of the cache key only.
    network, model = load_network(folder)
    cache = user_folder() / "openvino" / model.weights_sha256 if model.weights_sha256 else None
    return prepare_to_predict(network, device, cache), model


def _runs_in_strips(folder: Path) -> bool:
    return InStrips.is_possible(read_model_config(folder).network)


def _stamp(folder: Path) -> float:
    config = folder / "config.json"
    return config.stat().st_mtime if config.is_file() else 0.0


def _why_not(device: Device, error: Exception) -> Sentence:
    """Why a GPU, or OpenVINO, did not do it."""
    if device.by_openvino:
        text = "OpenVINO failed ({reason}): computed by PyTorch instead."
        return Sentence(text, {"reason": first_line(error)})
    if isinstance(error, DeviceMemoryError):
        text = "The memory of {device} is too small for this model: computed on the processor instead."
        return Sentence(text, {"device": device.name})
    # What has failed is not asked for its name.
    text = "The GPU failed ({reason}): computed on the processor. If it stays so, start the program anew."
    return Sentence(text, {"reason": first_line(error)})


def free_memory() -> None:
    """Forget what is kept for the next job, and give the memory back, a GPU's above all."""
    _PARTS_MEMORY.forget()
    if torch.cuda.is_available():
        _network.cache_clear()
        gc.collect()
        torch.cuda.empty_cache()
    give_memory_back()


def make_room(window_in_use: bool) -> None:
    """Compute with one thread fewer while the person works in the window."""
    allow_threads(max(1, _THREADS - 1) if window_in_use else _THREADS)


RESTS = ((60.0, give_memory_back), (300.0, free_memory))
"""What is done when there has been no job for so many seconds."""

HANDLERS: Mapping[type, Handler] = {
    Predict: handle_predict,
    Train: handle_train,
    Describe: handle_describe,
    SummarizeNetwork: handle_summarize,
    Bench: handle_bench,
}
