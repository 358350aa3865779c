"""A tiny model folder for tests that need one but not its quality."""

from __future__ import annotations

from pathlib import Path

import torch

from unet_studio.io.model_folder import ModelConfig, write_model_folder
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.network import UNet
from unet_studio.unet.weights import save_weights

TINY = UNetConfig(in_channels=1, base_width=4, depth=2)


def tiny_model(folder: Path, network: UNetConfig = TINY) -> Path:
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    save_weights(folder / "w", UNet(network).state_dict())
    write_model_folder(folder, ModelConfig(name=folder.name, network=network), folder / "w", {})
    return folder
