"""What is made of the weights a training found: how far to go to them, post-processing, scores, words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from unet_studio.core.errors import TrainingDataError
from unet_studio.core.sentences import Sentence
from unet_studio.engine.training_data import Truth
from unet_studio.io.model_folder import ModelConfig
from unet_studio.jobs.context import JobContext, QuietContext
from unet_studio.segmentation.matching import Scores
from unet_studio.settings.prediction import Postprocessing
from unet_studio.settings.training import TrainConfig
from unet_studio.unet.device import Device
from unet_studio.unet.inference import class_probabilities, usual_tile_px
from unet_studio.unet.interpolation import State, between, share_of_the_way
from unet_studio.unet.network import UNet
from unet_studio.unet.parts_memory import Probabilities
from unet_studio.unet.tracking import CurvePoint, FitResult
from unet_studio.unet.tuning import joining_learnt_from, tune_postprocessing
from unet_studio.unet.validation import ValidationScore, Validator


@dataclass(frozen=True, slots=True)
class Ended:
    """A training whose steps are over. `beginning`: the weights of the model it goes on from, None for a new
    network."""

    model: ModelConfig
    network: UNet
    beginning: State | None
    result: FitResult
    config: TrainConfig


def finish(
    ended: Ended,
    truths: Sequence[Truth],
    val_truths: Sequence[Truth],
    validator: Validator,
    device: Device,
    context: JobContext,
) -> tuple[ModelConfig, dict[str, Any], list[Sentence]]:
    """Give the network the weights to keep; its config, what was measured, and what there is to say."""
    result, network = ended.result, ended.network
    notes = _notes(result, ended.config, from_scratch=ended.beginning is None)
    share = _share_of_the_way(ended, validator, device, context)
    if ended.beginning is None or share == 1:
        network.load_state_dict(result.state)
    else:
        network.load_state_dict(between(ended.beginning, result.state, share))
        text = (
            "Of what it learnt {percent}\u00a0% are kept: that is as good on the validation pixels, and the "
            "model forgets less of what it knew."
        )
        notes.append(Sentence(text, {"percent": f"{100 * share:.0f}"}))
    metrics: dict[str, Any] = {
        "curve": [curve_row(p) for p in result.curve],
        "steps": result.steps,
        "best_step": result.best_step,
        "share_of_the_way": share,
        "ending": result.ending,
    }
    model = ended.model
    if val_truths:
        metrics["kept"] = _score_row(validator.score(network, device, context))
        settings, scores = _tuned(model, network, truths, val_truths, validator.last, device, context)
        model = msgspec.structs.replace(model, postprocessing=settings)
        metrics["validation"] = scores_row(scores)
    return model, metrics, notes


def _share_of_the_way(ended: Ended, validator: Validator, device: Device, context: JobContext) -> float:
    """How far to go: a fine-tuned model no further from its start than is needed."""
    at_start = ended.result.curve[0].validation if ended.result.curve else None
    if ended.beginning is None or ended.result.best_step == 0 or at_start is None:
        return 1.0

    def score_of(state: State) -> ValidationScore:
        ended.network.load_state_dict(state)
        return validator.score(ended.network, device, context)

    return share_of_the_way(ended.beginning, ended.result.state, score_of, at_start)


def _tuned(
    model: ModelConfig,
    network: UNet,
    truths: Sequence[Truth],
    val_truths: Sequence[Truth],
    found: Sequence[Probabilities],
    device: Device,
    context: JobContext,
) -> tuple[Postprocessing, Scores]:
    """Post-processing by the labels as the person drew them: uncut. What nobody checked counts on no side."""
    quiet, tile_px = QuietContext(context), usual_tile_px(network)

    def predict(index: int) -> Probabilities:
        image = truths[index].sample(model).image
        return truths[index].where_checked(
            class_probabilities(network, image, device, quiet, tile_px=tile_px)
        )

    learnt = joining_learnt_from(
        [t.countable(model.stuff) for t in truths], predict, model.postprocessing.threshold, model.stuff
    )
    return tune_postprocessing(
        [t.countable(model.stuff) for t in val_truths],
        [t.where_checked(p) for t, p in zip(val_truths, found, strict=True)],
        model.postprocessing,
        learnt,
        model.stuff,
    )


def _notes(result: FitResult, config: TrainConfig, *, from_scratch: bool) -> list[Sentence]:
    """How the run ended, in words, where it did not end as planned. Raises TrainingDataError if nothing was
    learnt."""
    values = {
        "step": str(result.steps),
        "best_step": str(result.best_step),
        "rate": f"{config.learning_rate:g}",
    }
    if result.ending == "diverged":
        if from_scratch and result.best_step == 0:
            raise TrainingDataError(
                "The training diverged at step {step}: the loss grew out of bounds before anything was "
                "learnt. Use a smaller learning rate than {rate}.",
                **values,
            )
        text = (
            "The training diverged at step {step}: the loss grew out of bounds. The best weights, of step "
            "{best_step}, were kept. Use a smaller learning rate than {rate}."
        )
        return [Sentence(text, values)]
    if result.ending == "no_gain":
        text = "Ended at step {step}: nothing was gained since step {best_step}, whose weights were kept."
        return [Sentence(text, values)]
    if result.best_step == 0:
        text = (
            "In {step} steps nothing became better than the start on the validation pixels, so the model is "
            "the one it began with. Check more images, or try another learning rate than {rate}."
        )
        return [Sentence(text, values)]
    return []


def scores_row(scores: Scores) -> dict[str, Any]:
    """Scores as files keep them."""
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(scores).items()}


def curve_row(point: CurvePoint) -> dict[str, Any]:
    """A point of the curve as files keep it."""
    row: dict[str, Any] = {
        "step": point.step,
        "seconds": round(point.seconds, 1),
        "train_loss": None if math.isnan(point.train_loss) else round(point.train_loss, 5),
        "learning_rate": point.learning_rate,
        "val_loss": None,
        "val_dice": None,
    }
    if point.validation is not None:
        row |= {f"val_{name}": value for name, value in _score_row(point.validation).items()}
    return row


def _score_row(score: ValidationScore) -> dict[str, Any]:
    row = {k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(score).items()}
    row["class_iou"] = [None if math.isnan(v) else round(v, 5) for v in score.class_iou]
    return row
