"""OpenVINO computes what PyTorch computes, or nothing; what it converted is kept, nothing is sent."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import QuietContext
from unet_studio.core.errors import UserError
from unet_studio.settings.network import UNetConfig
from unet_studio.unet import device as devices
from unet_studio.unet import openvino_network
from unet_studio.unet.device import Device, choose_device, device_to_predict
from unet_studio.unet.inference import class_probabilities
from unet_studio.unet.network import UNet
from unet_studio.unet.openvino_network import OpenVinoNetwork
from unet_studio.unet.prepared import Predictor, prepare_to_predict

pytest.importorskip("openvino")

FLOAT32 = Device(torch.device("cpu"), torch.float32, "test")
OPENVINO = Device(torch.device("cpu"), torch.float32, "test", by_openvino=True)
IMAGE = np.random.default_rng(0).random((150, 205, 2), np.float32)


def made(**changes: object) -> UNet:
    torch.manual_seed(0)
    return UNet(UNetConfig(in_channels=2, base_width=4, depth=2, **changes)).eval().requires_grad_(False)


def seen(network: Predictor, tile_px: int = 64) -> np.ndarray:
    return class_probabilities(network, IMAGE, FLOAT32, QuietContext(), tile_px=tile_px)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"depth": 6},
        {"classes": 4, "blocks": "residual", "squeeze_excitation": 4},
        {"blocks": "preactivation", "padding": "valid"},
        {"normalization": "group", "upsampling": "bilinear", "attention_gates": True},
        {"encoder": "resnet18", "upsampling": "bicubic", "depth": 3},
    ],
    ids=str,
)
def test_every_kind_of_network_is_taken_and_predicts_the_same(changes: dict[str, object]) -> None:
    depth = {"depth": 2} | changes
    torch.manual_seed(0)
    network = UNet(UNetConfig(in_channels=2, base_width=4, **depth)).eval().requires_grad_(False)  # type: ignore[arg-type]
    ready = prepare_to_predict(copy.deepcopy(network), OPENVINO)
    assert isinstance(ready, OpenVinoNetwork)
    for tile_px in (48, 64, 300):
        np.testing.assert_allclose(seen(ready, tile_px), seen(network, tile_px), atol=2e-4)


def test_what_was_converted_is_kept_and_made_anew_where_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, cache = made(), tmp_path / "kept" / "abc"
    plain = seen(network)
    converted: list[UNet] = []
    real = openvino_network._converted

    def counted(one: UNet) -> object:
        converted.append(one)
        return real(one)

    monkeypatch.setattr(openvino_network, "_converted", counted)
    for times in (1, 1, 1):
        np.testing.assert_allclose(seen(OpenVinoNetwork(network, torch.float32, cache)), plain, atol=1e-4)
        assert len(converted) == times
    (xml,) = cache.rglob("network.xml")
    xml.write_text(xml.read_text()[:200])
    np.testing.assert_allclose(seen(OpenVinoNetwork(network, torch.float32, cache)), plain, atol=1e-4)
    assert len(converted) == 2
    np.testing.assert_allclose(seen(OpenVinoNetwork(network, torch.float32, cache)), plain, atol=1e-4)
    assert len(converted) == 2


def test_of_many_converted_networks_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_network, "_MOST_KEPT", 2)
    network = made()
    for number in range(4):
        OpenVinoNetwork(network, torch.float32, tmp_path / "kept" / str(number))
    left = {folder.name for folder in (tmp_path / "kept").iterdir()}
    assert left == {"2", "3"}


def test_a_full_disk_or_half_an_installation_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openvino

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("basic_ios::clear: iostream error")

    monkeypatch.setattr(openvino, "save_model", full)
    assert isinstance(prepare_to_predict(made(), OPENVINO, tmp_path / "kept" / "abc"), OpenVinoNetwork)
    monkeypatch.delattr(openvino, "Core")
    assert not isinstance(prepare_to_predict(made(), OPENVINO), OpenVinoNetwork)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    network = OpenVinoNetwork(made(), torch.float32, tmp_path / "kept" / "abc")
    assert seen(network).shape == (150, 205, 1)


def test_openvino_tells_its_makers_nothing() -> None:
    program = (
        "import sys, torch; from unet_studio.unet.network import UNet; "
        "from unet_studio.settings.network import UNetConfig; "
        "from unet_studio.unet.openvino_network import OpenVinoNetwork; "
        "OpenVinoNetwork(UNet(UNetConfig(base_width=4, depth=1)), torch.float32, None); "
        "print(sys.modules['openvino_telemetry'], 'openvino' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "None True"


def test_auto_predicts_by_openvino_where_it_is_installed_and_cpu_means_pytorch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if choose_device().torch_device.type == "cpu":
        assert device_to_predict().by_openvino
        assert "OpenVINO" in device_to_predict().name
    assert not device_to_predict("cpu").by_openvino
    assert device_to_predict("openvino").by_openvino
    monkeypatch.setattr(devices, "has_openvino", lambda: False)
    assert not device_to_predict().by_openvino
    with pytest.raises(UserError, match="pip install"):
        device_to_predict("openvino")
