"""Model folders: what is missing, foreign or corrupt ends in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

from tests.unet.conftest import tiny_model
from unet_studio.core.errors import ModelError
from unet_studio.io.model_folder import find_model, list_models, read_model_config
from unet_studio.unet.weights import load_network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "tiny")


def test_a_model_loads_to_the_same_weights(folder: Path) -> None:
    first, config = load_network(folder)
    again, _ = load_network(folder)
    for name, tensor in first.state_dict().items():
        assert (tensor == again.state_dict()[name]).all()
    assert config.name == "tiny"


def test_a_folder_without_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no config"):
        read_model_config(tmp_path)


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no weights\.safetensors: copy the whole folder"):
        load_network(folder)


def test_damaged_weights_are_found_by_their_checksum(folder: Path) -> None:
    path = folder / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged or were exchanged"):
        load_network(folder)


def test_weights_of_another_network_name_the_first_tensor_that_does_not_fit(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["network"]["base_width"], config["weights_sha256"] = 8, ""
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"belong to another network: encoder\.first\.0\.weight is \(4"):
        load_network(folder)


def test_a_pickle_is_never_loaded(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["weights_sha256"] = ""
    (folder / "config.json").write_text(json.dumps(config))
    torch.save({"first.0.weight": torch.zeros(1)}, folder / "weights.safetensors")
    with pytest.raises(ModelError, match="damaged or not safetensors"):
        load_network(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"name": "x", "network": {"depth": 99}}'])
def test_a_foreign_config_ends_in_one_sentence(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelError, match="not the config of a U-Net Studio model"):
        read_model_config(folder)


def test_a_model_of_a_newer_version_is_refused_in_words(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"format_version": 99}))
    with pytest.raises(ModelError, match="newer version"):
        read_model_config(folder)


def test_models_are_found_by_name_and_by_path(folder: Path, tmp_path: Path) -> None:
    assert find_model("tiny", tmp_path) == folder.resolve()
    assert find_model(str(folder)) == folder.resolve()
    with pytest.raises(ModelError, match="no model gone"):
        find_model("gone", tmp_path)


def test_half_written_folders_are_not_listed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "half")
    (tmp_path / "half" / "config.json").unlink()
    assert list_models(tmp_path) == [folder]


def test_only_safetensors_are_written(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "metrics.json", "weights.safetensors"]
    assert safetensors.torch.load_file(folder / "weights.safetensors")
