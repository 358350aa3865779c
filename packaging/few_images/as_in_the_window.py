"""What a person gets who checks three images and fine-tunes: measured as the window does it.

    python as_in_the_window.py DATA NUCLEI NUCLEI_WITHOUT_STAINED RESULTS.jsonl SEED [KIND or NAME …]

A quarter of each image validates; of the best weights as much is kept as is needed, and how what touches is
parted is learnt from the images (engine/train_ending.py). measure.py, in contrast, trains on all pixels and
chooses nothing. Measured on the images that are held out: the start, the best weights with its
post-processing, and what is kept; every run is a line of RESULTS.jsonl.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from measure import KINDS, STEPS_3_MINUTES, Kind, Run, Unattended, starting_point

from unet_studio.engine.train_ending import Ended, finish
from unet_studio.engine.training_data import Truth, hold_out_regions
from unet_studio.io.model_folder import ModelConfig
from unet_studio.segmentation.patches import class_weights
from unet_studio.settings.training import FINE_TUNING, TrainConfig
from unet_studio.unet.device import Device, choose_device, move
from unet_studio.unet.network import UNet
from unet_studio.unet.training import fit
from unet_studio.unet.tuning import score_instances
from unet_studio.unet.validation import Validator

RUNS = (
    Run("em", 3, "nuclei", STEPS_3_MINUTES),
    Run("stained", 3, "without stained", STEPS_3_MINUTES),
    Run("stained", 3, "without stained", STEPS_3_MINUTES, first=3),
    Run("stained", 3, "without stained", STEPS_3_MINUTES, first=6),
    Run("sem", 3, "nuclei", STEPS_3_MINUTES),
    Run("known", 3, "nuclei", STEPS_3_MINUTES // 2),
    Run("known", 3, "nuclei", STEPS_3_MINUTES // 2, first=3),
    Run("wider", 3, "nuclei", STEPS_3_MINUTES // 2),
    Run("wider", 3, "nuclei", STEPS_3_MINUTES // 2, first=3),
    # What three images are compared with: all of them, and an hour.
    Run("em", 1000, "nuclei", 20 * STEPS_3_MINUTES, "all membranes"),
    Run("stained", 1000, "without stained", 20 * STEPS_3_MINUTES, "all stained"),
    Run("sem", 1000, "nuclei", 20 * STEPS_3_MINUTES, "all axons"),
)


def validator_of(
    truths: Sequence[Truth], taught: Sequence[Truth], model: ModelConfig, config: TrainConfig
) -> Validator:
    """Of images, with the class weights of those that teach."""
    samples = [truth.sample(model) for truth in taught]
    return Validator(
        [truth.sample(model) for truth in truths],
        balance=class_weights(samples, config.border_weights, classes=model.network.classes),
        border_weights=config.border_weights, postprocessing=model.postprocessing, stuff=model.stuff,
    )  # fmt: skip


def measure(
    run: Run, kind: Kind, folders: dict[str, Path], device: Device, *, seed: int
) -> dict[str, object]:
    """Dice and AP50 on the held-out images, of the start, of the best weights and of what is kept."""
    network, model = starting_point(run, kind, FINE_TUNING, folders)
    config = msgspec.structs.replace(
        FINE_TUNING, network=network.config, minutes=None, steps=run.steps, seed=seed
    )
    taught, validating = hold_out_regions(kind.teach[run.first :][: run.images])
    validator = validator_of(validating, taught, model, config)
    held_out = validator_of(kind.held_out, taught, model, config)
    labels = [truth.countable(model.stuff) for truth in kind.held_out]

    def scores(network: UNet, model: ModelConfig) -> list[float]:
        dice = held_out.score(network, device, Unattended()).dice or 0.0
        instances = score_instances(labels, held_out.last, model.postprocessing, model.stuff)
        return [round(dice, 4), round(instances.ap50, 4)]

    move(network, device)
    beginning = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    at_start = scores(network, model)
    samples = [truth.sample(model) for truth in taught]
    result = fit(network, samples, validator, config, device, Unattended())
    network.load_state_dict(result.state)
    best = scores(network, model)
    ended = Ended(model, network, beginning, result, config)
    model, metrics, _ = finish(ended, taught, validating, validator, device, Unattended())
    return {
        "group": "as in the window",
        **msgspec.to_builtins(run),
        "seed": seed,
        "start_scores": at_start,
        "best_scores": best,
        "kept_scores": scores(network, model),
        "best_step": result.best_step,
        "share_of_the_way": metrics["share_of_the_way"],
        "postprocessing": msgspec.to_builtins(model.postprocessing),
    }


def main() -> None:
    """See the module."""
    data, nuclei, without, results = map(Path, sys.argv[1:5])
    seed, only = int(sys.argv[5]), sys.argv[6:]
    folders = {"nuclei": nuclei, "without stained": without}
    device = choose_device()
    for run in RUNS:
        if not only or {run.kind, run.name} & set(only):
            line = measure(run, KINDS[run.kind](data), folders, device, seed=seed)
            with results.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
