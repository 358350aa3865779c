"""Weights on disk: safetensors only, never pickle."""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from unet_studio.core.errors import ModelError
from unet_studio.io.model_folder import WEIGHTS_NAME, ModelConfig, check_weights_hash, read_model_config
from unet_studio.unet.network import UNet


def save_weights(path: Path, state: dict[str, Tensor]) -> None:
    """Write a state dict; tensors keep their dtype."""
    safetensors.torch.save_file({name: t.detach().cpu().contiguous() for name, t in state.items()}, path)


def load_network(folder: Path) -> tuple[UNet, ModelConfig]:
    """The network of a model folder with its weights, in evaluation mode on the CPU.

    Raises ModelError if the weights are missing, corrupt or belong to another network.
    """
    config = read_model_config(folder)
    check_weights_hash(folder, config)
    path = folder / WEIGHTS_NAME
    try:
        state = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            "The weights {path} are damaged or not safetensors ({reason}): copy the model folder again.",
            path=path,
            reason=error,
        ) from error
    with torch.device("meta"):
        network = UNet(config.network)
    wanted = network.state_dict()
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
    state = {n: t.float() if t.is_floating_point() else t for n, t in state.items() if n in wanted}
    network.load_state_dict(state, assign=True)
    network.requires_grad_(True)
    return network.eval(), config
