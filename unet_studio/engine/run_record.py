"""A run's folder: what was asked, on which data, with what, how it went, and where it can go on.

request.json       the request, exactly
environment.json   versions, machine, device, precision; SHA-256 of every file that taught
events.jsonl       one line for every point of the curves
checkpoint.pt      while it runs: all that is needed to go on
tensorboard/       the same curves, and more, for TensorBoard
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import torch

import unet_studio
from unet_studio.core.errors import FolderError, TrainingDataError
from unet_studio.io.atomic import write_atomically
from unet_studio.io.model_folder import file_sha256
from unet_studio.jobs.messages import SampleFiles, Train
from unet_studio.store.run_folder import CHECKPOINT_NAME, REQUEST_NAME
from unet_studio.unet.device import Device
from unet_studio.unet.training import CHECKPOINT_VERSION

_log = logging.getLogger(__name__)
_ENVIRONMENT = "environment.json"
_EVENTS = "events.jsonl"


class RunRecord:
    """Reads and, if it `writes`, writes a run folder; one of None does neither."""

    def __init__(self, folder: Path | None, *, writes: bool = True) -> None:
        self._folder = folder
        self._writes = writes and folder is not None

    @property
    def tensorboard_folder(self) -> Path | None:
        """Where event files go."""
        return self._folder / "tensorboard" if self._folder and self._writes else None

    def begin(self, request: Train, files: Sequence[SampleFiles], device: Device) -> None:
        """Keep the request, the fingerprints and the environment of a new run."""
        if self._folder is None or not self._writes:
            return
        self.end()  # What an earlier run left here is of no use to this one.
        self._write_json(REQUEST_NAME, request)
        self._write_json(_ENVIRONMENT, _environment(device) | {"sha256": fingerprints(files)})
        (self._folder / _EVENTS).write_bytes(b"")

    def checkpoint(self, files: Sequence[SampleFiles]) -> dict[str, Any]:
        """What an interrupted run goes on from.

        Raises TrainingDataError if there is no checkpoint, or if a file that taught has changed since.
        """
        path = self._folder / CHECKPOINT_NAME if self._folder else None
        if self._folder is None or path is None or not path.is_file():
            raise TrainingDataError(
                "The run {run} cannot go on: it has no checkpoint. Either it is complete, or it ended before "
                "its first measurement. Start it anew.",
                run=self._folder,
            )
        now = fingerprints(files)
        try:
            before = msgspec.json.decode((self._folder / _ENVIRONMENT).read_bytes())["sha256"]
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except (
            OSError, EOFError, RuntimeError, KeyError, pickle.UnpicklingError, msgspec.DecodeError
        ) as error:  # fmt: skip
            raise TrainingDataError(
                "The run {run} cannot go on: its checkpoint is damaged. Start it anew.", run=self._folder
            ) from error
        if state.get("version") != CHECKPOINT_VERSION:
            raise TrainingDataError(
                "The run {run} cannot go on: it was begun by an older version. Start it anew.",
                run=self._folder,
            )
        # By place, not by path: a project may have been moved.
        changed = [
            one["file"] for one, other in zip(now, before, strict=False) if one["sha256"] != other["sha256"]
        ]
        if changed or len(now) != len(before):
            raise TrainingDataError(
                "The run {run} cannot go on: {file} has changed since it began. Start it anew.",
                run=self._folder,
                file=changed[0] if changed else REQUEST_NAME,
            )
        return state

    def keep(self, make_checkpoint: Callable[[], dict[str, Any]]) -> None:
        """Replace the checkpoint. Where that fails the older one stays: a share that is away for a moment
        must not end a training."""
        if self._folder is None or not self._writes:
            return
        data = BytesIO()  # To a file torch would save with errors of its own.
        torch.save(make_checkpoint(), data)
        try:
            write_atomically(
                self._folder / CHECKPOINT_NAME, lambda partial: partial.write_bytes(data.getbuffer())
            )
        except FolderError as error:
            _log.warning("no checkpoint: %s", error)

    def point(self, row: dict[str, Any]) -> None:
        """One more line of the curves, where the folder can be written."""
        if self._folder is None or not self._writes:
            return
        try:
            with (self._folder / _EVENTS).open("ab") as file:
                file.write(msgspec.json.encode(row) + b"\n")
        except OSError as error:
            _log.warning("no line in %s: %s", _EVENTS, error)

    def end(self) -> None:
        """The run is complete: nothing is left to go on from."""
        if self._folder is not None and self._writes:
            (self._folder / CHECKPOINT_NAME).unlink(missing_ok=True)

    def _write_json(self, name: str, value: Any) -> None:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            data = msgspec.json.format(msgspec.json.encode(value), indent=2)
            write_atomically(self._folder / name, lambda partial: partial.write_bytes(data))


def fingerprints(files: Sequence[SampleFiles]) -> list[dict[str, str]]:
    """Path and SHA-256 of every image and mask, in order."""
    paths = [p for f in files for p in (f.image, f.mask, f.checked, f.classes) if p is not None]
    return [{"file": path, "sha256": file_sha256(Path(path))} for path in paths]


def _environment(device: Device) -> dict[str, Any]:
    return {
        "unet_studio": unet_studio.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "platform": platform.platform(),
        "device": f"{device.torch_device} ({device.name})",
        "precision": device.precision_name,
        "reason": " ".join(map(str, device.reasons)),
        "threads": torch.get_num_threads(),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
    }
