"""ResNet encoders against torchvision's own: names, shapes, and features for known weights."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
import torch

from tests.unet.reference.torchvision_features import known_image, known_weights, sampled
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.encoders import ResNetEncoder

REFERENCE = json.loads(
    Path(__file__).with_name("reference").joinpath("torchvision_features.json").read_text()
)


def encoder(name: str, depth: int = 5) -> ResNetEncoder:
    return ResNetEncoder(UNetConfig(encoder=name, depth=depth)).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", REFERENCE)
def test_names_shapes_and_parameters_are_torchvisions(name: str) -> None:
    with torch.device("meta"):
        network = encoder(name)
    shapes = {n: list(t.shape) for n, t in network.state_dict().items()}
    assert (
        zlib.crc32(json.dumps(sorted(shapes.items())).encode()) == REFERENCE[name]["names_and_shapes_crc32"]
    )
    assert sum(p.numel() for p in network.parameters()) == REFERENCE[name]["parameters"]
    if name == "resnet34":
        assert shapes == REFERENCE[name]["names_and_shapes"]
        assert round(REFERENCE[name]["parameters"] / 1e6, 1) == 21.3


@pytest.mark.parametrize("name", REFERENCE)
def test_features_are_torchvisions(name: str) -> None:
    with torch.device("meta"):
        network = encoder(name)
    network.load_state_dict(known_weights(network.state_dict()), assign=True)
    with torch.inference_mode():
        first, *levels = network(known_image(), lambda block, x: block(x))
    assert first is None
    for level, features in zip(levels, REFERENCE[name]["features"], strict=True):
        assert level is not None
        scale = max(1.0, float(level.abs().max()))
        assert sampled(level) == pytest.approx(features, abs=2e-5 * scale, rel=1e-4)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_shallower_encoder_is_the_beginning_of_the_deep_one(depth: int) -> None:
    deep, shallow = encoder("resnet18"), encoder("resnet18", depth)
    shallow.load_state_dict({n: deep.state_dict()[n] for n in shallow.state_dict()})
    x = known_image()
    with torch.inference_mode():
        all_levels, levels = (e(x, lambda block, x: block(x)) for e in (deep, shallow))
    assert len(levels) == depth + 1
    for a, b in zip(levels[1:], all_levels[1:], strict=False):
        assert torch.equal(a, b)


def test_a_resnet_deeper_than_resnets_are_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="halves the image 5 times"):
        UNetConfig(encoder="resnet34", depth=6)
