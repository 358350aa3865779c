"""fit(): the training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, cast

import torch

from unet_studio.jobs.context import JobContext
from unet_studio.segmentation.patches import PatchMaker, Sample
from unet_studio.settings.training import TrainConfig
from unet_studio.unet.accelerator import Accelerator
from unet_studio.unet.averaging import averaged
from unet_studio.unet.batches import batches
from unet_studio.unet.device import Device
from unet_studio.unet.freezing import frozen_as_configured, set_training_mode
from unet_studio.unet.losses import count_pixels, ignorant_loss, total_loss
from unet_studio.unet.network import UNet
from unet_studio.unet.optimizers import LearningRate, RunLength, make_optimizer
from unet_studio.unet.thread_count import ThreadCount
from unet_studio.unet.tracking import CurvePoint, FitResult, Tracker
from unet_studio.unet.validation import Validator

CHECKPOINT_VERSION = 3
"""Changes with what a checkpoint holds: a run of another version cannot go on."""

OnPoint = Callable[[CurvePoint], None]
OnCheckpoint = Callable[[Callable[[], dict[str, Any]]], None]


def fit(
    network: UNet,
    samples: Sequence[Sample],
    validator: Validator,
    config: TrainConfig,
    device: Device,
    context: JobContext,
    *,
    on_point: OnPoint = lambda point: None,
    on_checkpoint: OnCheckpoint = lambda make: None,
    resume: dict[str, Any] | None = None,
    start_counts: bool = True,
) -> FitResult:
    """Train `network` in place; return the best of the running means of its weights (`averaging`).

    Ends after the configured length, or earlier: when the context asks to stop, after `patience`
    measurements without gain, or when the loss diverges. Raises JobCancelled when it is
    cancelled. With `start_counts` and validation samples the result is never below the weights it began with
    (`ValidationScore.is_below`); random weights do not count.

    `on_checkpoint` is given, at every measurement, a function that makes a checkpoint (tensors and plain
    values); `resume` is such a checkpoint of the same run, which goes on as if it had never ended.
    """
    torch.manual_seed(config.seed)
    network.checkpointing = config.checkpointing
    maker = PatchMaker(samples, config)
    with (
        frozen_as_configured(network, config),
        Accelerator(device, network) as accelerator,
        # Runs of so many steps are to give the same weights each time, to the last bit.
        ThreadCount(adapts=config.minutes is not None and accelerator.computes_alone) as threads,
    ):
        optimizer = make_optimizer(network.parameters(), config)
        rate = LearningRate(config.schedule, config.learning_rate)
        mean = averaged(network)
        tracker = Tracker(cast(UNet, mean.module), validator, rate, config, accelerator, context, on_point)

        def checkpoint() -> dict[str, Any]:
            return {
                "version": CHECKPOINT_VERSION,
                "network": network.state_dict(),
                "mean": mean.state_dict(),
                "optimizer": optimizer.state_dict(),
                "tracker": tracker.state(),
                "scaler": accelerator.state(),
                "random": torch.get_rng_state(),
                "device_random": accelerator.random_state(),
            }

        if resume is not None:
            network.load_state_dict(resume["network"])
            mean.load_state_dict(resume["mean"])
            optimizer.load_state_dict(resume["optimizer"])
            tracker.restore(resume["tracker"])
            accelerator.restore(resume["scaler"])
            torch.set_rng_state(resume["random"])
            accelerator.set_random_state(resume["device_random"])
        epoch_steps = max(1, round(len(samples) / (config.batch_size * accelerator.ranks)))
        tracker.begin(
            RunLength(config, steps_per_epoch=epoch_steps, seconds_before=tracker.seconds),
            start_counts=start_counts,
        )
        source = batches(
            maker, config.batch_size, first_step=tracker.step, rank=accelerator.rank, ranks=accelerator.ranks
        )
        set_training_mode(network, config)  # What is measured is another: it stays so.
        with closing(source):  # type: ignore[type-var]
            for batch in source:
                learning_rate, is_over = accelerator.decide(tracker.learning_rate, tracker.is_over)
                if is_over:
                    break
                began = time.perf_counter()
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate
                image, target, weight = accelerator.bring(batch)
                counted = accelerator.mean(count_pixels(weight))
                loss = total_loss(accelerator.logits(image), target, weight, config.loss, counted)
                norm = accelerator.descend(loss, optimizer, config.gradient_norm)
                mean.update_parameters(network)
                threads.took(time.perf_counter() - began)
                ignorant = ignorant_loss(network.config.classes, weight, config.loss, counted)
                if tracker.stepped(accelerator.mean(loss), norm, ignorant.item()):
                    on_checkpoint(checkpoint)
    return tracker.result()
