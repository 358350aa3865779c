"""The network against the published figures, an independent count, and what its config promises."""

from __future__ import annotations

import itertools

import msgspec
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unet_studio.settings.network import PRESETS, UNetConfig
from unet_studio.unet.blocks import SqueezeExcite, up_sample
from unet_studio.unet.network import UNet


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def smooth(network: UNet) -> UNet:
    """The same network without dead ends: every pixel that can influence another does."""
    for module in network.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.Softplus())
    return network.eval().double()


def expected_parameters(config: UNetConfig) -> int:
    """Counted from the paper's figure: two 3×3 convolutions a level, 2×2 up, 1×1 out."""
    widths = [config.base_width * 2**level for level in range(config.depth + 1)]
    normalized = config.normalization != "none"

    def double(a: int, b: int) -> int:
        extra = 2 * b * 2 if normalized else 2 * b
        return 9 * (a * b + b * b) + extra

    total = double(config.in_channels, widths[0])
    for narrow, wide in itertools.pairwise(widths):
        total += double(narrow, wide)
        up = 4 if config.upsampling == "transposed" else 1
        total += up * wide * narrow + narrow
        total += double(wide, narrow)
    return total + widths[0] * config.classes + config.classes


@pytest.mark.parametrize("normalization", ["batch", "group", "instance", "none"])
@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize(("base_width", "depth"), [(4, 1), (8, 3), (16, 4), (6, 5)])
def test_every_plain_configuration_has_the_size_the_figure_says(
    normalization: str, upsampling: str, base_width: int, depth: int
) -> None:
    config = UNetConfig(
        in_channels=2, classes=3, base_width=base_width, depth=depth,
        normalization=normalization, upsampling=upsampling,  # type: ignore[arg-type]
    )  # fmt: skip
    network = UNet(config).eval()
    assert count(network) == expected_parameters(config)
    side = 2 * config.size_multiple
    with torch.inference_mode():
        logits = network(torch.zeros(1, 2, side, side + config.size_multiple))
    assert logits.shape == (1, 3, side, side + config.size_multiple)


def test_the_paper_preset_is_the_papers_network() -> None:
    """Figure 1: 31.0 million parameters, 572 × 572 in, 388 × 388 out, 1024 features at the bottom."""
    config = PRESETS["paper2015"]
    with torch.device("meta"):
        network = UNet(config)
        assert network(torch.empty(1, 1, 572, 572)).shape == (1, 2, 388, 388)
        bottom = network.encoder(torch.empty(1, 1, 572, 572), lambda block, x: block(x))[-1]
    assert round(count(network) / 1e6, 1) == 31.0
    assert bottom is not None
    assert bottom.shape == (1, 1024, 28, 28)
    assert config.margin_px == (572 - 388) // 2
    assert config.fitting_size(572) == 572
    assert network.dropout.p > 0


@given(st.integers(1, 6), st.integers(1, 900), st.sampled_from(["plain", "resnet18"]))
def test_valid_networks_fit_the_sizes_the_arithmetic_gives(depth: int, wanted: int, encoder: str) -> None:
    if encoder != "plain" and depth > 5:
        return
    config = UNetConfig(in_channels=1, base_width=4, depth=depth, padding="valid", encoder=encoder)  # type: ignore[arg-type]
    side = config.fitting_size(wanted)
    assert side >= wanted
    assert side - 2 * config.margin_px >= 1
    if encoder == "plain":  # Straight from the formulas: −4 a block, halved, doubled.
        size = side
        for _ in range(depth):
            assert (size - 4) % 2 == 0
            size = (size - 4) // 2
        size -= 4
        for _ in range(depth):
            size = 2 * size - 4
        assert size == side - 2 * config.margin_px
    with torch.device("meta"):
        out = UNet(config)(torch.empty(1, 1, side, side))
    assert out.shape[-1] == side - 2 * config.margin_px


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from(["plain", "resnet18"]), st.integers(1, 5))
def test_padded_networks_take_any_size(height: int, width: int, encoder: str, depth: int) -> None:
    config = UNetConfig(in_channels=1, base_width=4, depth=depth, encoder=encoder)  # type: ignore[arg-type]
    with torch.device("meta"):
        assert UNet(config)(torch.empty(2, 1, height, width)).shape == (2, 2, height, width)


