"""Writes torchvision_features.json: names, shapes and features of torchvision's ResNets with known weights.

    python tests/unet/reference/torchvision_features.py

Run once where torchvision can be installed (made with torchvision 0.29.2); the tests need only the numbers.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import torch

ENCODERS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2",
)  # fmt: skip


def known_weights(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights that depend on the tensors' names and shapes alone."""
    out = {}
    for name, tensor in state.items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        if name.endswith("num_batches_tracked"):
            out[name] = torch.zeros_like(tensor)
            continue
        noise = rng.standard_normal(tuple(tensor.shape), np.float32)
        if tensor.ndim == 4:
            noise *= np.float32((1 / noise[0].size) ** 0.5)
        elif name.endswith(("weight", "running_var")):
            noise = 1 + np.float32(0.1) * np.abs(noise)
        else:
            noise *= np.float32(0.1)
        out[name] = torch.from_numpy(noise)
    return out


def known_image() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2015).standard_normal((1, 3, 64, 96), np.float32))


def sampled(features: torch.Tensor) -> list[float]:
    """Twelve of the numbers, spread over all."""
    flat = features.double().flatten()
    return [float(v) for v in flat[torch.linspace(0, flat.numel() - 1, 12).long()]]


def main() -> None:
    import torchvision

    out = {}
    for name in ENCODERS:
        network = getattr(torchvision.models, name)(weights=None).eval()
        state = {n: t for n, t in network.state_dict().items() if not n.startswith("fc.")}
        network.load_state_dict(known_weights(state), strict=False)
        x, features = known_image(), []
        with torch.inference_mode():
            x = network.relu(network.bn1(network.conv1(x)))
            features.append(sampled(x))
            x = network.maxpool(x)
            for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
                x = layer(x)
                features.append(sampled(x))
        shapes = {n: list(t.shape) for n, t in state.items()}
        digest = zlib.crc32(json.dumps(sorted(shapes.items())).encode())
        parameters = sum(
            int(np.prod(s)) for n, s in shapes.items() if "running" not in n and "num_b" not in n
        )
        out[name] = {"parameters": parameters, "names_and_shapes_crc32": digest, "features": features}
        if name == "resnet34":
            out[name]["names_and_shapes"] = shapes
    path = Path(__file__).with_name("torchvision_features.json")
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
