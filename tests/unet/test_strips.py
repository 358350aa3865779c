"""Predicting in strips gives what the whole window gives."""

from __future__ import annotations

from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import RESOURCES
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.device import Device
from unet_studio.unet.network import UNet
from unet_studio.unet.prepared import prepare_to_predict
from unet_studio.unet.strips import InStrips, _Kept
from unet_studio.unet.weights import load_network

CONFIGS = [
    {},
    {"blocks": "residual"},
    {"blocks": "preactivation", "normalization": "none"},
    {"upsampling": "nearest"},
    {"upsampling": "bilinear"},
    {"upsampling": "bicubic"},
    {"attention_gates": True},
]


def made(**settings: object) -> UNet:
    """A network with statistics that are not 0 and 1."""
    torch.manual_seed(3)
    config = UNetConfig(**{"in_channels": 1, "base_width": 4, "depth": 3} | settings)  # type: ignore[arg-type]
    network = UNet(config)
    network.train()
    with torch.no_grad():
        network(torch.randn(2, config.in_channels, 64, 64))
    # In double precision what remains is rounding, not the order of sums.
    return network.double().eval()


@pytest.mark.parametrize("settings", CONFIGS, ids=str)
def test_a_window_in_strips_gives_the_logits_of_the_whole_one(settings: dict[str, object]) -> None:
    network = made(**settings)
    x = torch.randn(1, network.config.in_channels, 901, 35, dtype=torch.float64)
    with torch.inference_mode():
        whole = network(x)
        in_strips = InStrips(network, strip_bytes=1)(x)
    torch.testing.assert_close(in_strips, whole, rtol=0, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 260),
    width=st.integers(1, 70),
    coarse_rows=st.integers(1, 12),
    depth=st.integers(1, 4),
    count=st.integers(1, 2),
    changes=st.sampled_from(CONFIGS),
)
def test_whatever_the_size_of_windows_and_strips(
    height: int, width: int, coarse_rows: int, depth: int, count: int, changes: dict[str, object]
) -> None:
    network = made(depth=depth, **changes)
    x = torch.randn(count, 1, height, width, dtype=torch.float64)
    strips = InStrips(network)
    with (
        torch.inference_mode(),
        mock.patch.object(strips, "_strip_rows", return_value=coarse_rows * network.config.size_multiple),
    ):
        whole, in_strips = network(x), strips(x)
    assert in_strips.shape == whole.shape
    torch.testing.assert_close(in_strips, whole, rtol=0, atol=1e-10)


def test_a_strip_too_narrow_around_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: with too few rows around each strip its borders differ."""
    monkeypatch.setattr(UNetConfig, "up_reach_px", 2)
    network = made(upsampling="bilinear")
    x = torch.randn(1, 1, 901, 35, dtype=torch.float64)
    strips = InStrips(network, strip_bytes=1)
    with torch.inference_mode():
        difference = (strips(x) - network(x)).abs().amax((0, 1, 3))
    assert difference.max() > 1e-3


def test_the_higher_the_window_the_more_strips_not_the_more_rows_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = []
    add = _Kept.add

    def counted(self: _Kept, rows: torch.Tensor) -> None:
        add(self, rows)
        assert self._rows is not None
        most[-1] = max(most[-1], self._rows.shape[2])

    monkeypatch.setattr(_Kept, "add", counted)
    strips = InStrips(made(), strip_bytes=1)
    for height in (600, 1200, 2400):
        most.append(0)
        with torch.inference_mode():
            strips(torch.randn(1, 1, height, 35, dtype=torch.float64))
    assert most[0] == most[1] == most[2] < 200


def test_a_prepared_network_of_bfloat16_gives_the_same_logits_in_strips() -> None:
    network, _ = load_network(RESOURCES / "models" / "nuclei")
    prepared = prepare_to_predict(network, Device(torch.device("cpu"), torch.bfloat16, "test"))
    assert isinstance(prepared, InStrips)
    x = torch.rand(1, 3, 420, 64, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        at_once = prepared(x)
        with mock.patch.object(prepared, "_strip_rows", return_value=128):
            in_strips = prepared(x)
    assert at_once.dtype == torch.bfloat16
    assert at_once.std() > 1
    assert torch.equal(in_strips, at_once)


def test_the_weights_are_in_memory_once() -> None:
    network = made()
    of_network = {p.data_ptr() for p in network.parameters()}
    strips = InStrips(network)
    blocks = [*strips._contract, *strips._expand]
    assert all(p.data_ptr() in of_network for block in blocks for p in block._inner.parameters())


@pytest.mark.parametrize(
    "settings",
    [{"normalization": "group"}, {"squeeze_excitation": 2}, {"padding": "valid"}, {"encoder": "resnet18"}],
    ids=str,
)
def test_networks_that_cannot_be_computed_in_strips_are_refused(settings: dict[str, object]) -> None:
    network = UNet(UNetConfig(in_channels=1, base_width=8, depth=2, **settings))  # type: ignore[arg-type]
    assert not InStrips.is_possible(network.config)
    with pytest.raises(ValueError, match="strips"):
        InStrips(network)