COMBINATIONS = [
    dict(zip(("padding", "encoder", "blocks", "normalization", "upsampling", "squeeze_excitation", "attention_gates"), row, strict=True))
    for row in itertools.product(
        ("same", "valid"), ("plain", "resnet18"), ("plain", "residual", "preactivation"),
        ("batch", "group", "instance", "none"), ("transposed", "nearest", "bilinear", "bicubic"), (0, 4), (False, True),
    )
]  # fmt: skip


@pytest.mark.parametrize("every", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_every_combination_builds_goes_forth_and_back_and_has_the_size_it_says(every: int) -> None:
    """All 768 of them, on the meta device, which knows shapes only."""
    assert len(COMBINATIONS) == 768
    for combination in COMBINATIONS[::every]:
        config = UNetConfig(in_channels=2, classes=3, base_width=4, depth=2, **combination)  # type: ignore[arg-type]
        side = config.fitting_size(48)
        with torch.device("meta"):
            network = UNet(config)
            out = network(torch.empty(2, 2, side, side))
            assert out.shape == (2, 3, side - 2 * config.margin_px, side - 2 * config.margin_px), config
            out.sum().backward()
        assert all(p.grad is not None for p in network.parameters()), config


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "changes",
    [{}, {"upsampling": "bilinear"}, {"upsampling": "bicubic"}, {"upsampling": "nearest", "blocks": "residual"},
     {"encoder": "resnet18"}, {"encoder": "resnet50"}, {"attention_gates": True, "blocks": "preactivation"}],
    ids=str,
)  # fmt: skip
def test_nothing_beyond_the_stated_context_influences_a_pixel_and_what_is_stated_is_reached(
    depth: int, changes: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(F, "relu", F.softplus)
    monkeypatch.setattr(F, "max_pool2d", F.avg_pool2d)
    if depth == 4 and changes:
        return
    torch.manual_seed(0)
    config = UNetConfig(in_channels=1, base_width=4, depth=depth, **changes)
    network = smooth(UNet(config))
    reach, multiple = config.context_px, config.size_multiple
    middle = -(-(reach + 20) // multiple) * multiple
    x = torch.randn(1, 1, 2 * middle, 2 * middle, requires_grad=True, dtype=torch.double)
    seen = field = 0
    for centre in range(middle, middle + multiple):
        (gradient,) = torch.autograd.grad(network(x)[0, :, centre, centre].sum(), x)
        rows = gradient[0, 0].abs().sum(1).nonzero().ravel()
        first, last = int(rows.min()), int(rows.max())
        seen, field = max(seen, centre - first, last - centre), max(field, last - first + 1)
    assert seen == reach
    assert field == config.receptive_field_px


@pytest.mark.parametrize(
    "config",
    [PRESETS["paper2015"], UNetConfig(depth=3), UNetConfig(encoder="resnet50", depth=5), UNetConfig(encoder="resnet18", padding="valid", depth=4)],
    ids=str,
)  # fmt: skip
def test_every_convolution_has_the_output_size_of_its_formula(config: UNetConfig) -> None:
    """⌊(n + 2p − k) / s⌋ + 1, and for a transposed one (n − 1) s − 2p + k."""
    seen = []

    def check(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        n, k, s, p = inputs[0].shape[2], module.kernel_size[0], module.stride[0], module.padding[0]
        transposed = isinstance(module, nn.ConvTranspose2d)
        seen.append(transposed)
        assert output.shape[2] == ((n - 1) * s - 2 * p + k if transposed else (n + 2 * p - k) // s + 1)

    side = config.fitting_size(200)
    with torch.device("meta"):
        network = UNet(config)
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.register_forward_hook(check)
        network(torch.empty(1, config.in_channels, side, side))
    assert sum(seen) == config.depth
    assert len(seen) > 2 * config.depth


def test_a_network_that_looks_at_the_whole_window_says_so() -> None:
    assert UNetConfig(normalization="batch").is_local
    assert UNetConfig(normalization="none").receptive_field_px is not None
    for changes in ({"normalization": "group"}, {"normalization": "instance"}, {"squeeze_excitation": 8}):
        config = UNetConfig(**changes)  # type: ignore[arg-type]
        assert not config.is_local
        assert config.receptive_field_px is None


def test_weights_begin_with_the_variance_of_two_over_fan_in() -> None:
    torch.manual_seed(0)
    network = UNet(UNetConfig(base_width=32, depth=2, normalization="none"))
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 5000:
            fan_in = module.weight[0].numel()
            assert module.weight.var().item() == pytest.approx(2 / fan_in, rel=0.1)
            assert abs(module.weight.mean().item()) < 0.01
        if isinstance(module, nn.ConvTranspose2d):
            assert module.weight.var().item() == pytest.approx(2 / module.in_channels, rel=0.1)


def test_norm_weights_begin_around_one() -> None:
    torch.manual_seed(0)
    for spread in (0.0, 0.02):
        network = UNet(UNetConfig(base_width=64, norm_spread=spread))
        weights = torch.cat([m.weight for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
        assert weights.mean().item() == pytest.approx(1, abs=0.005)
        assert weights.std().item() == pytest.approx(spread, rel=0.1)


def test_up_sampling_first_or_convolving_first_is_the_same() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 5, 7)
    for mode in ("nearest", "bilinear", "bicubic"):
        conv, up = up_sample(8, 4, UNetConfig(upsampling=mode))  # type: ignore[arg-type]
        assert torch.allclose(up(conv(x)), conv(up(x)), atol=1e-5)


def test_squeeze_and_excitation_is_the_formula_of_its_paper() -> None:
    torch.manual_seed(0)
    module = SqueezeExcite(8, 4)
    x = torch.randn(2, 8, 5, 7)
    z = x.mean((2, 3))
    w1, w2 = module.squeeze.weight[:, :, 0, 0], module.excite.weight[:, :, 0, 0]
    gate = torch.sigmoid(torch.relu(z @ w1.T + module.squeeze.bias) @ w2.T + module.excite.bias)
    assert torch.allclose(module(x), x * gate[:, :, None, None], atol=1e-6)


def test_skips_are_cropped_to_their_centre() -> None:
    """Valid and padded networks with the same weights agree where no border is near."""
    torch.manual_seed(0)
    config = UNetConfig(in_channels=1, base_width=8, depth=2, padding="valid", normalization="none")
    valid = UNet(config).eval()
    padded = UNet(msgspec.structs.replace(config, padding="same")).eval()
    padded.load_state_dict(valid.state_dict())
    side, margin = config.fitting_size(140), config.margin_px
    x = torch.randn(1, 1, side, side)
    # The valid one pools from pixel 2 on, and below from pixel 2 + 4: the padded one does so 2 px further.
    shift = 2
    with torch.inference_mode():
        a, b = valid(x)[0], padded(F.pad(x, (shift, 0, shift, 0)))[0]
    start = margin + shift
    same = b[:, start : start + a.shape[1], start : start + a.shape[2]]
    inner = slice(config.context_px, a.shape[1] - config.context_px)
    assert a[:, inner, inner].numel() > 1000
    assert torch.allclose(a[:, inner, inner], same[:, inner, inner], atol=1e-4)


def test_checkpointing_gives_the_same_gradients_and_statistics() -> None:
    config = UNetConfig(in_channels=1, base_width=4, depth=3, attention_gates=True, dropout=0.3)
    torch.manual_seed(0)
    plain = UNet(config).train()
    again = UNet(config).train()
    again.load_state_dict(plain.state_dict())
    again.checkpointing = True
    x = torch.randn(2, 1, 32, 32)
    for network in (plain, again):
        torch.manual_seed(1)
        network(x).square().mean().backward()
    for (name, a), b in zip(plain.named_parameters(), again.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6), name
    for (name, a), b in zip(plain.named_buffers(), again.buffers(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_learns_to_tell_two_textures_apart(name: str) -> None:
    small = msgspec.structs.replace(PRESETS[name], base_width=4, in_channels=1, depth=2, dropout=0.0)
    torch.manual_seed(0)
    network = UNet(small).train()
    side, margin = small.fitting_size(48), small.margin_px
    x = torch.randn(2, 1, side, side) * 0.1
    x[:, :, : side // 2] += 1
    target = torch.zeros(2, side, side, dtype=torch.long)
    target[:, : side // 2] = 1
    target = target[:, margin : side - margin, margin : side - margin]
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss = F.cross_entropy(network(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0], losses
