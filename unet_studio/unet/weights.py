"""Weights on disk: our own model folders, and the published weights of ResNet encoders.

Ours are safetensors. A foreign file may be safetensors or a PyTorch file that holds nothing but tensors;
one that would run code when opened is refused.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from unet_studio.core.errors import ModelError
from unet_studio.core.sentences import Sentence
from unet_studio.io.atomic import write_atomically
from unet_studio.io.image_source import first_line
from unet_studio.io.model_folder import WEIGHTS_NAME, ModelConfig, check_weights_hash, read_model_config
from unet_studio.settings.training import ObjectClass
from unet_studio.unet.encoders import ResNetEncoder
from unet_studio.unet.network import UNet

State = dict[str, Tensor]

# Format 1 had the plain contracting path only, without a name of its own.
_RENAMED_SINCE_1 = {"first.": "encoder.first.", "down.": "encoder.down."}
_CLASSIFIER = "classify."
_COUNTER = "num_batches_tracked"
_PYTORCH_ENDINGS = (".pt", ".pth", ".bin")
# What torch.load and safetensors raise for files that are something else.
_DAMAGED = (
    safetensors.SafetensorError, pickle.UnpicklingError, OSError, RuntimeError, EOFError, KeyError,
    IndexError, ValueError, TypeError, AttributeError,
)  # fmt: skip


def save_weights(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write a state dict; tensors keep their dtype. Raises FolderError, for a full disk for instance."""

    def write(partial: Path) -> None:
        tensors = {name: t.detach().cpu().contiguous() for name, t in state.items()}
        try:
            safetensors.torch.save_file(tensors, partial)
        except safetensors.SafetensorError as error:
            raise OSError(first_line(error)) from error

    write_atomically(path, write)


def load_network(folder: Path) -> tuple[UNet, ModelConfig]:
    """The network of a model folder with its weights, in evaluation mode on the CPU.

    Raises ModelError if the weights are missing, corrupt or belong to another network.
    """
    config = read_model_config(folder)
    check_weights_hash(folder, config)
    path = folder / WEIGHTS_NAME
    state = read_state(path)
    if config.format_version < 2:
        state = {_renamed(name): tensor for name, tensor in state.items()}
    with torch.device("meta"):
        network = UNet(config.network)
    wanted = network.state_dict()
    _check_shapes(path, state, wanted)
    state = {n: t.float() if t.is_floating_point() else t for n, t in state.items() if n in wanted}
    network.load_state_dict(state, assign=True)
    network.requires_grad_(True)
    return network.eval(), config


def read_state(path: Path) -> State:
    """The tensors of a weights file by name. Raises ModelError if it is damaged or would run code."""
    try:
        if path.suffix.lower() not in _PYTORCH_ENDINGS:
            return dict(safetensors.torch.load_file(path))
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError("There is no file {path}.", path=path) from None
    except _DAMAGED as error:
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):  # It names a function.
            raise ModelError(
                "{path} holds more than tensors and could run code when it is opened, so it is refused: save "
                "its state dict alone, or as safetensors.",
                path=path,
            ) from error
        raise ModelError(
            "The weights {path} are damaged or not safetensors (nor a state dict of PyTorch): copy the file "
            "again.",
            path=path,
        ) from error
    return _tensors(path, loaded)


def load_encoder_weights(network: UNet, path: Path) -> list[Sentence]:
    """Give a ResNet encoder its published weights (torchvision's names), the rest stays as it is.

    Returns what was done to make them fit, in words. A first convolution for 3 channels is adapted to
    the network's: for 1 it is summed, so that a grey image gives what it gives as RGB; for others its
    channels repeat, scaled so that the sum stays. Raises ModelError if the file is of another network.
    """
    encoder = network.encoder
    if not isinstance(encoder, ResNetEncoder):
        raise ModelError(
            "Published weights ({path}) are for ResNet encoders, this network's is plain: choose the preset "
            "residual.",
            path=path,
        )
    if network.config.normalization != "batch":
        raise ModelError(
            "The weights {path} were learnt with batch normalisation, this network has {normalization}: set "
            'normalization = "batch".',
            path=path,
            normalization=network.config.normalization,
        )
    state = read_state(path)
    wanted = encoder.state_dict()
    notes: list[Sentence] = []
    first = state.get("conv1.weight")
    channels = network.config.in_channels
    if first is not None and first.ndim == 4 and first.shape[1] not in (0, channels):
        state["conv1.weight"] = _adapted(first, channels)
        text = "The first convolution of {file} was adapted from {have} to {want} input channels."
        values = {"file": path.name, "have": str(first.shape[1]), "want": str(channels)}
        notes.append(Sentence(text, values))
    # Gates that the published network does not have begin as they are. Older files do not count their
    # batches, and nobody needs the count.
    _check_shapes(path, state, {n: t for n, t in wanted.items() if ".se." not in n and _COUNTER not in n})
    encoder.load_state_dict({n: state.get(n, t) for n, t in wanted.items()})
    return notes


def with_classes(network: UNet, before: Sequence[ObjectClass], after: Sequence[ObjectClass]) -> UNet:
    """The network with outputs for the classes `after`; those of the same name keep what they learnt.

    A class that is new, or all of them where nobody named the old ones, begin as the first; those that
    begin as the same share its probability, so that what is found stays the same.
    """
    config = msgspec.structs.replace(network.config, classes=len(after) + 1)
    state = dict(network.state_dict())
    known = {one.name.casefold(): index for index, one in enumerate(before, 1)}
    sources = [0, *(known.get(one.name.casefold(), 1) for one in after)]
    for name in ("weight", "bias"):
        state[_CLASSIFIER + name] = state[_CLASSIFIER + name][sources].clone()
    state[_CLASSIFIER + "bias"] -= torch.tensor([math.log(sources.count(s)) for s in sources])
    with torch.device("meta"):
        changed = UNet(config)
    changed.load_state_dict(state, assign=True)
    changed.requires_grad_(True)
    return changed


def _adapted(first: Tensor, channels: int) -> Tensor:
    have = first.shape[1]
    if channels == 1:
        return first.sum(1, keepdim=True)
    repeated = first[:, [c % have for c in range(channels)]]
    return repeated * (have / channels)


def _renamed(name: str) -> str:
    for old, new in _RENAMED_SINCE_1.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def _tensors(path: Path, loaded: Any) -> State:
    for wrapped in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapped), dict):
            loaded = loaded[wrapped]
    if not isinstance(loaded, dict) or not all(isinstance(t, Tensor) for t in loaded.values()):
        raise ModelError("{path} is no state dict (tensors by name).", path=path)
    return dict(loaded)


def _check_shapes(path: Path, state: State, wanted: Mapping[str, Tensor]) -> None:
    for name, tensor in wanted.items():
        found = state.get(name)
        if found is None or found.shape != tensor.shape:
            raise ModelError(
                "The weights {path} belong to another network: {name} is {found}, the config asks for "
                "{wanted}.",
                path=path,
                name=name,
                found="missing" if found is None else tuple(found.shape),
                wanted=tuple(tensor.shape),
            )
        if found.is_floating_point() and not bool(found.isfinite().all()):
            raise ModelError(
                "The weights {path} hold values that are no numbers, in {name}.", path=path, name=name
            )
