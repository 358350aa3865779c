"""A training from files to model folder: what it writes, how it goes on, what it says."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import tifffile
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import discs
from tests.unet.conftest import tiny_model
from unet_studio.core.errors import FolderError, ModelError, SettingsError, TrainingDataError
from unet_studio.engine import train_job
from unet_studio.engine.server import ServerContext
from unet_studio.engine.train_job import run_training
from unet_studio.io.label_files import write_label_tiff
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.messages import SampleFiles, Train, TrainingBegun, TrainingPoint
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import Augmentation, BorderWeights, ObjectClass, TrainConfig
from unet_studio.unet.weights import load_network, save_weights

CONFIG = TrainConfig(
    network=UNetConfig(in_channels=1, base_width=4, depth=2), steps=12, batch_size=2, patch_px=48,
    learning_rate=3e-3, val_every_steps=4, augmentation=Augmentation(elastic_sigma_px=2, grey=0.2),
    precision="float32",
)  # fmt: skip


def write(folder: Path, count: int = 3, classes: bool = False) -> list[SampleFiles]:
    rng = np.random.default_rng(0)
    samples = []
    for number in range(count):
        labels = discs((96, 112), *[(int(rng.integers(96)), int(rng.integers(112)), 9) for _ in range(7)])
        image = np.clip(rng.normal(40, 8, labels.shape) + 120 * (labels > 0), 0, 255).astype(np.uint8)
        paths = [folder / f"{number}.png", folder / f"{number}.tif", folder / f"{number}_c.tif"]
        cv2.imwrite(str(paths[0]), image)
        write_label_tiff(paths[1], labels)
        write_label_tiff(paths[2], np.where(labels > 0, labels % 2 + 1, 0).astype(np.int32))
        samples.append(SampleFiles(str(paths[0]), str(paths[1]), classes=str(paths[2]) if classes else None))
    return samples


def request(folder: Path, **changes: object) -> Train:
    base = Train(
        job=1, samples=write(folder), config=CONFIG, out=str(folder / "model"), name="model",
        run=str(folder / "run"), device="cpu",
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


class Heard(ServerContext):
    def __init__(self, end_after: int | None = None) -> None:
        self.events: list[object] = []
        super().__init__(1, self.events.append)
        self._end_after = end_after

    def check_cancelled(self) -> None:
        steps = [e for e in self.events if type(e).__name__ == "Progress"]
        if self._end_after is not None and len(steps) > self._end_after:
            raise JobCancelled

    def of(self, kind: type) -> list:
        return [e for e in self.events if isinstance(e, kind)]


def test_the_run_folder_tells_what_was_asked_on_which_data_with_what_and_how_it_went(tmp_path: Path) -> None:
    asked, context = request(tmp_path), Heard()
    run_training(asked, context)
    run = tmp_path / "run"
    assert msgspec.json.decode((run / "request.json").read_bytes(), type=Train) == asked
    environment = json.loads((run / "environment.json").read_text())
    assert environment["torch"] == str(torch.__version__)
    assert environment["precision"] == "float32"
    assert len(environment["sha256"]) == 6
    rows = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 4, 8, 12]
    assert {
        "val_dice",
        "val_mean_iou",
        "val_pixel_accuracy",
        "val_ap50",
        "val_merges",
        "learning_rate",
    } <= set(rows[-1])
    assert not (run / "checkpoint.pt").exists(), "a complete run has nothing to go on from"
    (begun,) = context.of(TrainingBegun)
    assert (begun.training, begun.validation) == (2, 1)
    assert "float32 was asked for." in map(str, begun.reasons)
    assert not any("a quarter of each" in str(note) for note in begun.notes), "a whole one validates"
    assert [p.step for p in context.of(TrainingPoint)] == [0, 4, 8, 12]


def test_of_images_that_teach_and_validate_it_is_said_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_studio.engine.training_data._SMALLEST_CUT_PX", 64)
    context = Heard()
    run_training(request(tmp_path), context)
    (begun,) = context.of(TrainingBegun)
    assert (begun.training, begun.validation) == (3, 3)
    assert any("a quarter of each that can be cut validates" in str(note) for note in begun.notes)


def test_tensorboard_finds_curves_histograms_and_pictures(tmp_path: Path) -> None:
    run_training(request(tmp_path), Heard())
    events = EventAccumulator(
        str(tmp_path / "run" / "tensorboard"), size_guidance={"histograms": 0, "images": 0}
    )
    events.Reload()
    tags = events.Tags()
    assert {"loss/training", "loss/validation", "Dice", "learning_rate"} <= set(tags["scalars"])
    assert [e.step for e in events.Scalars("Dice")] == [0, 4, 8, 12]
    rows = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [e.value for e in events.Scalars("Dice")] == pytest.approx([r["val_dice"] for r in rows], abs=1e-4)
    assert any(tag.startswith("weights/encoder.first") for tag in tags["histograms"])
    assert any(tag.startswith("gradients/") for tag in tags["histograms"])
    assert tags["images"] == ["example_0"]
    picture = events.Images("example_0")[0]
    assert cv2.imdecode(np.frombuffer(picture.encoded_image_string, np.uint8), 1).shape == (96, 112, 3)


def test_an_interrupted_run_goes_on_to_the_same_model(tmp_path: Path) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    run_training(request(tmp_path / "whole"), Heard())
    asked = request(tmp_path / "cut")
    with pytest.raises(JobCancelled):
        run_training(asked, Heard(end_after=9))
    assert (tmp_path / "cut" / "run" / "checkpoint.pt").exists()
    assert not (tmp_path / "cut" / "model" / "config.json").exists()
    context = Heard()
    run_training(msgspec.structs.replace(asked, resume=True), context)
    # The earlier part of the curve is told again, for whoever looks on.
    assert [p.step for p in context.of(TrainingPoint)] == [0, 4, 8, 12]
    rows = (tmp_path / "cut" / "run" / "events.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [0, 4, 8, 12]
    a, b = (load_network(tmp_path / name / "model")[0].state_dict() for name in ("whole", "cut"))
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name
    curves = [
        json.loads((tmp_path / n / "model" / "metrics.json").read_text())["curve"] for n in ("whole", "cut")
    ]
    assert [row["step"] for row in curves[0]] == [row["step"] for row in curves[1]] == [0, 4, 8, 12]


def test_a_run_folder_that_cannot_be_written_for_a_while_ends_no_training(tmp_path: Path) -> None:
    class Away(Heard):
        """As a share that is away between the first measurement and the second."""

        def tell(self, event: object) -> None:
            super().tell(event)
            if isinstance(event, TrainingPoint) and event.step == 0:
                run.rename(tmp_path / "elsewhere")
            elif isinstance(event, TrainingPoint) and event.step == 8:
                (tmp_path / "elsewhere").rename(run)

    run, context = tmp_path / "run", Away()
    run_training(request(tmp_path), context)
    assert [p.step for p in context.of(TrainingPoint)] == [0, 4, 8, 12]
    rows = (run / "events.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [0, 12]
    assert load_network(tmp_path / "model")[1].network.base_width == 4


def test_a_run_does_not_go_on_with_other_data_or_without_a_checkpoint(tmp_path: Path) -> None:
    asked = request(tmp_path)
    with pytest.raises(JobCancelled):
        run_training(asked, Heard(end_after=9))
    image = Path(asked.samples[1].image)
    original = image.read_bytes()
    cv2.imwrite(str(image), np.zeros((96, 112), np.uint8))
    with pytest.raises(TrainingDataError, match=r"1\.png has changed since it began"):
        run_training(msgspec.structs.replace(asked, resume=True), Heard())
    image.write_bytes(original)
    run_training(msgspec.structs.replace(asked, resume=True), Heard())
    with pytest.raises(TrainingDataError, match="it has no checkpoint"):
        run_training(msgspec.structs.replace(asked, resume=True), Heard())


def test_a_new_run_in_an_old_folder_forgets_the_old_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(JobCancelled):
        run_training(request(tmp_path), Heard(end_after=9))
    with pytest.raises(JobCancelled):
        run_training(request(tmp_path), Heard(end_after=1))
    with pytest.raises(TrainingDataError, match="it has no checkpoint"):
        run_training(request(tmp_path, resume=True), Heard())


def test_a_run_of_an_older_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(JobCancelled):
        run_training(request(tmp_path), Heard(end_after=9))
    path = tmp_path / "run" / "checkpoint.pt"
    state = torch.load(path, weights_only=True)
    del state["version"]
    torch.save(state, path)
    with pytest.raises(TrainingDataError, match="begun by an older version"):
        run_training(request(tmp_path, resume=True), Heard())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", None])
def test_a_damaged_run_says_so(tmp_path: Path, damage: bytes | None) -> None:
    with pytest.raises(JobCancelled):
        run_training(request(tmp_path), Heard(end_after=9))
    if damage is None:
        (tmp_path / "run" / "environment.json").unlink()
    else:
        (tmp_path / "run" / "checkpoint.pt").write_bytes(damage)
    with pytest.raises(TrainingDataError, match="its checkpoint is damaged"):
        run_training(request(tmp_path, resume=True), Heard())


def test_a_run_goes_on_after_its_files_were_moved(tmp_path: Path) -> None:
    asked = request(tmp_path)
    with pytest.raises(JobCancelled):
        run_training(asked, Heard(end_after=9))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    samples = []
    for s in asked.samples:
        moved = [Path(p).rename(elsewhere / Path(p).name) for p in (s.image, s.mask)]
        samples.append(SampleFiles(str(moved[0]), str(moved[1])))
    context = Heard()
    run_training(msgspec.structs.replace(asked, samples=samples, resume=True), context)
    assert [p.step for p in context.of(TrainingPoint)] == [0, 4, 8, 12]


def test_a_patch_of_one_pixel_at_the_bottom_is_refused_in_words(tmp_path: Path) -> None:
    network = UNetConfig(in_channels=1, base_width=4, depth=5)
    config = msgspec.structs.replace(CONFIG, network=network, patch_px=32, batch_size=1)
    with pytest.raises(SettingsError, match="One patch of 32 px is one pixel at the bottom"):
        run_training(request(tmp_path, config=config), Heard())


def test_settings_of_a_network_that_do_not_count_are_said(tmp_path: Path) -> None:
    start = tiny_model(tmp_path / "start")
    config = msgspec.structs.replace(CONFIG, network=UNetConfig(depth=5), steps=1)
    context = Heard()
    run_training(request(tmp_path, config=config, init=str(start)), context)
    assert "The network is that of the model start" in str(context.of(TrainingBegun)[0].notes[0])


def test_whether_a_class_can_be_counted_may_change_with_fine_tuning(tmp_path: Path) -> None:
    names = (ObjectClass("a"), ObjectClass("b"))
    config = msgspec.structs.replace(CONFIG, classes=names, steps=1)
    run_training(request(tmp_path, samples=write(tmp_path, classes=True), config=config), Heard())
    (tmp_path / "model").rename(tmp_path / "start")
    config = msgspec.structs.replace(config, classes=(names[0], ObjectClass("b", is_stuff=True)))
    again = request(
        tmp_path, samples=write(tmp_path, classes=True), config=config, init=str(tmp_path / "start")
    )
    run_training(again, Heard())
    assert load_network(tmp_path / "model")[1].stuff == (2,)


def test_classes_are_learnt_named_and_predicted(tmp_path: Path) -> None:
    config = msgspec.structs.replace(CONFIG, classes=(ObjectClass("nucleus"), ObjectClass("debris")))
    run_training(request(tmp_path, samples=write(tmp_path, classes=True), config=config), Heard())
    network, model = load_network(tmp_path / "model")
    assert network.config.classes == 3
    assert [c.name for c in model.classes] == ["nucleus", "debris"]


def test_masks_of_classes_decide_how_many_classes_there_are(tmp_path: Path) -> None:
    write(tmp_path)
    samples = [SampleFiles(str(tmp_path / f"{n}.png"), str(tmp_path / f"{n}_c.tif")) for n in range(3)]
    config = msgspec.structs.replace(CONFIG, masks="classes")
    run_training(request(tmp_path, samples=samples, config=config), Heard())
    _, model = load_network(tmp_path / "model")
    assert model.network.classes == 3
    assert [c.name for c in model.classes] == ["class 1", "class 2"]


def test_fine_tuning_with_more_classes_widens_the_last_layer_only(tmp_path: Path) -> None:
    start = tiny_model(tmp_path / "start")
    config = msgspec.structs.replace(
        CONFIG, steps=1, learning_rate=1e-9, classes=(ObjectClass("a"), ObjectClass("b", is_stuff=True))
    )
    run_training(
        request(tmp_path, samples=write(tmp_path, classes=True), config=config, init=str(start)), Heard()
    )
    (before, _), (after, model) = load_network(start), load_network(tmp_path / "model")
    assert model.stuff == (2,)
    assert after.classify.weight.shape[0] == 3
    assert torch.allclose(before.encoder.first[0].weight, after.encoder.first[0].weight, atol=1e-5)


def test_published_encoder_weights_are_the_start_and_the_adaptation_is_said(tmp_path: Path) -> None:
    from unet_studio.unet.network import UNet

    torch.manual_seed(3)
    source = UNet(UNetConfig(encoder="resnet18", base_width=4, depth=3))
    save_weights(tmp_path / "r18.safetensors", source.encoder.state_dict())
    network = UNetConfig(in_channels=1, encoder="resnet18", base_width=4, depth=3)
    config = msgspec.structs.replace(CONFIG, network=network, steps=1, learning_rate=1e-9)
    context = Heard()
    asked = request(tmp_path, config=config, encoder_weights=str(tmp_path / "r18.safetensors"))
    run_training(asked, context)
    assert "from 3 to 1 input channels" in str(context.of(TrainingBegun)[0].notes[0])
    after, _ = load_network(tmp_path / "model")
    assert torch.allclose(
        after.encoder.layer1[0].conv1.weight, source.encoder.layer1[0].conv1.weight, atol=1e-4
    )
    (tmp_path / "r18.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="damaged"):
        run_training(asked, Heard())


def test_a_training_that_diverges_before_it_learnt_anything_makes_no_model(tmp_path: Path) -> None:
    network = UNetConfig(in_channels=1, base_width=4, depth=2, normalization="none")
    config = msgspec.structs.replace(
        CONFIG, network=network, optimizer="sgd", learning_rate=10.0, gradient_norm=0.0, momentum=0.99,
        steps=500, val_every_steps=500, border_weights=BorderWeights(w0=100),
    )  # fmt: skip
    samples = write(tmp_path)
    with pytest.raises(TrainingDataError, match="Use a smaller learning rate than 10"):
        run_training(request(tmp_path, samples=samples, config=config), Heard())
    assert not (tmp_path / "model" / "config.json").exists()


def test_what_the_end_means_is_said(tmp_path: Path) -> None:
    network = UNetConfig(in_channels=1, base_width=4, depth=2, normalization="none")
    config = msgspec.structs.replace(
        CONFIG, network=network, learning_rate=1e-10, patience=1, val_every_steps=1
    )
    trained = run_training(request(tmp_path, config=config), Heard())
    assert any("nothing was gained since step 1" in str(note) for note in trained.notes)
    assert trained.metrics["ending"] == "no_gain"
    complete = msgspec.structs.replace(config, patience=None, steps=3)
    init = tmp_path / "init"
    (tmp_path / "model").rename(init)
    (note,) = run_training(request(tmp_path, config=complete, init=str(init)), Heard()).notes
    assert "In 3 steps nothing became better than the start" in str(note)


def test_a_fine_tuned_model_goes_as_far_as_is_needed_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = msgspec.structs.replace(CONFIG, steps=40, val_every_steps=10)
    run_training(request(tmp_path, config=config), Heard())
    init = tmp_path / "init"
    (tmp_path / "model").rename(init)
    again = msgspec.structs.replace(config, steps=4, val_every_steps=1, learning_rate=1e-3)
    weights, said = {0.0: load_network(init)[0].state_dict()}, {}
    for share in (1.0, 0.4):
        monkeypatch.setattr("unet_studio.engine.train_ending.share_of_the_way", lambda *_, s=share: s)
        trained = run_training(request(tmp_path, config=again, init=str(init)), Heard())
        assert trained.metrics["best_step"] > 0
        assert trained.metrics["share_of_the_way"] == share
        best = trained.metrics["curve"][trained.metrics["best_step"]]
        is_best = trained.metrics["kept"]["loss"] == pytest.approx(best["val_loss"], rel=1e-3)
        assert is_best == (share == 1.0), "what is kept is what was measured"
        weights[share] = load_network(tmp_path / "model")[0].state_dict()
        said[share] = " ".join(map(str, trained.notes))
    assert "are kept" not in said[1.0]
    assert "Of what it learnt 40\u00a0% are kept" in said[0.4]
    for name, start in weights[0.0].items():
        if start.is_floating_point():
            torch.testing.assert_close(weights[0.4][name], 0.6 * start + 0.4 * weights[1.0][name])
    assert any(not torch.equal(start, weights[1.0][name]) for name, start in weights[0.0].items())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_too_little_memory_is_told_with_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("unet_studio.engine.train_job.fit", fail)
    with pytest.raises(TrainingDataError, match="too small for 2 patches of 48 px at once"):
        run_training(request(tmp_path), Heard())


def test_stop_keeps_what_was_learnt(tmp_path: Path) -> None:
    context = Heard()
    context.stopped = threading.Event()
    context.stopped.set()
    trained = run_training(request(tmp_path), context)
    assert trained.metrics["ending"] == "stopped"
    assert (tmp_path / "model" / "config.json").exists()


def test_wide_cells_are_learnt_at_the_size_the_model_knows_and_found_at_it(tmp_path: Path) -> None:
    init = tmp_path / "init"
    run_training(request(tmp_path, out=str(init), name="init"), Heard())
    _, known = load_network(init)
    assert known.scale == 1.0
    assert known.object_px == pytest.approx(15, abs=2)
    (tmp_path / "wide").mkdir()
    asked = request(tmp_path / "wide", init=str(init), out=str(tmp_path / "tuned"))
    for sample in asked.samples:
        for name, how in ((sample.image, cv2.INTER_CUBIC), (sample.mask, cv2.INTER_NEAREST)):
            picture = cv2.imread(name, cv2.IMREAD_UNCHANGED)
            cv2.imwrite(name, cv2.resize(picture, None, fx=4, fy=4, interpolation=how))
    context = Heard()
    run_training(asked, context)
    _, tuned = load_network(tmp_path / "tuned")
    assert tuned.scale == pytest.approx(0.25, abs=0.02)
    assert tuned.object_px == pytest.approx(known.object_px, rel=0.15)
    (begun,) = context.of(TrainingBegun)
    assert any("times their size" in str(note) for note in begun.notes)
    config = msgspec.structs.replace(CONFIG, image_scale=1.0)
    as_it_is = msgspec.structs.replace(asked, out=str(tmp_path / "large"), config=config)
    run_training(as_it_is, Heard())
    assert load_network(tmp_path / "large")[1].scale == 1.0, "where a person wants it so"


def test_what_class_masks_mean_is_told_by_all_of_them(tmp_path: Path) -> None:
    """A set to validate on that holds one class only is no binary one."""
    asked = request(tmp_path, config=msgspec.structs.replace(CONFIG, masks="classes"))
    classes = [SampleFiles(s.image, s.classes or "") for s in write(tmp_path, 3, classes=True)]
    only_second = tifffile.imread(classes[2].mask)
    write_label_tiff(Path(classes[2].mask), np.where(only_second == 2, 2, 0).astype(np.int32))
    _, val_truths, _ = train_job._read(asked, classes[:2], classes[2:], Heard())
    assert np.unique(val_truths[0].semantic).tolist() == [0, 2]


def test_binary_masks_teach_single_cells_and_that_is_said(tmp_path: Path) -> None:
    config = msgspec.structs.replace(CONFIG, steps=1)
    asked = request(tmp_path, config=config, usual_input=True)
    for one in asked.samples:
        write_label_tiff(Path(one.mask), (tifffile.imread(one.mask) > 0).astype(np.int32))
    context = Heard()
    run_training(asked, context)
    (begun,) = context.of(TrainingBegun)
    assert "Masks of one value in several pieces: 3. Each piece is taken for an instance." in map(
        str, begun.notes
    )


def test_a_run_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(FolderError, match="Cannot write into the folder"):
        run_training(request(tmp_path), Heard())
