"""The command line, through the real main and the real engine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import tifffile

from tests.conftest import RESOURCES, discs
from tests.unet.conftest import tiny_model
from unet_studio.__main__ import main
from unet_studio.cli import bench
from unet_studio.cli.predict import PlaneToPredict, PredictTask, predict_plane
from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io import image_source
from unet_studio.io.image_source import ImageSource
from unet_studio.io.label_files import read_label_image, write_label_tiff
from unet_studio.io.open_image import open_image
from unet_studio.jobs import parts
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import Predict, Predicted, Train
from unet_studio.settings.training import FINE_TUNING, TrainConfig


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """images/ and masks/ of four small fields of discs."""
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for name in "abcd":
        labels = discs((96, 112), *[(int(rng.integers(96)), int(rng.integers(112)), 9) for _ in range(6)])
        image = np.clip(rng.normal(30, 4, labels.shape) + 120 * (labels > 0), 0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), image)
        write_label_tiff(tmp_path / "masks" / f"{name}.tif", labels)
    return tmp_path


CONFIG = """
patch_px = 48
batch_size = 4
learning_rate = 1e-2
[network]
in_channels = 1
base_width = 4
depth = 2
[augmentation]
elastic_sigma_px = 2.0
"""


def last_json(text: str) -> dict:
    return json.loads(text.strip().splitlines()[-1])


def test_train_then_predict_then_evaluate(cells: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cells / "c.toml").write_text(CONFIG)
    model, out = cells / "model", cells / "out"
    code = main(
        ["train", "--images", str(cells / "images"), "--masks", str(cells / "masks"), "--out", str(model),
         "--config", str(cells / "c.toml"), "--steps", "60", "--val-fraction", "0.25", "--seed", "3", "--json"]
    )  # fmt: skip
    trained = last_json(capsys.readouterr().out)
    assert code == 0
    assert trained["model"] == str(model)
    config = json.loads((model / "config.json").read_text())
    assert config["recipe"]["settings"]["seed"] == 3
    assert config["recipe"]["settings"]["network"]["base_width"] == 4
    assert config["recipe"]["settings"]["norm_statistics"] == "patches", "those of a new network"
    assert config["recipe"]["settings"]["minutes"] is None
    assert len(config["recipe"]["validation_images"]) == 1

    code = main(["predict", str(cells / "images"), "--out", str(out), "--model", str(model), "--json"])
    captured = capsys.readouterr()
    assert code == 0
    assert {row["image"][-5] for row in last_json(captured.out)["images"]} == set("abcd")

    code = main(["evaluate", "--pred", str(out), "--truth", str(cells / "masks"), "--json"])
    scores = last_json(capsys.readouterr().out)
    assert code == 0
    assert list(scores)[:10] == ["images", "dice", "iou", "precision50", "recall50", "f1_50", "ap50", "ap50_mean", "ap75", "ap50_95"]  # fmt: skip
    assert scores["images"] == 4
    assert scores["dice"] > 0.8


def test_a_new_network_is_not_trained_with_the_settings_of_fine_tuning(
    cells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(_: EngineConnection, request: Train, **__: object) -> None:
        asked.append(request)
        raise ImageFileError("It is enough to know what was asked.")

    monkeypatch.setattr(EngineConnection, "run", run)
    files = ["--images", str(cells / "images"), "--masks", str(cells / "masks"), "--out", str(cells / "m")]
    for init in ([], ["--init", "nuclei"]):
        assert main(["train", *files, *init]) == 2
    assert [request.config for request in asked] == [TrainConfig(), FINE_TUNING]
    assert all(request.usual_input for request in asked)


def test_predict_replaces_no_other_file_among_the_images(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = cells / "images" / "a.tif"
    original.write_bytes(b"an original")
    model = tiny_model(tmp_path / "tiny")
    image = str(cells / "images" / "a.png")
    assert main(["predict", image, "--out", str(cells / "images"), "--model", str(model)]) == 2
    assert "a.tif is among the images in" in capsys.readouterr().err
    assert original.read_bytes() == b"an original"


def test_letters_that_a_redirected_output_does_not_have_end_nothing(cells: Path, tmp_path: Path) -> None:
    image = cells / "images" / "β-actin.png"
    (cells / "images" / "a.png").rename(image)
    model = tiny_model(tmp_path / "tiny")
    command = [sys.executable, "-m", "unet_studio", "predict", str(image), "--out", str(tmp_path / "o")]
    ended = subprocess.run(
        [*command, "--model", str(model), "--json"], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"}, encoding="cp1252",
    )  # fmt: skip
    assert "\\u03b2-actin: " in ended.stdout
    assert json.loads(ended.stdout.splitlines()[-1])["images"][0]["image"] == str(image)


def test_stacks_and_colours_are_not_evaluated_as_what_they_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("true", "pred"):
        (tmp_path / folder).mkdir()
        tifffile.imwrite(
            tmp_path / folder / "a.tif", np.ones((4, 20, 30), np.uint16), metadata={"axes": "ZYX"}
        )
    evaluate = ["evaluate", "--pred", str(tmp_path / "pred"), "--truth", str(tmp_path / "true")]
    assert main(evaluate) == 2
    assert "a.tif holds 4 planes" in capsys.readouterr().err
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[2:6, 2:6], colours[10:15, 10:15] = (0, 0, 128), (0, 128, 0)
    for folder in ("true", "pred"):
        (tmp_path / folder / "a.tif").unlink()
        cv2.imwrite(str(tmp_path / folder / "a.png"), colours)
    assert main([*evaluate, "--masks", "classes"]) == 2
    assert "a.png holds colours" in capsys.readouterr().err
    assert main(evaluate) == 0, "as instances every colour is one"


def test_predict_writes_every_format_it_is_asked_for(cells: Path, tmp_path: Path) -> None:
    model, out = tiny_model(tmp_path / "tiny"), tmp_path / "o"
    formats = ["--format", "label-tiff", "--format", "label-png", "--format", "binary-png"]
    assert (
        main(["predict", str(cells / "images" / "a.png"), "--out", str(out), "--model", str(model), *formats])
        == 0
    )
    labels = read_label_image(out / "label-tiff" / "a.tif")
    assert (read_label_image(out / "label-png" / "a.png") == labels).all()
    assert ((read_label_image(out / "binary-png" / "a.png") > 0) == (labels > 0)).all()


def test_fine_tuning_starts_from_the_model_that_is_named(
    cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init = tiny_model(cells / "tiny")
    arguments = ["train", "--images", str(cells / "images"), "--masks", str(cells / "masks")]
    assert main([*arguments, "--out", str(cells / "tuned"), "--init", str(init), "--steps", "2"]) == 0
    config = json.loads((cells / "tuned" / "config.json").read_text())
    assert config["recipe"]["init"] == "tiny"
    assert config["network"]["base_width"] == 4, "the network is the one of the starting model"


def test_one_unreadable_image_does_not_cost_the_others(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cells / "images" / "broken.png").write_bytes(b"\x89PNG not really")
    model = tiny_model(tmp_path / "tiny")
    code = main(["predict", str(cells / "images"), "--out", str(tmp_path / "o"), "--model", str(model)])
    captured = capsys.readouterr()
    assert code == 2
    assert "broken.png is not a complete image" in captured.err
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == ["a.tif", "b.tif", "c.tif", "d.tif"]


def test_a_colour_image_for_a_model_of_one_channel_is_converted_and_it_is_said(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_model(tmp_path / "tiny")
    image = tmp_path / "colour.png"
    cv2.imwrite(str(image), np.random.default_rng(0).integers(0, 255, (60, 70, 3)).astype(np.uint8))
    assert main(["predict", str(image), "--out", str(tmp_path / "o"), "--model", str(model)]) == 0
    said = capsys.readouterr().err
    assert "colour.png: The image's 3 channels were turned into one grey channel for the model." in said


BAD_INPUT = {
    "an unknown option": (["predict", "x.png", "--out", "o", "--colour"], "unrecognized arguments: --colour"),
    "a missing option": (["predict", "x.png"], "--out"),
    "an unknown format": (["predict", "x.png", "--out", "o", "--format", "gif"], "invalid choice: 'gif'"),
    "a missing image": (["predict", "gone.png", "--out", "o", "--model", "{model}"], "There is no file gone.png"),
    "an empty folder": (["predict", "empty", "--out", "o", "--model", "{model}"], "holds no image"),
    "an unknown model": (["predict", "images", "--out", "o", "--model", "gone"], "There is no model gone"),
    "an unknown device": (
        ["predict", "images", "--out", "o", "--model", "{model}", "--device", "tpu7"], "There is no device tpu7"),
    "masks that would replace the images": (
        ["predict", "tiffs", "--out", "tiffs", "--model", "{model}"], "would replace the images"),
    "a share and a set for validation": (
        ["train", "--images", "images", "--masks", "masks", "--out", "m", "--val-fraction", "0.2", "--val-images", "images", "--val-masks", "masks"], "exclude each other"),
    "a GPU that is not there": (
        ["predict", "images", "--out", "o", "--model", "{model}", "--device", "cuda:93"], "is not usable"),
    "a folder that cannot be written": (
        ["predict", "images", "--out", "file/o", "--model", "{model}"], "Choose another folder"),
    "two images of one stem": (
        ["predict", "images", "twin/a.png", "--out", "o", "--model", "{model}"], "would both be written as a"),
    "an image without mask": (
        ["train", "--images", "images", "--masks", "few", "--out", "m"], "3 of 4 images have no mask"),
    "a mask of another size": (
        ["train", "--images", "twin", "--masks", "small", "--out", "m", "--steps", "1"], "mask a.tif is 5×6 px"),
    "masks without any instance": (
        ["train", "--images", "twin", "--masks", "blank", "--out", "m", "--steps", "1"], "holds an instance"),
    "settings with an unknown key": (
        ["train", "--images", "images", "--masks", "masks", "--out", "m", "--config", "bad.toml"], "learning_speed"),
    "settings out of range": (
        ["train", "--images", "images", "--masks", "masks", "--out", "m", "--epochs", "0"], "epochs: expected `int` >= 1"),
    "half of a validation set": (
        ["train", "--images", "images", "--masks", "masks", "--out", "m", "--val-images", "images"], "go together"),
    "two lengths": (
        ["train", "--images", "i", "--masks", "m", "--out", "o", "--epochs", "1", "--steps", "1"], "not allowed with"),
    "predictions of another size": (["evaluate", "--pred", "small", "--truth", "twin"], "5×6 px"),
    "a truth without prediction": (["evaluate", "--pred", "few", "--truth", "masks"], "3 of 4"),
    "a path that is not there": (["nowhere.png"], "nowhere.png"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_ends_with_code_2_and_one_plain_line(
    case: str, cells: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(cells)
    monkeypatch.setenv("DISPLAY", ":77")
    for name in ("empty", "twin", "few", "small", "blank", "tiffs"):
        Path(name).mkdir()
    Path("file").write_bytes(b"")
    Path("bad.toml").write_text("learning_speed = 3\n")
    cv2.imwrite("twin/a.png", np.zeros((96, 112), np.uint8))
    write_label_tiff(Path("tiffs/a.tif"), np.ones((96, 112), np.int32))
    write_label_tiff(Path("few/a.tif"), np.ones((96, 112), np.int32))
    write_label_tiff(Path("small/a.tif"), np.ones((5, 6), np.int32))
    write_label_tiff(Path("blank/a.tif"), np.zeros((96, 112), np.int32))
    model = tiny_model(cells / "tiny")
    arguments, words = BAD_INPUT[case]
    code = main([a.format(model=model) for a in arguments])
    captured = capfd.readouterr()
    assert code == 2
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert "Traceback" not in captured.err


@pytest.mark.slow
def test_ctrl_c_ends_a_training_with_code_130(cells: Path) -> None:
    command = [sys.executable, "-m", "unet_studio", "train", "--images", str(cells / "images"),
               "--masks", str(cells / "masks"), "--out", str(cells / "m"), "--minutes", "5"]  # fmt: skip
    # As at a terminal: whoever runs the tests may have it ignored, which is inherited.
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stderr is not None
    assert "images train" in process.stderr.readline()
    assert any("step 0" in process.stderr.readline() for _ in range(3))
    os.kill(process.pid, signal.SIGINT)
    started = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert time.monotonic() - started < 10
    assert not (cells / "m" / "config.json").exists(), "a cancelled training leaves no model"


def test_doctor_says_what_will_be_used_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    report = last_json(capsys.readouterr().out)
    assert report["versions"]["torch"]
    assert report["chosen"]
    assert report["reason"]
    assert any(path.endswith("nuclei") for path in report["models"])


def test_without_a_display_the_window_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    assert "no display" in capsys.readouterr().err


def test_the_shipped_model_is_small_and_knows_its_recipe() -> None:
    folder = RESOURCES / "models" / "nuclei"
    assert sum(f.stat().st_size for f in folder.iterdir()) < 10_000_000
    config = json.loads((folder / "config.json").read_text())
    assert len(config["recipe"]["training_images"]) > 400
    assert config["recipe"]["settings"]["seed"] == 2016
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["validation"]["ap50"] > 0.7


def test_the_shipped_model_finds_most_nuclei_of_unseen_images(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (RESOURCES.parent / "packaging" / "nuclei_model" / "val_images.txt").read_text().split()
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for name in [n for n in names if n.endswith(".png")][::12]:
        stem = Path(name).stem
        (tmp_path / "images" / name).symlink_to(data / "nuclei_dsb2018" / "images" / name)
        (tmp_path / "masks" / f"{stem}.tif").symlink_to(data / "nuclei_dsb2018" / "masks" / f"{stem}.tif")
    assert main(["predict", str(tmp_path / "images"), "--out", str(tmp_path / "o")]) == 0
    assert (
        main(["evaluate", "--pred", str(tmp_path / "o"), "--truth", str(tmp_path / "masks"), "--json"]) == 0
    )
    scores = last_json(capsys.readouterr().out)
    assert scores["images"] >= 6
    assert scores["ap50"] > 0.6


def test_models_info_prints_layers_size_reach_and_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "info", "paper2015", "--json"]) == 0
    out = capsys.readouterr().out
    report = last_json(out)
    assert report["parameters"] == 31_030_658
    assert (report["input_px"] - report["output_px"]) == 184
    for words in (
        "receptive field",
        "GFLOP per megapixel",
        "memory to train",
        "encoder.down.3.convs.2",
        "1024×",
    ):
        assert words in out
    # Counted by hand: 3×3 convolutions of the first level on the whole input.
    side = report["input_px"] - 2
    assert report["layers"][0]["flops"] == 2 * 9 * 1 * 64 * side * side
    assert main(["models", "info", "nuclei"]) == 0
    assert "1,942,594" in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    assert {"paper2015", "standard", "compact", "residual", "attention"} == set(
        last_json(capsys.readouterr().out)["presets"]
    )
    assert main(["models", "info", "gone"]) == 2
    assert "Presets: paper2015" in capsys.readouterr().err


def test_presets_train_from_the_command_line_and_a_run_that_was_killed_goes_on(
    cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cells / "c.toml").write_text(CONFIG)
    arguments = [
        "train",
        "--images",
        str(cells / "images"),
        "--masks",
        str(cells / "masks"),
        "--out",
        str(cells / "m"),
    ]
    assert main([*arguments, "--config", str(cells / "c.toml"), "--steps", "4", "--json"]) == 0
    captured = capsys.readouterr()
    assert "images train, 1 validate, on" in captured.err
    assert last_json(captured.out)["run"] == str(cells / "m" / "run")
    assert main(["train", "--resume", str(cells / "m" / "run")]) == 2
    assert "it has no checkpoint" in capsys.readouterr().err
    assert main(["train", "--resume", str(cells)]) == 2
    assert "is not the folder of a run" in capsys.readouterr().err
    assert main([*arguments, "--resume", str(cells / "m" / "run")]) == 2
    assert "leave out --images, --masks, --out" in capsys.readouterr().err
    assert main(["train", "--resume", str(cells / "m" / "run"), "--steps", "3", "--seed", "5"]) == 2
    assert "leave out --steps, --seed" in capsys.readouterr().err
    assert main(["train", "--images", str(cells / "images")]) == 2
    assert "--masks, --out is missing" in capsys.readouterr().err
    assert main([*arguments, "--init", "nuclei", "--network", "paper2015"]) == 2
    assert "--init brings its own network" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_run_folder(cells: Path) -> None:
    (cells / "c.toml").write_text(CONFIG + "\n")
    text = (cells / "c.toml").read_text()
    (cells / "c.toml").write_text("val_every_steps = 5\n" + text)
    command = [sys.executable, "-m", "unet_studio", "train"]
    new = ["--images", str(cells / "images"), "--masks", str(cells / "masks"), "--out", str(cells / "m"),
           "--config", str(cells / "c.toml"), "--steps", "3000"]  # fmt: skip
    process = subprocess.Popen([*command, *new], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    checkpoint = cells / "m" / "run" / "checkpoint.pt"
    deadline = time.monotonic() + 60
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    events = (cells / "m" / "run" / "events.jsonl").read_text().splitlines()
    request = cells / "m" / "run" / "request.json"
    request.write_text(request.read_text().replace('"steps": 3000', f'"steps": {5 * len(events) + 20}'))
    done = subprocess.run(
        [*command, "--resume", str(cells / "m" / "run"), "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    steps = [row["step"] for row in last_json(done.stdout)["metrics"]["curve"]]
    assert steps == list(range(0, steps[-1] + 1, 5))
    assert (cells / "m" / "config.json").exists()


@pytest.mark.slow
def test_torchrun_trains_one_model_with_two_processes(cells: Path) -> None:
    (cells / "c.toml").write_text(CONFIG + "\n")
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = ["-m", "unet_studio", "train", "--images", str(cells / "images"), "--masks", str(cells / "masks"),
               "--out", str(cells / "m"), "--config", str(cells / "c.toml"), "--steps", "10", "--json"]  # fmt: skip
    done = subprocess.run([*start, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len([line for line in done.stdout.splitlines() if line.startswith('{"model"')]) == 1
    environment = json.loads((cells / "m" / "run" / "environment.json").read_text())
    assert environment["processes"] == 2
    assert (cells / "m" / "config.json").exists()


def test_the_classes_a_model_learnt_are_delivered_and_can_be_judged(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "classes").mkdir()
    for mask in sorted((cells / "masks").iterdir()):
        labels = read_label_image(mask)
        write_label_tiff(
            tmp_path / "classes" / f"{mask.stem}.tif",
            np.where(labels > 0, labels % 2 + 1, 0).astype(np.int32),
        )
    # Odd cells look like even ones: without balance the likeliest is background everywhere.
    (cells / "c.toml").write_text(
        'masks = "classes"\nclasses = [{name = "odd"}, {name = "even"}]\n'
        + CONFIG
        + "[border_weights]\nbalance_classes = true\n"
    )
    arguments = ["train", "--images", str(cells / "images"), "--masks", str(tmp_path / "classes")]
    assert (
        main([*arguments, "--out", str(cells / "m"), "--config", str(cells / "c.toml"), "--steps", "60"]) == 0
    )
    out = tmp_path / "out"
    predict = [
        "predict",
        str(cells / "images"),
        "--out",
        str(out),
        "--model",
        str(cells / "m"),
        "--format",
        "class-png",
    ]
    assert main([*predict, "--json"]) == 0
    row = last_json(capsys.readouterr().out)["images"][0]
    assert row["classes"] == ["odd", "even"]
    assert len(row["class_of"]) == row["instances"]
    judge = [
        "evaluate",
        "--masks",
        "classes",
        "--truth",
        str(tmp_path / "classes"),
        "--pred",
        str(out / "class-png"),
        "--json",
    ]
    assert main(judge) == 0
    assert last_json(capsys.readouterr().out)["accuracy"] > 0.6


def test_evaluate_knows_classes_and_membranes(
    cells: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("truth", "pred"):
        (tmp_path / name).mkdir()
    true = np.repeat([[1, 1, 1, 0, 2, 2, 2, 2]], 8, 0).astype(np.int32)
    pred = np.repeat([[1, 1, 0, 0, 2, 2, 2, 1]], 8, 0).astype(np.int32)
    write_label_tiff(tmp_path / "truth" / "a.tif", true)
    write_label_tiff(tmp_path / "pred" / "a.tif", pred)
    arguments = ["evaluate", "--truth", str(tmp_path / "truth"), "--pred", str(tmp_path / "pred"), "--json"]
    assert main([*arguments, "--masks", "classes"]) == 0
    scores = last_json(capsys.readouterr().out)
    assert scores["confusion"] == [[8, 0, 0], [8, 16, 0], [0, 8, 24]]
    assert scores["iou"] == pytest.approx([8 / 16, 16 / 32, 24 / 32])
    assert scores["accuracy"] == pytest.approx(48 / 64)
    assert main([*arguments, "--masks", "membranes"]) == 0
    assert 0 < last_json(capsys.readouterr().out)["rand"] < 1
    for name in ("truth", "pred"):
        write_label_tiff(tmp_path / name / "a.tif", (true == 0).astype(np.int32))
    assert main([*arguments, "--masks", "membranes"]) == 0
    assert last_json(capsys.readouterr().out)["rand"] == 1, "binary masks mark the membranes"
    write_label_tiff(tmp_path / "pred" / "a.tif", np.full(true.shape, 350_000, np.int32) + true)
    assert main([*arguments, "--masks", "classes"]) == 2
    assert "there are at most 254 classes" in capsys.readouterr().err
    write_label_tiff(tmp_path / "truth" / "a.tif", true)
    write_label_tiff(tmp_path / "pred" / "a.tif", pred)
    assert main(arguments) == 0
    scores = last_json(capsys.readouterr().out)
    assert (scores["instances"], scores["merges"], scores["misses"]) == (2, 0, 0)
    assert len(scores["ap"]) == 10


def test_predict_writes_a_mask_for_every_plane_and_for_every_image_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = np.random.default_rng(0).integers(0, 60, (2, 3, 64, 64)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as file:
        file.write(stack[0, 0])
        file.write(stack[0, 0, :48])
    code = main(
        [
            "predict",
            str(tmp_path / "stack.tif"),
            str(tmp_path / "two.ome.tif"),
            "--out",
            str(tmp_path / "out"),
            "--json",
        ]
    )
    assert code == 0
    planes = [f"stack_t{t:04}_z{z:04}.tif" for t in range(2) for z in range(3)]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        *planes,
        "two.ome_s01.tif",
        "two.ome_s02.tif",
    ]
    assert tifffile.imread(tmp_path / "out" / "two.ome_s02.tif").shape == (48, 64)
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["images"]
    assert len(rows) == 8


def test_masks_of_scenes_and_planes_replace_nothing_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    plane = np.random.default_rng(0).integers(0, 60, (64, 64)).astype(np.uint8)
    with tifffile.TiffWriter(images / "two.ome.tif", ome=True) as file:
        file.write(plane)
        file.write(plane[:48])
    tifffile.imwrite(images / "two.ome_s01.tif", plane)
    before = (images / "two.ome_s01.tif").read_bytes()
    assert main(["predict", str(images / "two.ome.tif"), "--out", str(images)]) == 2
    assert "replace" in capsys.readouterr().err
    assert (images / "two.ome_s01.tif").read_bytes() == before
    both = [str(images / "two.ome.tif"), str(images / "two.ome_s01.tif")]
    assert main(["predict", *both, "--out", str(tmp_path / "out")]) == 2
    assert "would both be written as two.ome_s01" in capsys.readouterr().err


def test_predict_does_a_plane_that_is_too_large_to_be_held_part_by_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)
    plane = np.tile(field[:512, :512], (2, 2))
    tifffile.imwrite(tmp_path / "whole.tif", plane)
    tifffile.imwrite(tmp_path / "parts.tif", plane)
    assert main(["predict", str(tmp_path / "whole.tif"), "--out", str(tmp_path)]) == 2, "not onto the images"
    assert main(["predict", str(tmp_path / "whole.tif"), "--out", str(tmp_path / "out")]) == 0
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**16)
    monkeypatch.setattr(parts, "PART_PX", 512)
    assert main(["predict", str(tmp_path / "parts.tif"), "--out", str(tmp_path / "out")]) == 0
    whole, cut = (tifffile.imread(tmp_path / "out" / f"{name}.tif") for name in ("whole", "parts"))
    assert abs(int(whole.max()) - len(np.unique(cut)) + 1) <= 0.01 * whole.max() + 1
    assert ((whole > 0) == (cut > 0)).mean() > 0.998


class LearningEngine:
    """Finds nothing, and says that the plane is to be seen at half its size."""

    def __init__(self) -> None:
        self.asked: list[tuple[Predict, tuple[int, ...]]] = []

    def run(self, request: Predict, arrays: list[Any], *_: object) -> tuple[Predicted, list[Any]]:
        """Answer about a part."""
        assert request.part is not None
        self.asked.append((request, arrays[0].shape[:2]))
        labels = np.zeros(request.part.window.shape, np.int32)
        outcome = Predicted(
            job=0, device="none", seconds=0.1, class_of=[], classes=(), scale=0.5, weights="", notes=[]
        )  # fmt: skip
        return outcome, [labels, labels.astype(np.uint8)]


def plane_in_four_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> PlaneToPredict:
    tifffile.imwrite(folder / "plane.tif", np.zeros((2048, 2048), np.uint8))
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**16)
    monkeypatch.setattr(parts, "PART_PX", 1024)
    return PlaneToPredict(open_image(folder / "plane.tif"), 0, 0, "labels")


def test_a_part_that_was_read_before_the_scale_was_known_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane, engine = plane_in_four_parts(tmp_path, monkeypatch), LearningEngine()
    task = PredictTask(cast(Any, engine), "m", "auto", tmp_path, ("label-tiff",), None, False)
    predict_plane(task, plane, lambda event: None)
    assert [request.scale for request, _ in engine.asked] == [None, 0.5, 0.5, 0.5, 0.5]
    windows = [request.part.window for request, _ in engine.asked if request.part is not None]
    bounds = Rect.of_size(2048, 2048)
    areas = parts.all_areas(bounds)
    assert windows == [
        parts.window_of(areas[0], bounds),
        *(parts.window_of(area, bounds, 0.5) for area in areas),
    ]
    assert all(request.part and shape == request.part.pixels.shape for request, shape in engine.asked)


def test_a_part_that_cannot_be_read_ahead_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane, engine = plane_in_four_parts(tmp_path, monkeypatch), LearningEngine()
    bounds, real = Rect.of_size(2048, 2048), type(plane.source).read
    third = parts.request_of(parts.all_areas(bounds)[2], bounds, 1.0, run="").pixels

    def cut_off(self: ImageSource, rect: Rect, **where: int) -> Any:
        if rect == third:
            raise ImageFileError("{name} is cut off.", name="plane")
        return real(self, rect, **where)

    monkeypatch.setattr(type(plane.source), "read", cut_off)
    task = PredictTask(cast(Any, engine), "m", "auto", tmp_path, ("label-tiff",), 1.0, False)
    with pytest.raises(ImageFileError, match="plane is cut off"):
        predict_plane(task, plane, lambda event: None)
    assert len(engine.asked) == 2
    assert not list(tmp_path.glob("labels*"))


def test_bench_prints_a_row_for_every_piece_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--quick", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert len(rows) == 5
    keys = {"name", "ours_s", "plain_s", "ratio", "gflops", "peak_gflops", "peak_fraction"}
    assert all(set(row) == keys for row in rows)
    networks = [row for row in rows if row["gflops"] is not None]
    assert len(networks) == 2
    for row in networks:
        assert row["ratio"] == pytest.approx(row["plain_s"] / row["ours_s"], rel=0.02)
        assert 0 < row["peak_fraction"] < 2


def test_flips_propose_by_the_mean_of_four_views(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = RESOURCES / "demo" / "fluorescence.png"
    found = []
    for flips in ([], ["--flips"]):
        out = tmp_path / f"out{len(flips)}"
        assert main(["predict", str(image), "--out", str(out), "--device", "cpu", "--json", *flips]) == 0
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert told["flips"] is bool(flips)
        found.append(tifffile.imread(out / "fluorescence.tif") > 0)
    once, four_times = found
    assert (once != four_times).any()
    assert (once == four_times).mean() > 0.98


def test_bench_of_a_slide_tells_what_is_left_of_the_throughput(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image_source, "_MOST_WHOLE_PX", 2**19)
    monkeypatch.setattr(bench, "_FIELD_SIDE", 600)
    monkeypatch.setattr(bench, "_SLIDE_SIDE", 1100)
    field, slide = bench._slide("cpu")
    assert field.name == "shipped model, 600², file to stored labels"
    assert 0 < field.ours_s < slide.ours_s
    told = capsys.readouterr().out
    share = int(re.search(r"1100²: (\d+)% of the throughput of 600²", told)[1])  # type: ignore[index]
    assert 10 < share < 400
    if sys.platform == "linux":
        most_mib = int(re.search(r"took (\d+) MiB at most", told)[1])  # type: ignore[index]
        assert 200 < most_mib < 4000
