"""A GPU that fails or is too small: the processor does it, and says so. An engine at rest frees memory."""

from __future__ import annotations

import io
import os
import sys
import threading
import time

import msgspec
import numpy as np
import pytest
import torch

from tests.conftest import RESOURCES
from unet_studio.core.geometry import Rect
from unet_studio.engine import handlers
from unet_studio.engine.server import EngineServer, ServerContext
from unet_studio.io.model_folder import read_model_config
from unet_studio.jobs.framing import read_frame, write_frame
from unet_studio.jobs.messages import (
    Describe,
    Described,
    Part,
    Predict,
    Predicted,
    Stop,
    decode_event,
    encode,
)
from unet_studio.unet import prepared
from unet_studio.unet.device import Device, choose_device
from unet_studio.unet.inference import DeviceMemoryError
from unet_studio.unet.openvino_network import NotConvertible
from unet_studio.unet.weights import load_network

MODEL = RESOURCES / "models" / "nuclei"
PLANE = np.random.default_rng(0).integers(0, 255, (80, 90, 1)).astype(np.uint8)
PART = Part("a run", 80, 90, Rect.of_size(80, 90), Rect.of_size(80, 90))
GPU = Device(torch.device("cuda"), torch.float32, "a test says so")


def fail_on(device: Device, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Predicting on this device fails from now on, and it is the one that is chosen."""
    real = handlers.propose

    def failing(network, model, plane, where, context, **about):  # type: ignore[no-untyped-def]
        if where is device:
            raise error
        return real(network, model, plane, where, context, **about)

    monkeypatch.setattr(handlers, "propose", failing)
    monkeypatch.setattr(handlers, "device_to_predict", lambda name: device)


def answer() -> Predicted:
    """What comes of a request, with labels and a note of one line."""
    context = ServerContext(1, lambda event: None)
    outcome, arrays = handlers.handle_predict(Predict(job=1, model=str(MODEL)), [PLANE], context)
    assert isinstance(outcome, Predicted)
    assert arrays[0].shape == PLANE.shape[:2]
    assert "\n" not in str(outcome.notes[-1])
    return outcome


@pytest.mark.parametrize(
    "error",
    [
        DeviceMemoryError("The memory of {device} is too small.", device="a GPU"),
        RuntimeError("CUDA error: unspecified launch failure\nfor debugging …"),
    ],
)
def test_what_a_gpu_cannot_do_the_processor_does_and_says_so(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(GPU, error, monkeypatch)
    monkeypatch.setattr(Device, "name", property(lambda self: self.torch_device.type))
    monkeypatch.setattr(handlers, "_network", lambda folder, device, stamp: load_network(folder))
    outcome = answer()
    assert "processor" in str(outcome.notes[-1])
    assert outcome.weights == load_network(MODEL)[1].weights_sha256


def test_what_openvino_cannot_do_pytorch_does_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    by_openvino = Device(torch.device("cpu"), torch.float32, "a test says so", by_openvino=True)
    network, model = load_network(MODEL)

    def loaded(folder: object, device: Device, stamp: float) -> tuple[object, object]:
        return (object() if device.by_openvino else network), model

    fail_on(by_openvino, RuntimeError("Exception from src/plugins/intel_cpu:\nno such layer"), monkeypatch)
    monkeypatch.setattr(handlers, "_network", loaded)
    assert "computed by PyTorch" in str(answer().notes[-1])


def test_a_network_openvino_does_not_take_is_not_said_to_be_computed_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_openvino = Device(torch.device("cpu"), torch.float32, "a test says so", by_openvino=True)
    monkeypatch.setattr(handlers, "device_to_predict", lambda wanted: by_openvino)

    def refused(*_: object) -> None:
        raise NotConvertible("a layer it does not know")

    monkeypatch.setattr(prepared, "OpenVinoNetwork", refused)
    handlers._network.cache_clear()
    context = ServerContext(1, lambda event: None)
    outcome, _ = handlers.handle_predict(Predict(job=1, model=str(MODEL)), [PLANE], context)
    handlers._network.cache_clear()
    assert isinstance(outcome, Predicted)
    assert "OpenVINO" not in outcome.device


@pytest.mark.parametrize(
    ("asked", "part", "by"),
    [("auto", PART, "PyTorch"), ("openvino", PART, "OpenVINO"), ("auto", None, "OpenVINO")],
)
@pytest.mark.parametrize("encoder", ["plain", "resnet18"])
def test_the_parts_of_a_slide_are_predicted_in_strips_unless_openvino_is_asked_for(
    asked: str, part: Part | None, by: str, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = read_model_config(MODEL)
    config = msgspec.structs.replace(model.network, encoder=encoder)
    monkeypatch.setattr(
        handlers, "read_model_config", lambda folder: msgspec.structs.replace(model, network=config)
    )
    chosen = Device(torch.device("cpu"), torch.float32, "a test says so", by_openvino=True)
    monkeypatch.setattr(handlers, "device_to_predict", lambda wanted: chosen)
    used = []

    class Enough(Exception):
        """What is computed does not matter here."""

    def loaded(folder: object, device: Device, stamp: float) -> None:
        used.append("OpenVINO" if device.by_openvino else "PyTorch")
        raise Enough

    monkeypatch.setattr(handlers, "_network", loaded)
    request = Predict(job=1, model=str(MODEL), device=asked, part=part)
    with pytest.raises(Enough):
        handlers.handle_predict(request, [PLANE], ServerContext(1, lambda event: None))
    # A ResNet is not computed in strips: nothing would be gained.
    assert used == [by if encoder == "plain" else "OpenVINO"]


def test_the_processor_itself_has_nobody_to_hand_on_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise DeviceMemoryError("The memory of {device} is too small.", device="this")

    monkeypatch.setattr(handlers, "propose", failing)
    request = Predict(job=1, model=str(MODEL), device="cpu")
    with pytest.raises(DeviceMemoryError):
        handlers.handle_predict(request, [np.zeros((9, 9, 1))], ServerContext(1, lambda event: None))


def test_an_engine_without_work_rests_once_and_serves_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rested: list[float] = []
    longer: list[float] = []
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[1]))
    read_end, write_end = os.pipe()
    sink = io.BytesIO()

    def describe(request: Describe, _: object, __: object) -> tuple[Described, list[object]]:
        return Described(job=request.job, versions={}, devices=[], chosen="", reasons=[]), []

    source = os.fdopen(read_end, "rb")

    def rest() -> None:
        rested.append(time.monotonic())
        raise RuntimeError("what a lost GPU says when its memory is freed")

    server = EngineServer(
        {Describe: describe},  # type: ignore[dict-item]
        source, sink, rests=((0.05, rest), (0.1, lambda: longer.append(time.monotonic()))),
    )  # fmt: skip
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    with os.fdopen(write_end, "wb") as requests:
        time.sleep(0.2)
        assert not rested, "nothing was kept yet"
        for job in (1, 2):
            write_frame(requests, encode(Describe(job)), [])
            requests.flush()
            time.sleep(0.3)
            assert len(rested) == len(longer) == job, "once after every job"
            assert longer[-1] > rested[-1]
    thread.join(5)
    assert len(told) == 2, "what fails at rest is logged, and the work goes on"
    sink.seek(0)
    events = []
    while (frame := read_frame(sink)) is not None:
        events.append(decode_event(frame[0]))
    assert [event.job for event in events[1:]] == [1, 2]  # type: ignore[union-attr]


def test_a_stop_that_comes_before_its_job_counts() -> None:
    read_end, write_end = os.pipe()
    source, sink, stopped = os.fdopen(read_end, "rb"), io.BytesIO(), list[bool]()
    done = threading.Event()

    def describe(request: Describe, _: object, context: ServerContext) -> tuple[Described, list[object]]:
        stopped.append(context.stop_requested())
        done.set()
        return Described(job=request.job, versions={}, devices=[], chosen="", reasons=[]), []

    server = EngineServer({Describe: describe}, source, sink)  # type: ignore[dict-item]
    threading.Thread(target=server.serve, daemon=True).start()
    with os.fdopen(write_end, "wb") as requests:
        for job, asked in ((1, False), (2, True), (3, False)):
            done.clear()
            if asked:
                write_frame(requests, encode(Stop(job)), [])
            write_frame(requests, encode(Describe(job)), [])
            assert done.wait(10)
        write_frame(requests, encode(Stop(1)), [])  # Of one that has ended: nobody hears it.
    assert stopped == [False, True, False]


def test_a_device_can_be_remembered_by() -> None:
    """Networks are kept by device."""
    assert hash(choose_device("cpu")) == hash(choose_device("cpu"))
    assert choose_device("cpu") == choose_device("cpu")
    assert len({choose_device("cpu"), choose_device("auto")}) >= 1
