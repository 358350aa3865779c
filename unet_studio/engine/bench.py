"""What prediction costs on this machine, beside a plain reference and the machine's own limit, in one run.

"Plain" is what one writes first: the same network, eager, float32, contiguous, on the whole plane at once;
percentiles, threshold and components by numpy and scipy. The limit is the largest matrix product of the same
precision.
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import tifffile
import torch
from scipy import ndimage

from unet_studio.engine.server import ServerContext
from unet_studio.io.image_source import whole_plane
from unet_studio.io.open_image import open_image
from unet_studio.jobs.context import QuietContext
from unet_studio.jobs.messages import Bench, Benched, BenchRow
from unet_studio.segmentation.normalization import adapt_channels, normalize
from unet_studio.segmentation.proposals import instances_from_probability
from unet_studio.settings.locations import DEFAULT_MODEL, shipped_models_folder
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.prediction import Postprocessing
from unet_studio.unet.device import Device, device_to_predict
from unet_studio.unet.inference import class_probabilities, propose, usual_tile_px
from unet_studio.unet.network import UNet
from unet_studio.unet.prepared import prepare_to_predict
from unet_studio.unet.summary import summarize
from unet_studio.unet.weights import load_network

_PAPER = UNetConfig(in_channels=1, classes=2, base_width=64, depth=4)
"""The network of the paper, of 31 M parameters."""
_MATRIX = 4096
_LEAST_S = 5.0
_MOST_RUNS = 7
_CELLS = 5000


def run_bench(request: Bench, context: ServerContext) -> Benched:
    """Measure every row; asks the context between them."""
    device, quiet = device_to_predict(request.device), QuietContext(context)
    peak = _peak_gflops(device)
    sides = (512,) if request.quick else (512, 2048)
    work: list[Callable[[], BenchRow]] = [
        *(lambda side=side: _network_row(_PAPER, side, device, peak, quiet) for side in sides),
        lambda: _file_row(512 if request.quick else 2048, device, peak, quiet),
        lambda: _instances_row(1024 if request.quick else 4096),
    ]
    rows = []
    for number, measure in enumerate(work):
        context.check_cancelled()
        context.progress(number, len(work))
        rows.append(measure())
    return Benched(
        job=request.job,
        device=f"{device.name}, {device.precision_name}",
        threads=torch.get_num_threads(),
        peak_gflops=round(peak, 1),
        rows=rows,
    )


def _network_row(config: UNetConfig, side: int, device: Device, peak: float, quiet: QuietContext) -> BenchRow:
    torch.manual_seed(0)
    network = UNet(config).eval().requires_grad_(False)
    image = np.random.default_rng(0).random((side, side, config.in_channels), np.float32)
    plain = _plain_seconds(network, image)
    ready = prepare_to_predict(network, device)
    tile_px = usual_tile_px(ready)
    ours = _seconds(lambda: class_probabilities(ready, image, device, quiet, tile_px=tile_px), device)
    gflops = summarize(config).gflops_per_megapixel * side * side / 1e6
    millions = summarize(config).parameters / 1e6
    return BenchRow.of(f"network of {millions:.0f} M parameters, {side}²", ours, plain, gflops / ours, peak)


def _file_row(side: int, device: Device, peak: float, quiet: QuietContext) -> BenchRow:
    """The shipped model, from the file to the label image."""
    folder = shipped_models_folder() / DEFAULT_MODEL
    network, model = load_network(folder)
    plain_network = copy.deepcopy(network).eval().requires_grad_(False)
    ready = prepare_to_predict(network, device)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "field.tif"
        tifffile.imwrite(path, _field(side, _CELLS * side**2 // 4096**2))

        def ours() -> None:
            propose(ready, model, whole_plane(open_image(path)), device, quiet)

        def plain() -> None:
            plane = whole_plane(open_image(path))
            image = normalize(adapt_channels(plane, model.network.in_channels)[0], model.normalization)
            x = torch.from_numpy(np.ascontiguousarray(np.moveaxis(image, -1, 0)))[None]
            with torch.inference_mode():
                probability = torch.softmax(plain_network(x), 1)[0, 1].numpy()
            _plain_instances(probability, model.postprocessing)

        taken, plain_taken = _seconds(ours, device), _seconds(plain, device)
    gflops = summarize(model.network).gflops_per_megapixel * side * side / 1e6
    return BenchRow.of(f"shipped model, {side}², file to labels", taken, plain_taken, gflops / taken, peak)


def _instances_row(side: int) -> BenchRow:
    count = _CELLS * side**2 // 4096**2
    field = _field(side, count)
    probability = (field / np.float32(field.max())).astype(np.float32)
    settings = Postprocessing()
    ours = _seconds(lambda: instances_from_probability(probability, settings), None)
    plain = _seconds(lambda: _plain_instances(probability, settings), None)
    return BenchRow.of(f"instances from probabilities, {side}², {count} cells", ours, plain, None, None)


def _plain_seconds(network: UNet, image: npt.NDArray[np.float32]) -> float:
    x = torch.from_numpy(np.ascontiguousarray(np.moveaxis(image, -1, 0)))[None]
    with torch.inference_mode():
        return _seconds(lambda: torch.softmax(network(x), 1), None)


def _plain_instances(probability: npt.NDArray[np.float32], settings: Postprocessing) -> None:
    """The same rule by whole-plane functions of scipy: seeds, and each pixel to the nearest seed."""
    eight = np.ones((3, 3))
    regions, _ = ndimage.label(probability >= settings.threshold, eight)
    seeds, _ = ndimage.label(probability >= settings.seed_threshold, eight)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    np.where(regions > 0, seeds[tuple(nearest)], 0)


def _field(side: int, count: int) -> npt.NDArray[np.uint16]:
    """Blurred discs of 8 to 20 px radius, of which some touch."""
    rng = np.random.default_rng(0)
    field = np.zeros((side, side), np.float32)
    for y, x, radius in rng.integers((0, 0, 8), (side, side, 20), (count, 3)).tolist():
        cv2.circle(field, (x, y), radius, float(rng.uniform(0.6, 1.0)), -1)
    field = cv2.GaussianBlur(field, (0, 0), 1.5) + rng.normal(0, 0.01, field.shape).astype(np.float32)
    return np.asarray(field.clip(0, 1) * 60_000, np.uint16)


def _peak_gflops(device: Device) -> float:
    """Of the product of two matrices of 4096², in the precision that is computed in."""
    matrix = torch.rand(_MATRIX, _MATRIX).to(device.torch_device, device.precision)
    return 2 * _MATRIX**3 / _seconds(lambda: matrix @ matrix, device) / 1e9


def _seconds(work: Callable[[], object], device: Device | None) -> float:
    """The shortest of several runs: what others do on the machine only makes it longer. The first one, which
    also makes caches, counts where it is long."""
    first = _run(work, device)
    taken = [first] if first > _LEAST_S else []
    while not taken or (sum(taken) < _LEAST_S and len(taken) < _MOST_RUNS):
        taken.append(_run(work, device))
    return min(taken)


def _run(work: Callable[[], object], device: Device | None) -> float:
    start = time.perf_counter()
    work()
    if device is not None and device.torch_device.type == "cuda":
        torch.cuda.synchronize(device.torch_device)
    return time.perf_counter() - start
