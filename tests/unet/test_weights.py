"""Weights go out and come back as they were; foreign files are adapted or refused in words."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import msgspec
import numpy as np
import pytest
import safetensors.torch
import torch

from tests.unet.conftest import tiny_model
from tests.unet.test_network import COMBINATIONS
from unet_studio.core.errors import ModelError
from unet_studio.io.model_folder import ModelConfig, write_model_folder
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import ObjectClass
from unet_studio.unet.network import UNet
from unet_studio.unet.weights import load_encoder_weights, load_network, save_weights, with_classes


def test_combinations_of_all_kinds_train_a_step_are_written_and_read_to_identical_outputs(
    tmp_path: Path,
) -> None:
    for number, combination in enumerate(COMBINATIONS[::31]):
        torch.manual_seed(number)
        config = UNetConfig(in_channels=2, classes=3, base_width=4, depth=2, **combination)  # type: ignore[arg-type]
        network = UNet(config).train()
        side = config.fitting_size(40)
        x = torch.randn(2, 2, side, side)
        optimizer = torch.optim.SGD(network.parameters(), 1e-3)
        network(x).square().mean().backward()
        optimizer.step()
        folder = tmp_path / str(number)
        folder.mkdir()
        save_weights(folder / "w", network.state_dict())
        write_model_folder(folder, ModelConfig(name="m", network=config), folder / "w", {})
        loaded, model = load_network(folder)
        assert model.network == config
        with torch.inference_mode():
            # The same weights; their layout in memory may change the last bit.
            assert torch.allclose(network.eval()(x), loaded(x), atol=1e-5), config


def test_a_model_of_the_first_format_is_read(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "m")
    new, _ = load_network(folder)
    state = {n.removeprefix("encoder."): t for n, t in new.state_dict().items()}
    save_weights(folder / "weights.safetensors", state)
    config = json.loads((folder / "config.json").read_text())
    config |= {"format_version": 1, "weights_sha256": ""}
    del config["classes"]
    config["network"] = {"in_channels": 1, "base_width": 4, "depth": 2}
    (folder / "config.json").write_text(json.dumps(config))
    old, model = load_network(folder)
    assert model.stuff == ()
    for name, tensor in new.state_dict().items():
        assert torch.equal(tensor, old.state_dict()[name])


def test_what_is_written_anew_is_of_the_newest_format(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "m")
    _, config = load_network(folder)
    old = msgspec.structs.replace(config, format_version=1)
    save_weights(folder / "w", load_network(folder)[0].state_dict())
    assert write_model_folder(folder, old, folder / "w", {}).format_version == 2


def resnet(in_channels: int = 3, **changes: object) -> UNet:
    torch.manual_seed(1)
    return UNet(
        UNetConfig(in_channels=in_channels, base_width=4, encoder="resnet18", depth=3, **changes)
    ).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_published_encoder_weights_load_from_disk_and_their_classifier_is_left_out(
    tmp_path: Path, suffix: str
) -> None:
    source = resnet()
    published = dict(source.encoder.state_dict()) | {
        "fc.weight": torch.zeros(1000, 512),
        "fc.bias": torch.zeros(1000),
    }
    path = tmp_path / f"resnet18{suffix}"
    if suffix == ".safetensors":
        safetensors.torch.save_file(published, path)
    else:
        torch.save(published if suffix == ".pth" else {"state_dict": published}, path)
    torch.manual_seed(5)
    target = UNet(source.config)
    if suffix == ".pth":  # As older files are.
        published = {n: t for n, t in published.items() if "num_batches" not in n}
        torch.save({"model": published}, path)
    assert load_encoder_weights(target, path) == []
    for name, tensor in source.encoder.state_dict().items():
        assert torch.equal(target.encoder.state_dict()[name], tensor)


def test_the_first_convolution_is_adapted_to_other_channels_and_it_is_said(tmp_path: Path) -> None:
    source = resnet()
    path = tmp_path / "r.safetensors"
    save_weights(path, source.encoder.state_dict())
    rgb = source.encoder.conv1
    grey = torch.randn(1, 1, 20, 20)
    for channels in (1, 2, 4, 7):
        target = resnet(channels)
        (note,) = load_encoder_weights(target, path)
        assert f"from 3 to {channels} input channels" in str(note)
        ours = target.encoder.conv1(grey.expand(1, channels, 20, 20))
        if channels == 1:
            assert torch.allclose(ours, rgb(grey.expand(1, 3, 20, 20)), atol=1e-4), "grey is RGB of one value"
        else:
            assert target.encoder.conv1.weight.sum().item() == pytest.approx(
                rgb.weight[:, [c % 3 for c in range(channels)]].sum().item() * 3 / channels, rel=1e-3
            )


def test_encoder_weights_for_a_network_with_gates_leave_the_gates_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "r.safetensors"
    save_weights(path, resnet().encoder.state_dict())
    target = resnet(squeeze_excitation=4)
    gates = {n: t.clone() for n, t in target.encoder.state_dict().items() if ".se." in n}
    load_encoder_weights(target, path)
    assert gates
    for name, tensor in gates.items():
        assert torch.equal(target.encoder.state_dict()[name], tensor)


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("bomb",))


@pytest.mark.parametrize(
    "case",
    ["code", "cut", "shapes", "no tensors", "missing", "plain", "text", "empty", "not numbers", "group norm"],
)
def test_foreign_weights_that_do_not_fit_are_refused_in_one_sentence(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network, words = resnet(), ""
    path = tmp_path / "foreign.pth"
    if case == "code":
        path.write_bytes(pickle.dumps({"conv1.weight": Bomb()}, protocol=2))
        words = "could run code"
    elif case == "cut":
        torch.save(dict(network.encoder.state_dict()), path)
        path.write_bytes(path.read_bytes()[:2000])
        words = "damaged"
    elif case == "shapes":
        path = tmp_path / "foreign.safetensors"
        save_weights(path, UNet(UNetConfig(encoder="resnet50", depth=3)).encoder.state_dict())
        words = "belong to another network: layer1.0.conv1.weight is (64, 64, 1, 1)"
    elif case == "no tensors":
        torch.save({"epoch": 3}, path)
        words = "no state dict"
    elif case == "missing":
        path = tmp_path / "gone.safetensors"
        words = "gone.safetensors"
    elif case in ("text", "empty"):
        path = tmp_path / "foreign.PTH"
        path.write_bytes(b"hello, these are no weights" if case == "text" else b"")
        words = "damaged or not safetensors"
    elif case == "not numbers":
        state = dict(network.encoder.state_dict())
        state["conv1.weight"] = torch.full_like(state["conv1.weight"], torch.nan)
        torch.save(state, path)
        words = "no numbers, in conv1.weight"
    elif case == "group norm":
        torch.save(dict(network.encoder.state_dict()), path)
        network, words = resnet(normalization="group"), 'set normalization = "batch"'
    else:
        save_weights(path.with_suffix(".safetensors"), network.encoder.state_dict())
        network, path, words = (
            UNet(UNetConfig(base_width=4)),
            path.with_suffix(".safetensors"),
            "preset residual",
        )
    with pytest.raises(ModelError, match=r"foreign|gone") as raised:
        load_encoder_weights(network, path)
    assert words in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert not Path("bomb").exists()


def test_new_classes_begin_as_the_old_ones_and_find_the_same_foreground() -> None:
    torch.manual_seed(0)
    network = UNet(UNetConfig(in_channels=1, base_width=4, depth=2, classes=3)).eval()
    before = (ObjectClass("Nucleus"), ObjectClass("Debris"))
    after = (ObjectClass("debris"), ObjectClass("Nucleus"), ObjectClass("Mitosis"))
    changed = with_classes(network, before, after).eval()
    x = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        p, q = torch.softmax(network(x), 1)[0], torch.softmax(changed(x), 1)[0]
    assert torch.allclose(q[0], p[0], atol=1e-6), "background stays"
    assert torch.allclose(q[1], p[2], atol=1e-6), "debris keeps what it learnt, whatever its case and place"
    assert torch.allclose(q[2] + q[3], p[1], atol=1e-6), "the new class shares with the first"
    np.testing.assert_allclose(q[2].numpy(), q[3].numpy(), atol=1e-6)
