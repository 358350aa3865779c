"""Tiled prediction equals whole prediction; every size, depth and number of channels is accepted."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import RESOURCES, QuietContext
from unet_studio.core.geometry import Rect
from unet_studio.io.model_folder import ModelConfig
from unet_studio.jobs.context import JobCancelled
from unet_studio.jobs.parts import request_of
from unet_studio.segmentation.scaling import rescaled
from unet_studio.settings.network import UNetConfig
from unet_studio.unet import inference
from unet_studio.unet.device import Device
from unet_studio.unet.inference import class_probabilities, propose
from unet_studio.unet.network import UNet
from unet_studio.unet.parts_memory import PartsMemory
from unet_studio.unet.strips import InStrips
from unet_studio.unet.weights import load_network

FLOAT32 = Device(torch.device("cpu"), torch.float32, "test")


def network(**changes: object) -> UNet:
    torch.manual_seed(0)
    return UNet(UNetConfig(base_width=4, **changes)).eval()  # type: ignore[arg-type]


NETWORKS = {depth: network(depth=depth, in_channels=1) for depth in (1, 2, 3)}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 260), st.integers(1, 260), st.integers(20, 200), st.sampled_from([1, 2, 3]))
def test_tiled_prediction_equals_the_whole_one_within_1e_5(
    height: int, width: int, tile_px: int, depth: int
) -> None:
    image = np.random.default_rng(0).random((height, width, 1)).astype(np.float32)
    whole = class_probabilities(NETWORKS[depth], image, FLOAT32, QuietContext(), tile_px=4096)
    tiled = class_probabilities(NETWORKS[depth], image, FLOAT32, QuietContext(), tile_px=tile_px)
    assert whole.shape == (height, width, 1)
    assert np.abs(tiled - whole).max() <= 1e-5


def test_flips_give_the_mean_of_four_mirrored_views_whatever_the_tiles() -> None:
    image = np.random.default_rng(0).random((96, 160, 1)).astype(np.float32)

    def seen(plane: np.ndarray) -> np.ndarray:
        return class_probabilities(NETWORKS[2], plane, FLOAT32, QuietContext(), tile_px=4096)

    views = [seen(image), seen(image[::-1])[::-1], seen(image[:, ::-1])[:, ::-1]]
    mean = np.mean([*views, seen(image[::-1, ::-1])[::-1, ::-1]], axis=0)
    assert np.abs(mean - views[0]).max() > 1e-3
    for tile_px in (4096, 64):
        flipped = class_probabilities(
            NETWORKS[2], image, FLOAT32, QuietContext(), tile_px=tile_px, flips=True
        )
        np.testing.assert_allclose(flipped, mean, atol=1e-5)


def test_one_channel_shown_as_three_is_predicted_as_three_equal_ones() -> None:
    three = network(depth=2, in_channels=3)
    alone = np.random.default_rng(0).random((90, 70, 1)).astype(np.float32)
    shown = np.broadcast_to(alone, (90, 70, 3))
    for image in (shown, rescaled(shown, (45, 50))):
        np.testing.assert_array_equal(
            class_probabilities(three, image, FLOAT32, QuietContext(), tile_px=64),
            class_probabilities(three, image.copy(), FLOAT32, QuietContext(), tile_px=64),
        )
    np.testing.assert_array_equal(rescaled(shown, (45, 50)), rescaled(shown.copy(), (45, 50)))


MODEL = RESOURCES / "models" / "nuclei"


def demo_field(times: int) -> np.ndarray:
    field = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)[100:356, 100:356]
    return cv2.resize(field, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)


VALID = [
    network(in_channels=1, depth=2, padding="valid", normalization="none"),
    network(in_channels=1, depth=2, padding="valid", encoder="resnet18", upsampling="bilinear", classes=3),
    network(
        in_channels=1,
        depth=3,
        encoder="resnet18",
        blocks="residual",
        attention_gates=True,
        upsampling="bicubic",
    ),
]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(20, 150), st.sampled_from(VALID))
def test_valid_and_resnet_networks_predict_the_same_however_the_plane_is_cut(
    height: int, width: int, tile_px: int, net: UNet
) -> None:
    image = np.random.default_rng(1).random((height, width, 1)).astype(np.float32)
    whole = class_probabilities(net, image, FLOAT32, QuietContext(), tile_px=4096)
    tiled = class_probabilities(net, image, FLOAT32, QuietContext(), tile_px=tile_px)
    assert whole.shape == (height, width, net.config.classes - 1)
    assert whole.min() > 0, "every pixel has an answer"
    assert np.abs(tiled - whole).max() <= 1e-5


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 3), (30, 40, 5), (1, 1), (1, 500)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_any_plane_can_be_proposed_on(shape: tuple[int, ...], dtype: type) -> None:
    net = network(depth=2)
    plane = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    prediction = propose(net, ModelConfig(name="m", network=net.config), plane, FLOAT32, QuietContext())
    assert prediction.labels.shape == shape[:2]
    assert prediction.labels.dtype == np.int32
    assert bool(prediction.notes) == (len(shape) == 3 and shape[-1] not in (1, 3))


def test_progress_moves_tile_by_tile(quiet: QuietContext) -> None:
    image = np.zeros((200, 300, 1), np.float32)
    class_probabilities(NETWORKS[2], image, FLOAT32, quiet, tile_px=100)
    assert quiet.seen == [(done, 6) for done in range(7)]


def test_cancel_is_obeyed_in_the_middle_of_a_tile_that_is_computed_in_strips() -> None:
    class CancelsBetweenStrips(QuietContext):
        asked = 0

        def check_cancelled(self) -> None:
            self.asked += 1
            if self.asked == 3:  # Once before the tile, once between two strips.
                raise JobCancelled

    context = CancelsBetweenStrips()
    image = np.zeros((700, 64, 1), np.float32)
    in_strips = InStrips(NETWORKS[2], strip_bytes=1)
    with pytest.raises(JobCancelled):
        class_probabilities(in_strips, image, FLOAT32, context, tile_px=4096)
    assert context.asked == 3


def test_cancel_is_obeyed_between_tiles() -> None:
    class Impatient(QuietContext):
        def check_cancelled(self) -> None:
            if len(self.seen) >= 3:
                raise JobCancelled

    context = Impatient()
    with pytest.raises(JobCancelled):
        class_probabilities(NETWORKS[1], np.zeros((400, 400, 1), np.float32), FLOAT32, context, tile_px=64)
    assert context.seen[-1][0] <= 3


def test_short_memory_halves_the_tile_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(depth=2)
    real = inference._predict_window

    def small_memory(net: UNet, window: np.ndarray, *rest: Any) -> np.ndarray:
        if window.shape[0] > 700:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(net, window, *rest)

    monkeypatch.setattr(inference, "_predict_window", small_memory)
    plane = np.random.default_rng(0).integers(0, 255, (900, 900, 3)).astype(np.uint8)
    prediction = propose(net, ModelConfig(name="m", network=net.config), plane, FLOAT32, QuietContext())
    assert any("tiles of 450 px" in str(note) for note in prediction.notes)


def test_an_image_of_another_pixel_size_is_seen_at_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(depth=2)
    seen: list[tuple[int, ...]] = []
    real = inference.class_probabilities

    def watched(net: UNet, image: np.ndarray, *rest: object, **more: object) -> np.ndarray:
        seen.append(image.shape[:2])
        return real(net, image, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(inference, "class_probabilities", watched)
    plane = np.random.default_rng(0).integers(0, 255, (60, 90, 3)).astype(np.uint8)
    model = ModelConfig(name="m", network=net.config, pixel_size_um=0.5)
    for image_um, shape in ((None, (60, 90)), (0.5, (60, 90)), (1.0, (120, 180)), (0.25, (30, 45))):
        prediction = propose(net, model, plane, FLOAT32, QuietContext(), pixel_size_um=image_um)
        assert seen[-1] == shape
        assert prediction.labels.shape == (60, 90)
        assert any("µm" in str(note) for note in prediction.notes) == (shape != (60, 90))


def test_cells_many_times_as_wide_as_those_it_learnt_from_are_found_all_the_same() -> None:
    net, model = load_network(MODEL)
    net.eval()
    usual = propose(net, model, demo_field(1), FLOAT32, QuietContext())
    assert usual.scale == 1.0
    assert not usual.notes
    wide = propose(net, model, demo_field(6), FLOAT32, QuietContext())
    assert wide.scale is not None
    assert wide.scale <= 0.36
    assert any("how wide its cells are" in str(note) for note in wide.notes)
    assert wide.labels.max() == pytest.approx(usual.labels.max(), rel=0.1)
    as_it_is = propose(net, model, demo_field(6), FLOAT32, QuietContext(), scale=1.0)
    assert as_it_is.labels.max() > 2 * usual.labels.max(), "in pieces, where a person wants it so"


def test_a_part_with_wide_cells_tells_the_scale_that_its_window_alone_tells() -> None:
    """What is remembered of a plane is of its full size: looks from afar are others."""
    net, model = load_network(MODEL)
    net.eval()
    plane = demo_field(6)
    bounds = Rect.of_size(*plane.shape[:2])
    part = request_of(bounds, bounds, run="r")
    whole = propose(net, model, plane, FLOAT32, QuietContext())
    by_part = propose(net, model, plane, FLOAT32, QuietContext(), part=part, memory=PartsMemory())
    assert by_part.scale == whole.scale
    assert (by_part.labels == whole.labels).all()


@pytest.mark.parametrize(
    ("config", "is_remembered"),
    [(UNetConfig(base_width=4, depth=3), True), (UNetConfig(base_width=2, depth=5), False)],
)
def test_parts_of_networks_that_look_further_than_what_is_sent_are_not_put_together(
    config: UNetConfig, is_remembered: bool
) -> None:
    torch.manual_seed(0)
    net, model = UNet(config).eval(), ModelConfig(name="m", network=config)
    plane = np.random.default_rng(0).integers(0, 255, (700, 900, 1), dtype=np.uint8)
    bounds, memory = Rect.of_size(700, 900), PartsMemory()
    whole = propose(net, model, plane, FLOAT32, QuietContext(), scale=1.0).probability
    for area in (Rect(0, 0, 256, 512), Rect(0, 512, 256, 900), Rect(256, 0, 700, 512)):
        part = request_of(area, bounds, 1.0, run="r")
        seen = propose(
            net, model, plane[part.pixels.slices], FLOAT32, QuietContext(),
            reference=plane, scale=1.0, part=part, memory=memory,
        ).probability  # fmt: skip
        assert seen.shape == part.window.shape
        if is_remembered:
            difference = np.abs(seen.astype(int) - whole[part.window.slices].astype(int))
            assert difference.max() <= 1, "the context is real, not mirrored, at every border of a window"
    assert bool(memory._tiles) is is_remembered


def test_an_image_without_cells_tells_no_scale() -> None:
    net, model = load_network(MODEL)
    net.eval()
    blank = np.full((300, 300, 1), 7, np.uint8)
    prediction = propose(net, model, blank, FLOAT32, QuietContext())
    assert prediction.scale is None
    assert not prediction.notes


def test_what_memory_has_no_room_for_once_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    net, model = load_network(MODEL)
    net.eval()
    real, failures = inference._predict_window, 0

    def small_memory(net: UNet, window: np.ndarray, *rest: Any) -> np.ndarray:
        nonlocal failures
        if window.shape[0] > 420:
            failures += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(net, window, *rest)

    monkeypatch.setattr(inference, "_predict_window", small_memory)
    propose(net, model, demo_field(12), FLOAT32, QuietContext())
    assert failures == 1
