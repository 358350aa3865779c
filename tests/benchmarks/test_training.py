"""A training step beside the plain one of PyTorch, its memory, and whether the data are ready in time."""

from __future__ import annotations

import copy
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.benchmarks.test_benchmarks import field_of_discs, seconds
from tests.conftest import QuietContext
from unet_studio.segmentation.patches import PatchMaker, make_sample
from unet_studio.segmentation.weight_map import border_term
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Normalization, Postprocessing
from unet_studio.settings.training import BorderWeights, TrainConfig
from unet_studio.unet.accelerator import Accelerator
from unet_studio.unet.batches import Batch, batches
from unet_studio.unet.device import choose_device
from unet_studio.unet.losses import count_pixels, total_loss
from unet_studio.unet.network import UNet
from unet_studio.unet.optimizers import make_optimizer
from unet_studio.unet.summary import summarize
from unet_studio.unet.training import fit
from unet_studio.unet.validation import Validator

pytestmark = pytest.mark.benchmark

# PyTorch-UNet's network: padded, batch normalisation, 64 to 1024 features, one grey channel.
WIDE = UNetConfig(in_channels=1, base_width=64)
CONFIG = TrainConfig(network=WIDE, batch_size=2, patch_px=256)


def plain_step(network: UNet, image: torch.Tensor, target: torch.Tensor) -> float:
    """Eager, float32, contiguous: the loop everybody begins with."""
    optimizer = torch.optim.RMSprop(network.parameters(), 1e-5, weight_decay=1e-8, momentum=0.9)

    def step() -> None:
        loss = F.cross_entropy(network(image), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return seconds(step, repeats=3)


def test_a_training_step_of_the_31_million_network() -> None:
    torch.manual_seed(0)
    network = UNet(WIDE)
    labels = field_of_discs(512, 120)
    sample = make_sample(labels * 1.0, labels, channels=1, normalization=Normalization())
    maker = PatchMaker([sample], CONFIG)
    making = seconds(lambda: [maker.patch(n) for n in range(CONFIG.batch_size)], repeats=5)
    source = batches(maker, CONFIG.batch_size)
    batch: Batch = next(source)
    source.close()  # type: ignore[attr-defined]
    plain = plain_step(copy.deepcopy(network).train(), batch.image.contiguous(), batch.target)
    device = choose_device()
    with Accelerator(device, network.train()) as accelerator:
        optimizer = make_optimizer(network.parameters(), CONFIG)

        def step() -> None:
            image, target, weight = accelerator.bring(batch)
            loss = total_loss(accelerator.logits(image), target, weight, CONFIG.loss, count_pixels(weight))
            accelerator.descend(loss, optimizer, CONFIG.gradient_norm)

        ours = seconds(step, repeats=3)
    flops = 3e9 * summarize(WIDE).gflops_per_megapixel * batch.image[:, 0].numel() / 1e6
    peak = matrix_peak(device.precision)
    print(
        f"\ntraining step, 31.0 M parameters, 2 × 256² ({device.precision_name}): {ours:.2f} s; plain float32 "
        f"contiguous eager: {plain:.2f} s; ratio {plain / ours:.2f}; {flops / ours / 1e9:.0f} of "
        f"{peak / 1e9:.0f} GFLOP/s of the largest matrix product ({flops / ours / peak:.0%}); float32 peak "
        f"{matrix_peak(torch.float32) / 1e9:.0f}"
    )
    print(
        f"making a batch (warp, grey values, weight map), one thread: {making * 1e3:.0f} ms = {making / ours:.1%} of a step"
    )
    assert making < ours


def matrix_peak(precision: torch.dtype, side: int = 4096) -> float:
    a = torch.rand(side, side).to(precision)
    return 2 * side**3 / seconds(lambda: a @ a, repeats=3)


STEP = """
import sys, time, torch
from pathlib import Path
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.device import choose_device, move
from unet_studio.unet.network import UNet
device = choose_device("cpu")
network = UNet(UNetConfig(in_channels=1, base_width=64)).train()
network.checkpointing = sys.argv[1] == "yes"
move(network, device)
def high_water():
    # Not getrusage: that begins with what the process that started this one had.
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line).split()[1])
before = high_water()
for _ in range(2):
    start = time.perf_counter()
    with device.autocast():
        out = network(torch.rand(4, 1, 256, 256).to(memory_format=torch.channels_last))
    out.float().square().mean().backward()
print(high_water() - before, time.perf_counter() - start)
"""


def test_peak_memory_of_a_step_with_and_without_checkpointing() -> None:
    found = {}
    for checkpointing in ("no", "yes"):
        out = subprocess.run(
            [sys.executable, "-c", STEP, checkpointing], check=True, capture_output=True, text=True
        )
        kib, taken = out.stdout.split()
        found[checkpointing] = (int(kib) / 1024, float(taken))
    (plain, fast), (saved, slow) = found["no"], found["yes"]
    print(
        f"\na step of 4 × 256², 31.0 M parameters: {plain:.0f} MiB above the network; with checkpointing "
        f"{saved:.0f} MiB ({saved / plain:.0%}) and {slow / fast:.2f} × the time"
    )
    assert saved < plain


def test_the_shipped_size_is_never_kept_waiting() -> None:
    """The default network is the fastest: its data must be ready sooner still."""
    config = msgspec.structs.replace(TrainConfig(network=UNetConfig()), batch_size=8)
    labels = field_of_discs(512, 120)
    plane = np.random.default_rng(0).random((512, 512, 3)).astype(np.float32)
    sample = make_sample(plane, labels, channels=3, normalization=Normalization())
    torch.manual_seed(0)
    network, device = UNet(config.network).train(), choose_device()
    with Accelerator(device, network) as accelerator:
        optimizer = make_optimizer(network.parameters(), config)
        source = batches(PatchMaker([sample], config), config.batch_size)
        waited, began = 0.0, 0.0
        for number in range(12):
            start = time.perf_counter()
            batch = next(source)
            if number == 4:
                waited, began = 0.0, start
            waited += time.perf_counter() - start
            image, target, weight = accelerator.bring(batch)
            loss = total_loss(accelerator.logits(image), target, weight, config.loss, count_pixels(weight))
            accelerator.descend(loss, optimizer, 1.0)
        took = time.perf_counter() - began
        source.close()  # type: ignore[attr-defined]
    print(
        f"\ndefault network, 8 × 256²: {took / 8:.2f} s a step, of which {waited / took:.1%} waiting for data"
    )
    assert waited < 0.05 * took


@contextmanager
def busy_program() -> Iterator[None]:
    """Another program, that keeps one processor busy."""
    program = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    time.sleep(0.3)
    yield
    program.kill()
    program.wait()


def test_a_training_beside_a_busy_program() -> None:
    """Run by the clock it chooses its threads; run by steps it has all of them."""
    if torch.get_num_threads() < 2:
        pytest.skip("one processor: there is nothing to choose")
    labels = field_of_discs(512, 120)
    plane = np.random.default_rng(0).random((512, 512, 3)).astype(np.float32)
    sample = make_sample(plane, labels, channels=3, normalization=Normalization())
    balance = np.ones(2, np.float32)
    nothing = Validator([], balance=balance, border_weights=BorderWeights(), postprocessing=Postprocessing())

    def step_s(config: TrainConfig) -> float:
        torch.manual_seed(0)
        began = time.perf_counter()
        result = fit(UNet(config.network), [sample], nothing, config, choose_device(), QuietContext())
        return (time.perf_counter() - began) / result.steps

    fixed = msgspec.structs.replace(TrainConfig(network=UNetConfig()), steps=80, batch_size=4, patch_px=192)
    chosen = msgspec.structs.replace(fixed, steps=None, minutes=0.3)
    alone = step_s(fixed), step_s(chosen)
    with busy_program():
        beside = step_s(fixed), step_s(chosen)
    print(
        f"\ntraining step, 4 × 192²: alone {alone[0]:.2f} s with all threads, {alone[1]:.2f} s with those chosen; "
        f"beside a busy program {beside[0]:.2f} s and {beside[1]:.2f} s = {beside[0] / beside[1]:.1f} × faster"
    )
    assert beside[1] < 1.1 * beside[0]


def test_the_weight_maps_memory_is_a_small_multiple_of_the_image() -> None:
    labels = field_of_discs(1024, 500)
    tracemalloc.start()
    border_term(labels, w0=10, sigma_px=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"\nweight map, 1024², 500 instances: {peak / 2**20:.0f} MiB at most = {peak / labels.nbytes:.1f} × the label image"
    )
    assert peak < 12 * labels.nbytes
