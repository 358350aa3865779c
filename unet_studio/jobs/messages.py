"""What the window and the engine say to each other.

Arrays travel beside a message (see `framing`); each message says which arrays go with it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from unet_studio.core.sentences import Sentence
from unet_studio.settings.training import TrainConfig

PROTOCOL_VERSION = 2

FailureKind = Literal["bad_input", "crash"]


# Requests


class Predict(Struct, frozen=True, tag=True, kw_only=True):
    """Propose instances on a plane. Arrays: the plane (H, W, C), any real dtype."""

    job: int
    model: str
    """A model folder."""
    device: str = "auto"


class SampleFiles(Struct, frozen=True):
    """One training image, its label image, and the mask of checked pixels (None: all are)."""

    image: str
    mask: str
    checked: str | None = None


class Train(Struct, frozen=True, tag=True, kw_only=True):
    """Train or fine-tune; the model folder `out` appears when it is complete."""

    job: int
    samples: list[SampleFiles]
    val_samples: list[SampleFiles] | None = None
    config: TrainConfig = TrainConfig()
    init: str | None = None
    """Model folder to start from; None: random weights."""
    out: str
    name: str
    device: str = "auto"


class Describe(Struct, frozen=True, tag=True):
    """Ask for versions and devices."""

    job: int
    device: str = "auto"


class Cancel(Struct, frozen=True, tag=True):
    """End a job and throw its result away."""

    job: int


class Stop(Struct, frozen=True, tag=True):
    """End a training now and keep the best weights so far."""

    job: int


class WindowInUse(Struct, frozen=True, tag=True):
    """The person works in the window, or (False) rests: the running job leaves a processor free, or not."""

    in_use: bool
    job: int = 0


Request = Predict | Train | Describe | Cancel | Stop | WindowInUse


# Events


class Ready(Struct, frozen=True, tag=True):
    """The engine can take requests."""

    protocol: int
    pid: int


class Progress(Struct, frozen=True, tag=True):
    """`done` of `total` steps; `note` is shown beside the bar."""

    job: int
    done: int
    total: int
    note: str = ""


class TrainingPoint(Struct, frozen=True, tag=True, kw_only=True):
    """One point of the curves: mean training loss since the last point, and validation figures."""

    job: int
    step: int
    epoch: float
    seconds: float
    train_loss: float
    val_loss: float | None = None
    val_dice: float | None = None
    is_best: bool = False


class Predicted(Struct, frozen=True, tag=True, kw_only=True):
    """Done. Arrays: the label image of the proposals, int32 (H, W), and the foreground probability
    × 255, uint8 (H, W).
    """

    job: int
    device: str
    seconds: float
    notes: list[Sentence] = []


class Trained(Struct, frozen=True, tag=True, kw_only=True):
    """Done: the model folder is complete."""

    job: int
    model: str
    metrics: dict[str, Any]


class Described(Struct, frozen=True, tag=True, kw_only=True):
    """Done: what this engine computes with."""

    job: int
    versions: dict[str, str]
    devices: list[str]
    chosen: str
    reason: str


class Failed(Struct, frozen=True, tag=True, kw_only=True):
    """The job ended without result. The sentence is `template.format(**values)`."""

    job: int
    kind: FailureKind
    template: str
    values: dict[str, str] = {}


class Cancelled(Struct, frozen=True, tag=True):
    """The job ended because it was asked to."""

    job: int


Outcome = Predicted | Trained | Described
Event = Ready | Progress | TrainingPoint | Outcome | Failed | Cancelled

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_event = msgspec.msgpack.Decoder(Event).decode
