"""The command line's words, and which module each command lives in."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import unet_studio
from unet_studio.core.errors import UserError
from unet_studio.jobs.context import JobCancelled
from unet_studio.settings.mask_formats import CLASS_FORMAT, MASK_FORMATS
from unet_studio.settings.network import PRESETS
from unet_studio.settings.training import LEAST_SCALE, MOST_SCALE

EXIT_DONE = 0
EXIT_BAD_INPUT = 2
EXIT_CANCELLED = 130


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {message}. See {self.prog} --help.\n")


def run_command(arguments: Sequence[str]) -> int:
    """Parse, run, and turn every expected end into its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A file of another code page on Windows: a letter it has not must not end the command.
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parse(arguments)
        return _run(options)
    except UserError as error:
        print(f"unet-studio: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except (KeyboardInterrupt, JobCancelled):
        print("unet-studio: cancelled.", file=sys.stderr)
        return EXIT_CANCELLED
    except BrokenPipeError:
        # Whoever read our output has gone (… | head): that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except SystemExit as end:  # argparse: --help, --version, bad usage
        return int(end.code or 0)


def _run(options: argparse.Namespace) -> int:
    # One import per command, so that none pays for another.
    if options.command == "predict":
        from unet_studio.cli.predict import predict

        return predict(options)
    if options.command == "train":
        from unet_studio.cli.train import train

        return train(options)
    if options.command == "evaluate":
        from unet_studio.cli.evaluate import evaluate

        return evaluate(options)
    if options.command == "models":
        from unet_studio.cli.models import models

        return models(options)
    if options.command == "doctor":
        from unet_studio.cli.doctor import doctor

        return doctor(options)
    if options.command == "bench":
        from unet_studio.cli.bench import bench

        return bench(options)
    if options.command == "demo":
        from unet_studio.cli.demo import demo

        return demo(options)
    from unet_studio.cli.open_window import open_window

    return open_window(options)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser, commands = _parsers()
    first = next((a for a in arguments if not a.startswith("-")), None)
    if first in commands or any(a in ("-h", "--help", "--version") for a in arguments):
        return parser.parse_args(arguments)
    # `unet-studio [PATH...]`: no command word.
    opener = _OneLineParser(prog="unet-studio")
    opener.add_argument("paths", nargs="*", type=Path)
    opener.set_defaults(command="open")
    return opener.parse_args(arguments)


def _parsers() -> tuple[argparse.ArgumentParser, set[str]]:
    parser = _OneLineParser(
        prog="unet-studio",
        description="Open biomedical images, let a U-Net propose masks, correct them, fine-tune, export.",
        epilog="`unet-studio [PATH...]` without a command opens the window on images, a folder or a project.",
    )
    parser.add_argument("--version", action="version", version=f"unet-studio {unet_studio.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_OneLineParser)

    demo = commands.add_parser("demo", help="open the bundled demo project")
    demo.add_argument("--headless", metavar="OUT", type=Path, help="no window: propose and export into OUT")

    predict = commands.add_parser("predict", help="propose masks for images and write them")
    predict.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="images or folders of images")
    predict.add_argument("--out", required=True, type=Path, metavar="DIR")
    predict.add_argument("--model", default=None, metavar="NAME_OR_DIR", help="default: the shipped model")
    predict.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=(*MASK_FORMATS, CLASS_FORMAT),
        help="default: label-tiff; repeatable",
    )
    predict.add_argument(
        "--scale", type=_scale, metavar="auto|S",
        help="how many times its size the network sees an image at; default: by how wide its cells are",
    )  # fmt: skip
    predict.add_argument(
        "--flips", action="store_true",
        help="the mean of four mirrored views: mostly a little better, four times as long",
    )  # fmt: skip
    _device_and_json(predict)

    train = commands.add_parser("train", help="train a model on images and masks of the same stems")
    train.add_argument("--images", type=Path, metavar="DIR")
    train.add_argument("--masks", type=Path, metavar="DIR")
    train.add_argument("--out", type=Path, metavar="MODEL_DIR")
    train.add_argument(
        "--resume", type=Path, metavar="RUN_DIR", help="go on with an interrupted run, as it was"
    )
    train.add_argument("--run", type=Path, metavar="RUN_DIR", help="keeps the run; default: MODEL_DIR/run")
    train.add_argument("--init", default="none", metavar="NAME_OR_DIR|none", help="model to start from")
    train.add_argument("--network", choices=tuple(PRESETS), help="preset; default: standard, or the config's")
    train.add_argument("--encoder-weights", type=Path, metavar="FILE", help="published weights of a ResNet")
    train.add_argument("--config", type=Path, metavar="FILE.toml", help="settings, see docs/training.md")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, metavar="N")
    length.add_argument("--steps", type=int, metavar="N")
    length.add_argument("--minutes", type=float, metavar="M")
    train.add_argument("--val-fraction", type=float, metavar="F", help="share of images kept for validation")
    train.add_argument("--val-images", type=Path, metavar="DIR")
    train.add_argument("--val-masks", type=Path, metavar="DIR")
    train.add_argument("--seed", type=int, metavar="S")
    _device_and_json(train, _DEVICES.replace("openvino|", ""), usual=None)  # It only predicts.

    evaluate = commands.add_parser("evaluate", help="compare predicted with true masks of the same stems")
    evaluate.add_argument("--pred", required=True, type=Path, metavar="DIR")
    evaluate.add_argument("--truth", required=True, type=Path, metavar="DIR")
    evaluate.add_argument(
        "--masks", choices=("instances", "classes", "membranes"), default="instances",
        help="what the values are: ids of instances, classes of pixels, membranes (1) or segments between",
    )  # fmt: skip
    evaluate.add_argument("--json", action="store_true", help="last line of stdout: one JSON object")

    about = commands.add_parser("models", help="the models and network presets there are, and what they cost")
    about.add_argument("action", choices=("list", "info"))
    about.add_argument("name", nargs="?", default="standard", metavar="NAME_OR_DIR", help="model or preset")
    about.add_argument(
        "--config", type=Path, metavar="FILE.toml", help="the network of these settings instead"
    )
    about.add_argument("--json", action="store_true", help="last line of stdout: one JSON object")

    commands.add_parser("engine", help="the worker process: framed messages on stdin and stdout")

    bench = commands.add_parser("bench", help="what prediction costs here, beside a plain program")
    bench.add_argument("--quick", action="store_true", help="small planes only: a quarter of a minute")
    bench.add_argument("--slide", action="store_true", help="also a plane of 20,000²: some minutes more")
    _device_and_json(bench)

    doctor = commands.add_parser("doctor", help="versions, devices, what will be used and why")
    doctor.add_argument("--json", action="store_true", help="last line of stdout: one JSON object")
    return parser, set(commands.choices)


_DEVICES = "auto|cpu|openvino|cuda|cuda:N|mps|xpu"


def _scale(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not LEAST_SCALE <= scale <= MOST_SCALE:
        raise argparse.ArgumentTypeError(f"{text} is not auto or a number from {LEAST_SCALE} to {MOST_SCALE}")
    return scale


def _device_and_json(
    parser: argparse.ArgumentParser, devices: str = _DEVICES, *, usual: str | None = "auto"
) -> None:
    parser.add_argument("--device", default=usual, metavar=devices)
    parser.add_argument("--json", action="store_true", help="last line of stdout: one JSON object")
