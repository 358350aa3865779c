"""What the window and the engine say to each other.

Arrays travel beside a message (see `framing`); each message says which arrays go with it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from unet_studio.core.geometry import Rect
from unet_studio.core.sentences import Sentence
from unet_studio.settings.network import UNetConfig
from unet_studio.settings.training import ObjectClass, TrainConfig

PROTOCOL_VERSION = 9

FailureKind = Literal["bad_input", "crash"]


# Requests


class Part(Struct, frozen=True):
    """What is asked about of a plane of `height` × `width` that is proposed on part by part.

    `pixels`: where the array lies that goes with the request; `window`, in it: of what labels are wanted, on
    the grid of tiles. `run`: one word for all parts of a plane, whose pixels do not change meanwhile: what is
    known of one is used for its neighbours.
    """

    run: str
    height: int
    width: int
    pixels: Rect
    window: Rect


class Predict(Struct, frozen=True, tag=True, kw_only=True):
    """Propose instances on a plane. Arrays: the plane (H, W, C), any real dtype; for a part of a larger plane
    its `pixels`, and pixels (h, w, C) from all over the plane, which tell what is dark and what is bright
    there."""

    job: int
    model: str
    """A model folder."""
    device: str = "auto"
    pixel_size_um: float | None = None
    """Side of a pixel of the plane, where the file says it."""
    scale: float | None = None
    """How many times its size the network sees the plane at; None: that is found out."""
    flips: bool = False
    """The mean of four mirrored views, in four times the time."""
    part: Part | None = None


class SampleFiles(Struct, frozen=True):
    """One training image, its label image, the mask of checked pixels (None: all are), and the class of
    every pixel, counted as in the request's `config.classes` from 1 (None: all are of the first).
    `source`: what it is a plane of, where several are of one image. `reference`: an image of pixels from all
    over the plane, where this is a part of one. `pixel_size_um`: where the image file does not say it."""

    image: str
    mask: str
    checked: str | None = None
    classes: str | None = None
    source: str | None = None
    reference: str | None = None
    pixel_size_um: float | None = None


class Train(Struct, frozen=True, tag=True, kw_only=True):
    """Train or fine-tune; the model folder `out` appears when it is complete."""

    job: int
    samples: list[SampleFiles]
    val_samples: list[SampleFiles] | None = None
    config: TrainConfig = TrainConfig()
    init: str | None = None
    """Model folder to start from; None: random weights."""
    encoder_weights: str | None = None
    """Published weights of the ResNet encoder; only without `init`."""
    out: str
    name: str
    run: str | None = None
    """Folder that keeps how it went and where it can go on."""
    resume: bool = False
    """Go on from the run's checkpoint."""
    device: str = "auto"
    usual_input: bool = False
    """Of every image teaches what is usually read of it to propose (see `store.project_images`); else all of
    it: a sample from the window is that already."""


class Describe(Struct, frozen=True, tag=True):
    """Ask for versions and devices."""

    job: int
    device: str = "auto"


class SummarizeNetwork(Struct, frozen=True, tag=True):
    """Ask for the layers, size and cost of a network."""

    job: int
    network: UNetConfig


class Bench(Struct, frozen=True, tag=True):
    """Ask what prediction costs here. `quick`: on small planes only."""

    job: int
    device: str = "auto"
    quick: bool = False


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


Request = Predict | Train | Describe | SummarizeNetwork | Bench | Cancel | Stop | WindowInUse


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


class TrainingBegun(Struct, frozen=True, tag=True, kw_only=True):
    """The data are read and checked: what computes and why, and sentences about the data."""

    job: int
    device: str
    reasons: list[Sentence]
    training: int
    validation: int
    notes: list[Sentence] = []


class TrainingPoint(Struct, frozen=True, tag=True, kw_only=True):
    """One point of the curves: mean training loss since the last point, and validation figures."""

    job: int
    step: int
    epoch: float
    seconds: float
    train_loss: float
    val_loss: float | None = None
    val_dice: float | None = None
    val_iou: float | None = None
    val_ap50: float | None = None
    learning_rate: float = 0.0
    is_best: bool = False


class Predicted(Struct, frozen=True, tag=True, kw_only=True):
    """Done. Arrays: the label image of the proposals, int32 (H, W), and the foreground probability
    × 255, uint8 (H, W). `class_of`: the class of each id from 1, a place in `classes` from 1; without names
    there is one class. `scale`: times its size at which the plane was seen, None where nothing told it.
    `weights`: checksum of what predicted.
    """

    job: int
    device: str
    seconds: float
    class_of: list[int] = []
    classes: tuple[ObjectClass, ...] = ()
    scale: float | None = None
    weights: str = ""
    notes: list[Sentence] = []


class Trained(Struct, frozen=True, tag=True, kw_only=True):
    """Done: the model folder is complete. `notes`: what a person should know about it."""

    job: int
    model: str
    metrics: dict[str, Any]
    notes: list[Sentence] = []


class Described(Struct, frozen=True, tag=True, kw_only=True):
    """Done: what this engine computes with."""

    job: int
    versions: dict[str, str]
    devices: list[str]
    chosen: str
    reasons: list[Sentence]


class Layer(Struct, frozen=True):
    """One convolution, normalisation … of a network: output (channels, height, width) on the summary's
    input, parameters, multiplications and additions."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    flops: int


class NetworkSummary(Struct, frozen=True, tag=True, kw_only=True):
    """Done: a network's layers and cost. FLOPs count a multiplication and an addition as two; the memory
    figures are estimates for float32 activations."""

    job: int
    layers: list[Layer]
    input_px: int
    output_px: int
    parameters: int
    encoder_parameters: int
    receptive_field_px: int | None
    gflops_per_megapixel: float
    weights_mb: float
    predict_mb_per_megapixel: float
    train_mb_per_megapixel: float


class BenchRow(Struct, frozen=True, kw_only=True):
    """One piece of work. Seconds of ours and of the plain reference, `ratio` = plain / ours; how much of the
    machine's largest matrix product it computes at, where it is a network."""

    name: str
    ours_s: float
    plain_s: float | None = None
    ratio: float | None = None
    gflops: float | None = None
    peak_gflops: float | None = None
    peak_fraction: float | None = None

    @staticmethod
    def of(
        name: str, ours: float, plain: float | None, gflops: float | None = None, peak: float | None = None
    ) -> BenchRow:
        """From what was measured: seconds, and 10⁹ operations a second."""
        return BenchRow(
            name=name,
            ours_s=round(ours, 5),
            plain_s=None if plain is None else round(plain, 5),
            ratio=None if plain is None else round(plain / ours, 2),
            gflops=None if gflops is None else round(gflops, 1),
            peak_gflops=None if peak is None else round(peak, 1),
            peak_fraction=None if gflops is None or peak is None else round(gflops / peak, 3),
        )


class Benched(Struct, frozen=True, tag=True, kw_only=True):
    """Done: what was measured, and on what."""

    job: int
    device: str
    threads: int
    peak_gflops: float
    rows: list[BenchRow]


class Failed(Struct, frozen=True, tag=True, kw_only=True):
    """The job ended without result. The sentence is `template.format(**values)`."""

    job: int
    kind: FailureKind
    template: str
    values: dict[str, str] = {}


class Cancelled(Struct, frozen=True, tag=True):
    """The job ended because it was asked to."""

    job: int


Outcome = Predicted | Trained | Described | NetworkSummary | Benched
Event = Ready | Progress | TrainingBegun | TrainingPoint | Outcome | Failed | Cancelled

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_event = msgspec.msgpack.Decoder(Event).decode
