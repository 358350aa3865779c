"""Where the network computes, and in which precision, with the reason in words."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from unet_studio.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Device:
    """A torch device, the precision of its convolutions, and why."""

    torch_device: torch.device
    precision: torch.dtype
    reason: str

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
        return _cpu_name()


def choose_device(wanted: str = "auto") -> Device:
    """The device for "auto", "cpu", "cuda", "cuda:N" or "mps".

    Raises UserError if a device was asked for by name and is not there.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return _cuda(torch.device("cuda"), "a CUDA GPU is present")
        if torch.backends.mps.is_available():
            return Device(torch.device("mps"), torch.float32, "an Apple GPU is present")
        return _cpu(f"no GPU is usable ({_why_no_cuda()})")
    if wanted == "cpu":
        return _cpu("it was asked for")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise UserError(
            "There is no device {name}: use auto, cpu, cuda, cuda:N or mps.", name=wanted
        ) from None
    if device.type == "cuda":
        if torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count():
            return _cuda(device, "it was asked for")
        raise UserError(
            "The GPU {name} is not usable: {reason}. Use --device cpu, or auto to let the program choose.",
            name=wanted,
            reason=_why_no_cuda(),
        )
    if device.type == "mps" and torch.backends.mps.is_available():
        return Device(device, torch.float32, "it was asked for")
    raise UserError("The device {name} is not usable on this machine: use auto or cpu.", name=wanted)


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
    return found


def _cuda(device: torch.device, reason: str) -> Device:
    bfloat16 = torch.cuda.get_device_capability(device)[0] >= 8
    precision = torch.bfloat16 if bfloat16 else torch.float32
    return Device(device, precision, reason)


def _cpu(reason: str) -> Device:
    if _cpu_has_bfloat16():
        return Device(torch.device("cpu"), torch.bfloat16, f"{reason}; this CPU computes bfloat16 natively")
    return Device(torch.device("cpu"), torch.float32, reason)


def _cpu_has_bfloat16() -> bool:
    """Native bfloat16 products (AMX or AVX512_BF16): elsewhere bfloat16 is emulated and slower."""
    capability = torch.backends.cpu.get_cpu_capability()
    flags = _cpu_info("flags").split()
    return capability.startswith(("AVX512", "AMX")) and ("amx_bf16" in flags or "avx512_bf16" in flags)


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


def _why_no_cuda() -> str:
    if torch.version.cuda is None:
        return "this build of PyTorch has no CUDA"
    if not torch.cuda.is_available():
        return "no NVIDIA GPU or driver was found"
    return f"there are {torch.cuda.device_count()} CUDA devices"
