"""The fast path predicts what the plain one predicts, and cut or whole is the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from msgspec.structs import replace

from tests.conftest import RESOURCES, QuietContext
from unet_studio.core.geometry import TILE_PX, Rect
from unet_studio.core.proposals import Proposals
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import read_label_image
from unet_studio.io.open_image import open_image
from unet_studio.jobs.parts import part_of, request_of
from unet_studio.segmentation.joining import UsualSize
from unet_studio.segmentation.matching import score_images
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.device import Device, choose_device, device_to_predict, with_precision
from unet_studio.unet.inference import class_probabilities, propose
from unet_studio.unet.network import UNet
from unet_studio.unet.parts_memory import PartsMemory
from unet_studio.unet.prepared import prepare_to_predict
from unet_studio.unet.strips import InStrips
from unet_studio.unet.weights import load_network

FLOAT32 = Device(torch.device("cpu"), torch.float32, "test")
MODEL = RESOURCES / "models" / "nuclei"
AS_LABELLED = 0.999
AP_CHANGE = 0.002
MOST_STRAY_PX = 12


@pytest.mark.parametrize(
    "config",
    [
        UNetConfig(in_channels=2, base_width=4, depth=2),
        UNetConfig(in_channels=2, base_width=8, depth=2, blocks="residual", squeeze_excitation=4),
        UNetConfig(in_channels=2, base_width=8, depth=2, blocks="preactivation", padding="valid"),
        UNetConfig(in_channels=2, base_width=8, depth=2, normalization="group", upsampling="bilinear"),
        UNetConfig(in_channels=2, base_width=4, depth=2, normalization="none", classes=3),
    ],
    ids=lambda config: f"{config.blocks}-{config.normalization}",
)
def test_folding_changes_nothing_but_rounding(config: UNetConfig) -> None:
    torch.manual_seed(0)
    network = UNet(config).train()
    with torch.no_grad():
        for _ in range(3):  # Running statistics that are not those of nothing.
            network(torch.randn(2, 2, config.fitting_size(60), config.fitting_size(60)) * 2 + 1)
    network.eval()
    image = np.random.default_rng(0).random((70, 90, 2), np.float32)
    plain = class_probabilities(network, image, FLOAT32, QuietContext(), tile_px=64)
    ready = prepare_to_predict(copy.deepcopy(network), FLOAT32)
    np.testing.assert_allclose(
        class_probabilities(ready, image, FLOAT32, QuietContext(), tile_px=64), plain, atol=1e-5
    )


def test_a_processor_computes_in_strips_where_they_are_independent() -> None:
    assert isinstance(prepare_to_predict(UNet(UNetConfig(base_width=4)), FLOAT32), InStrips)
    group = UNetConfig(base_width=4, normalization="group")
    assert isinstance(prepare_to_predict(UNet(group), FLOAT32), UNet)


def paths(data: Path, count: int) -> list[Path]:
    """Images of both nuclei sets with their masks beside them."""
    found = [
        *sorted((data / "nuclei_bbbc039" / "images").glob("*.tif"))[: count // 2],
        *sorted((data / "nuclei_dsb2018" / "images").glob("*.png"))[:: 600 // count],
    ]
    return found[:count]


def truth_of(path: Path, shape: tuple[int, int]) -> np.ndarray:
    return read_label_image(path.parent.parent / "masks" / f"{path.stem}.tif", shape=shape)


def by_pytorch() -> Device:
    return with_precision(choose_device("cpu"), "bfloat16")


def by_openvino() -> Device:
    pytest.importorskip("openvino")
    return with_precision(device_to_predict("openvino"), "bfloat16")


def compare_with_float32(device: Device, images: list[tuple[np.ndarray, np.ndarray | None]]) -> None:
    """The gate every faster way has to pass."""
    network, model = load_network(MODEL)
    fast = prepare_to_predict(copy.deepcopy(network), device)
    same = total = 0
    slow_pairs, fast_pairs = [], []
    for plane, truth in images:
        plain = propose(network, model, plane, FLOAT32, QuietContext()).labels
        ours = propose(fast, model, plane, device, QuietContext()).labels
        # Numbers may differ: a pixel agrees if it belongs to the cell that most of its cell belongs to.
        pairs, counts = np.unique(plain.astype(np.int64) << 32 | ours, return_counts=True)
        best: dict[int, int] = {}
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            best[pair >> 32] = max(best.get(pair >> 32, 0), count)
        same, total = same + sum(best.values()), total + plain.size
        if truth is not None:
            slow_pairs.append((truth, plain))
            fast_pairs.append((truth, ours))
    print(f"{len(images)} images: {100 * same / total:.4f} % of the pixels as in float32", end="")
    assert same >= AS_LABELLED * total
    if slow_pairs:
        slow = score_images(slow_pairs, binary_as_components=False)
        quick = score_images(fast_pairs, binary_as_components=False)
        print(f", AP50 {slow.ap50:.4f} and {quick.ap50:.4f}")
        assert abs(slow.ap50 - quick.ap50) <= AP_CHANGE


@pytest.mark.parametrize("device", [by_pytorch, by_openvino])
def test_bfloat16_labels_are_those_of_float32(device: Callable[[], Device]) -> None:
    field = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)
    stained = cv2.imread(str(RESOURCES / "demo" / "immunohistochemistry.png"))
    compare_with_float32(device(), [(field[:256, :256], None), (stained[:256, :256], None)])


@pytest.mark.slow
@pytest.mark.parametrize("device", [by_pytorch, by_openvino])
def test_bfloat16_labels_are_those_of_float32_on_thirty_real_images(
    data: Path, device: Callable[[], Device]
) -> None:
    images = []
    for path in paths(data, 30):
        plane = whole_plane(open_image(path))
        images.append((plane, truth_of(path, plane.shape[:2])))
    compare_with_float32(device(), images)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "times", "joins"),
    [(10, 1, False), (50, 1, True), (2, 4, True)],
    ids=["seeds", "joined", "wide"],
)
def test_instances_that_cross_parts_are_those_of_the_whole_on_fifty_real_images(
    data: Path, count: int, times: int, joins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the window does it with planes too large to be held: areas, each predicted with a margin; at a
    quarter of their size where cells are wide."""
    # What is usual is not the same in all parts as in the first ones: here it is.
    monkeypatch.setattr(UsualSize, "side_px", lambda *_: 18.0 * times)
    network, model = load_network(MODEL)
    if not joins:
        model = replace(model, postprocessing=replace(model.postprocessing, joining=None))
    prepare_to_predict(network, FLOAT32)
    different = cells = otherwise = 0
    scale = 1 / times
    for path in paths(data, count):
        plane = whole_plane(open_image(path))
        plane = plane.repeat(times, axis=0).repeat(times, axis=1)
        bounds = Rect.of_size(*plane.shape[:2])
        joined, memory = Proposals.from_parts(model="m"), PartsMemory()
        whole = propose(network, model, plane, FLOAT32, QuietContext(), scale=scale).labels
        for top in range(0, bounds.height, TILE_PX):
            for left in range(0, bounds.width, TILE_PX):
                area = Rect(top, left, top + TILE_PX, left + TILE_PX).intersect(bounds)
                asked = request_of(area, bounds, scale, run=path.name)
                labels = propose(
                    network, model, plane[asked.pixels.slices], FLOAT32, QuietContext(),
                    reference=plane, scale=scale, part=asked, memory=memory,
                ).labels  # fmt: skip
                part = part_of(labels, area, bounds, scale)
                part.without_cut(asked.window, bounds)
                joined.join(part, area, asked.window)
        stitched = joined.tiles.read(bounds)
        pairs, counts = np.unique(whole.astype(np.int64) << 32 | stitched, return_counts=True)
        most: dict[int, int] = {}
        for pair, pixels in zip(pairs.tolist(), counts.tolist(), strict=True):
            most[pair >> 32] = max(most.get(pair >> 32, 0), pixels)
        stray = whole.size - sum(most.values())
        if len(joined.table) == int(whole.max()):
            # Sums in another order: a pixel at the very threshold, or where fragments meet, may change sides.
            assert stray <= MOST_STRAY_PX * times**2, path.name
        else:
            # A heap of nuclei that a window cuts may be joined otherwise: hardly ever, and never by seeds.
            assert joins
            assert abs(len(joined.table) - int(whole.max())) == 1, path.name
            otherwise += 1
        different += stray
        cells += int(whole.max())
    assert otherwise <= count / 25
    print(f"{count} images, {cells} cells; {otherwise} images differ by one, all by {different} pixels")
