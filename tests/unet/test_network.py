"""The network against the published figures and an independent count."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unet_studio.settings.network import UNetConfig
from unet_studio.unet.network import UNet


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def expected_parameters(config: UNetConfig) -> int:
    """Counted from the paper's figure: two 3×3 convolutions a level, 2×2 up, 1×1 out."""
    widths = [config.base_width * 2**level for level in range(config.depth + 1)]
    normalized = config.normalization == "batch"

    def double(a: int, b: int) -> int:
        extra = 2 * b * 2 if normalized else 2 * b
        return 9 * (a * b + b * b) + extra

    total = double(config.in_channels, widths[0])
    for narrow, wide in zip(widths[:-1], widths[1:], strict=True):
        total += double(narrow, wide)
        up = 4 if config.upsampling == "transposed" else 1
        total += up * wide * narrow + narrow
        total += double(wide, narrow)
    return total + widths[0] * config.classes + config.classes


@pytest.mark.parametrize("normalization", ["batch", "none"])
@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize(("base_width", "depth"), [(4, 1), (8, 3), (16, 4), (6, 5)])
def test_every_configuration_has_the_size_the_figure_says(
    normalization: str, upsampling: str, base_width: int, depth: int
) -> None:
    config = UNetConfig(
        in_channels=2,
        classes=3,
        base_width=base_width,
        depth=depth,
        normalization=normalization,  # type: ignore[arg-type]
        upsampling=upsampling,  # type: ignore[arg-type]
    )
    network = UNet(config).eval()
    assert count(network) == expected_parameters(config)
    side = 2 * config.size_multiple
    with torch.inference_mode():
        logits = network(torch.zeros(1, 2, side, side + config.size_multiple))
    assert logits.shape == (1, 3, side, side + config.size_multiple)


def test_the_papers_width_has_its_31_million_parameters() -> None:
    config = UNetConfig(in_channels=1, base_width=64, depth=4, normalization="none")
    with torch.device("meta"):
        network = UNet(config)
    assert round(count(network) / 1e6, 1) == 31.0


def test_weights_begin_with_the_variance_of_two_over_fan_in() -> None:
    torch.manual_seed(0)
    network = UNet(UNetConfig(base_width=32, depth=2, normalization="none"))
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 5000:
            fan_in = module.weight[0].numel()
            assert module.weight.var().item() == pytest.approx(2 / fan_in, rel=0.1)
            assert abs(module.weight.mean().item()) < 0.01


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_nothing_beyond_the_stated_context_influences_a_pixel(depth: int) -> None:
    config = UNetConfig(in_channels=1, base_width=4, depth=depth)
    network = UNet(config).eval()
    reach = config.context_px
    side = -(-(2 * reach + 40) // config.size_multiple) * config.size_multiple
    x = torch.randn(1, 1, side, side, requires_grad=True)
    for centre in range(side // 2, side // 2 + config.size_multiple):
        (gradient,) = torch.autograd.grad(network(x)[0, :, centre, centre].sum(), x)
        rows = gradient[0, 0].abs().sum(1).nonzero().ravel()
        assert rows.min() >= centre - reach
        assert rows.max() <= centre + reach
