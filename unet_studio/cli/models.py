"""`unet-studio models`: which models and network presets there are, and what a network costs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from unet_studio.core.errors import ModelError
from unet_studio.io.model_folder import find_model, list_models, read_model_config
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import NetworkSummary, SummarizeNetwork
from unet_studio.settings.files import read_toml
from unet_studio.settings.locations import shipped_models_folder, user_folder
from unet_studio.settings.network import PRESETS, UNetConfig
from unet_studio.settings.training import TrainConfig


def models(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    return _list(options.json) if options.action == "list" else _info(options)


def _list(as_json: bool) -> int:
    roots = (user_folder() / "models", shipped_models_folder())
    rows: list[dict[str, Any]] = []
    for folder in list_models(*roots):
        try:
            config = read_model_config(folder)
        except ModelError as error:
            print(f"{folder.name:20} {error}")
            continue
        network = config.network
        rows.append({"name": folder.name, "folder": str(folder), "network": msgspec.to_builtins(network)})
        print(f"{folder.name:20} {_in_words(network)}; {folder}")
    for name, network in PRESETS.items():
        print(f"{name:20} preset: {_in_words(network)}")
    if as_json:
        print(json.dumps({"models": rows, "presets": msgspec.to_builtins(dict(PRESETS))}))
    return 0


def _info(options: argparse.Namespace) -> int:
    network = _network(options)
    engine = EngineConnection()
    try:
        outcome, _ = engine.run(SummarizeNetwork(job=0, network=network))
    finally:
        engine.close()
    summary = cast(NetworkSummary, outcome)
    rows = [("layer", "kind", "output", "parameters", "MFLOP")]
    for layer in summary.layers:
        shape = "×".join(map(str, layer.output))
        rows.append((layer.name, layer.kind, shape, f"{layer.parameters:,}", f"{layer.flops / 1e6:,.0f}"))
    _print_table(rows)
    print()
    for name, value in _figures(network, summary).items():
        print(f"{name:28} {value}")
    if options.json:
        print(json.dumps(msgspec.to_builtins(summary)))
    return 0


def _network(options: argparse.Namespace) -> UNetConfig:
    if options.config is not None:
        return read_toml(options.config, TrainConfig()).network
    if options.name in PRESETS:
        return PRESETS[options.name]
    try:
        folder = find_model(options.name, user_folder() / "models", shipped_models_folder())
    except ModelError as error:
        presets = ", ".join(PRESETS)
        raise ModelError("{reason} Presets: {presets}.", reason=error, presets=presets) from error
    return read_model_config(folder).network


def _figures(network: UNetConfig, summary: NetworkSummary) -> dict[str, str]:
    field = summary.receptive_field_px
    return {
        "network": _in_words(network),
        "input → output": f"{summary.input_px}² → {summary.output_px}² px",
        "parameters": f"{summary.parameters:,} ({summary.encoder_parameters:,} in the encoder)",
        "weights (float32)": f"{summary.weights_mb:.1f} MB",
        "receptive field": f"{field} px" if field else "the whole window (its own statistics count)",
        "cost": f"{summary.gflops_per_megapixel:,.0f} GFLOP per megapixel",
        "memory to predict, about": f"{summary.predict_mb_per_megapixel:,.0f} MB per megapixel of a tile",
        "memory to train, about": f"{summary.train_mb_per_megapixel:,.0f} MB per megapixel of a batch, "
        f"and {4 * summary.weights_mb:,.0f} MB",
    }


def _in_words(network: UNetConfig) -> str:
    parts = [
        f"{network.encoder} encoder" if network.encoder != "plain" else f"width {network.base_width}",
        f"depth {network.depth}",
        f"{network.padding} convolutions",
        f"{network.normalization} normalisation" if network.normalization != "none" else "no normalisation",
        f"{network.blocks} blocks" if network.blocks != "plain" else "",
        "attention gates" if network.attention_gates else "",
        f"squeeze-and-excitation /{network.squeeze_excitation}" if network.squeeze_excitation else "",
        f"{network.in_channels} channels in, {network.classes} classes out",
    ]
    return ", ".join(part for part in parts if part)


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if column < 3 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  ".join(cells).rstrip())
