"""Where the network computes, and in which precision, with the reason in words."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import nn

from unet_studio.core.errors import UserError
from unet_studio.core.sentences import Sentence
from unet_studio.unet.openvino_network import has_openvino

_ASKED_FOR = Sentence("It was asked for.")


@dataclass(frozen=True, slots=True)
class Device:
    """A torch device, the precision of its convolutions, and why. `by_openvino`: networks predict there by
    OpenVINO instead of PyTorch."""

    torch_device: torch.device
    precision: torch.dtype
    reasons: tuple[Sentence, ...] = field(compare=False)
    by_openvino: bool = False

    @contextlib.contextmanager
    def autocast(self) -> Iterator[None]:
        """Mixed precision where it pays; plain float32 otherwise."""
        enabled = self.precision != torch.float32
        with torch.autocast(self.torch_device.type, dtype=self.precision, enabled=enabled):
            yield

    @property
    def name(self) -> str:
        """For a person: the hardware's own name."""
        if self.torch_device.type == "cuda":
            return str(torch.cuda.get_device_name(self.torch_device))
        if self.torch_device.type == "mps":
            return "Apple GPU"
        if self.torch_device.type == "xpu":
            return str(torch.xpu.get_device_name(self.torch_device))
        return f"{_cpu_name()} (OpenVINO)" if self.by_openvino else _cpu_name()

    @property
    def precision_name(self) -> str:
        """ "float32", "bfloat16" or "float16"."""
        return str(self.precision).removeprefix("torch.")


def choose_device(wanted: str = "auto") -> Device:
    """The device for "auto", "cpu", "cuda", "cuda:N", "mps" or "xpu".

    Raises UserError if a device was asked for by name and is not there.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            # One GPU for each of several processes on this machine.
            index = int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()
            return _cuda(torch.device("cuda", index), Sentence("A CUDA GPU is there."))
        if torch.backends.mps.is_available():
            return _mps(Sentence("An Apple GPU is there."))
        if torch.xpu.is_available():
            return _xpu(torch.device("xpu"), Sentence("An Intel GPU is there."))
        return _cpu(_why_no_gpu())
    if wanted == "cpu":
        return _cpu(_ASKED_FOR)
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise UserError(
            "There is no device {name}: use auto, cpu, cuda, cuda:N, mps or xpu.", name=wanted
        ) from None
    if device.type == "cuda":
        if torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count():
            return _cuda(device, _ASKED_FOR)
        raise UserError(
            "The GPU {name} is not usable. {reason} Use --device cpu, or auto to let the program choose.",
            name=wanted,
            reason=_why_no_gpu(),
        )
    if device.type == "mps" and torch.backends.mps.is_available():
        return _mps(_ASKED_FOR)
    if device.type == "xpu" and torch.xpu.is_available():
        return _xpu(device, _ASKED_FOR)
    raise UserError("The device {name} is not usable on this machine: use auto or cpu.", name=wanted)


def device_to_predict(wanted: str = "auto") -> Device:
    """As `choose_device`, and "openvino"; "auto" takes a processor with OpenVINO where it is installed.

    Raises UserError also if OpenVINO was asked for and is not there.
    """
    if wanted == "openvino" and not has_openvino():
        raise UserError("OpenVINO is not installed: pip install unet-studio[openvino], or use --device auto.")
    device = choose_device("cpu" if wanted == "openvino" else wanted)
    is_open = wanted in ("auto", "openvino") and device.torch_device.type == "cpu"
    if is_open and has_openvino():
        return replace(
            device, by_openvino=True, reasons=(*device.reasons, Sentence("OpenVINO is installed."))
        )
    return device


def with_precision(device: Device, wanted: str) -> Device:
    """The device with the precision a person asks for; "auto" leaves it as it is."""
    if wanted in ("auto", device.precision_name):
        return device
    precision = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[wanted]
    asked_for = Sentence("{precision} was asked for.", {"precision": wanted})
    return replace(device, precision=precision, reasons=(*device.reasons, asked_for))


def move(network: nn.Module, device: Device) -> None:
    """Bring a network to the device, channels last: the layout convolutions are fastest in."""
    network.to(device.torch_device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def list_devices() -> list[str]:
    """Every usable device with its hardware's name."""
    found = [f"cpu: {_cpu_name()}"]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        found.append(f"cuda:{index}: {torch.cuda.get_device_name(index)}")
    if torch.backends.mps.is_available():
        found.append("mps: Apple GPU")
    if torch.xpu.is_available():
        found.append(f"xpu: {torch.xpu.get_device_name()}")
    return found


def _cuda(device: torch.device, reason: Sentence) -> Device:
    bfloat16 = torch.cuda.get_device_capability(device)[0] >= 8
    precision = torch.bfloat16 if bfloat16 else torch.float32
    return Device(device, precision, (reason,))


def _mps(reason: Sentence) -> Device:
    return Device(torch.device("mps"), torch.float32, (reason,))


def _xpu(device: torch.device, reason: Sentence) -> Device:
    precision = torch.bfloat16 if torch.xpu.is_bf16_supported() else torch.float32
    return Device(device, precision, (reason,))


def _cpu(reason: Sentence) -> Device:
    unit = _bfloat16_unit()
    if unit is None:
        return Device(torch.device("cpu"), torch.float32, (reason,))
    fast = Sentence("The processor multiplies in bfloat16 ({unit}).", {"unit": unit})
    return Device(torch.device("cpu"), torch.bfloat16, (reason, fast))


def _bfloat16_unit() -> str | None:
    """What multiplies in bfloat16 on this processor; None: nothing, there it is emulated and slower.

    Measuring it instead gives anything between 0.8 and 6 times on a machine with other work to do, and the
    same training must end in the same weights.
    """
    if not torch.backends.cpu.get_cpu_capability().startswith(("AVX512", "AMX")):
        return None
    flags = _cpu_info("flags").split()
    return next((unit.upper() for unit in ("amx_bf16", "avx512_bf16") if unit in flags), None)


def _cpu_name() -> str:
    return _cpu_info("model name") or platform.processor() or platform.machine()


def _cpu_info(key: str) -> str:
    """A field of the first processor in /proc/cpuinfo; "" where there is none."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    except OSError:
        pass
    return ""


def _why_no_gpu() -> Sentence:
    if torch.version.cuda is None:
        return Sentence("No GPU is usable: this build of PyTorch has no CUDA.")
    if not torch.cuda.is_available():
        return Sentence("No GPU is usable: no NVIDIA GPU or driver was found.")
    return Sentence("There are {count} CUDA devices.", {"count": str(torch.cuda.device_count())})
