"""A settings file changes what it names and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_studio.core.errors import SettingsError
from unet_studio.settings.files import read_toml
from unet_studio.settings.training import Loss, TrainConfig

BASE = TrainConfig(minutes=3.0, learning_rate=0.5, loss=Loss(dice=0.5))
LENGTHS = {"epochs", "steps", "minutes"}


def read(tmp_path: Path, text: str) -> TrainConfig:
    (tmp_path / "c.toml").write_text(text)
    return read_toml(tmp_path / "c.toml", BASE, alternatives=LENGTHS)


def test_what_a_file_leaves_out_is_as_in_the_base_also_inside_a_table(tmp_path: Path) -> None:
    config = read(tmp_path, "batch_size = 2\n[loss]\nfocal = 1.0\n")
    assert (config.batch_size, config.learning_rate, config.minutes) == (2, 0.5, 3.0)
    assert config.loss == Loss(dice=0.5, focal=1.0)
    assert read(tmp_path, "") == BASE


def test_a_length_in_any_unit_replaces_the_bases(tmp_path: Path) -> None:
    steps = read(tmp_path, "steps = 7")
    assert (steps.steps, steps.minutes) == (7, None)
    epochs = read(tmp_path, "epochs = 9")
    assert (epochs.epochs, epochs.steps, epochs.minutes) == (9, None, None)


def test_a_wrong_value_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"loss\.dice: expected `float` >= 0"):
        read(tmp_path, "[loss]\ndice = -1.0\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        read(tmp_path, "batch_size = ")
