"""Prediction: the class probabilities of a plane, tile by tile, and the proposals they make."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect
from unet_studio.core.label_tiles import LabelArray
from unet_studio.core.sentences import Sentence
from unet_studio.io.model_folder import ModelConfig
from unet_studio.jobs.context import JobContext, QuietContext
from unet_studio.jobs.messages import Part
from unet_studio.jobs.parts import CONTEXT_PX
from unet_studio.segmentation.normalization import (
    FloatPlane,
    PlaneArray,
    adapt_channels,
    is_one_channel,
    normalize,
)
from unet_studio.segmentation.overlap_tile import TilePlan, predict_tiled
from unet_studio.segmentation.proposals import instances_of_classes, only_countable
from unet_studio.segmentation.scaling import (
    COARSE,
    Objects,
    rescaled,
    scale_by_pixel_size,
    scale_of_seen_objects,
    scale_of_wide_objects,
    scaled_shape,
)
from unet_studio.settings.network import UNetConfig
from unet_studio.unet.device import Device
from unet_studio.unet.parts_memory import PartsMemory, Probabilities
from unet_studio.unet.prepared import Predictor
from unet_studio.unet.strips import InStrips

_EDGE_PX = 32
# Pixels of a window times the network's width times bytes of a number: about 1 GB, whatever the network;
# a third of that in strips.
_WINDOW = 222e6
_MIN_TILE_PX = 128
# Upside down, mirrored, both.
_FLIPS = (np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1])


class DeviceMemoryError(UserError):
    """Not even the smallest tile fits into the memory of the device."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """`labels` int32 (H, W) proposals; `class_of`: the class of each id from 1; `notes`: sentences about
    what was done to the image. `probability`: the foreground probability × 255, uint8 (H, W). `scale`: times
    its size at which the plane was seen; None: the usual one, for want of objects to tell by.
    """

    labels: LabelArray
    class_of: list[int]
    probability: npt.NDArray[np.uint8]
    scale: float | None
    notes: list[Sentence]


def propose(
    network: Predictor,
    model: ModelConfig,
    plane: PlaneArray,
    device: Device,
    context: JobContext,
    *,
    reference: PlaneArray | None = None,
    pixel_size_um: float | None = None,
    scale: float | None = None,
    flips: bool = False,
    part: Part | None = None,
    memory: PartsMemory | None = None,
) -> Prediction:
    """Proposals of a plane (H, W[, C]) of any size, dtype and number of channels.

    `reference` (h, w[, C]): what to take the percentiles of instead, where `plane` is a part of a larger one.
    `part`: which one, and of what in it proposals are wanted; `memory` knows of other parts of that plane.
    The network sees the plane at `scale` times its size. Where that is None it is found: by `pixel_size_um`,
    the plane's, where the model knows its own, else by how wide the objects are. `flips`: the mean of four
    mirrored views.
    """
    adapted, note = adapt_channels(plane, model.network.in_channels)
    if reference is not None:
        reference, _ = adapt_channels(reference, model.network.in_channels)
    image = normalize(adapted, model.normalization, reference=reference)
    around = None
    if part is not None:
        if memory is not None and _reaches(network.config) <= CONTEXT_PX:
            around = _Around(part, image, memory, (model.name, model.weights_sha256))
        image = image[part.window.shift(-part.pixels.top, -part.pixels.left).slices]
    view = _View(network, model, image, device, [note] if note else [], flips, around)
    if scale is None:
        scale = scale_by_pixel_size(model.pixel_size_um, pixel_size_um, model.scale)
        if scale not in (None, model.scale):
            text = "Seen at {scale} times its size: a pixel is {image} µm, the model learnt at {model} µm."
            sizes = {"image": f"{pixel_size_um:.3g}", "model": f"{model.pixel_size_um:.3g}"}
            view.notes.append(Sentence(text, {"scale": f"{scale:.2g}"} | sizes))
    if scale is not None or model.object_px is None:
        seen = view.seen_at(scale or model.scale, context)
    else:
        scale, seen = _seen_by_objects(view, model.object_px, context)
    foreground = (seen.probabilities.sum(2) * 255 + 0.5).astype(np.uint8)
    return Prediction(seen.labels, seen.class_of, foreground, scale, view.notes)


def _seen_by_objects(view: _View, object_px: float, context: JobContext) -> tuple[float | None, _Seen]:
    """What is seen at the scale at which the objects are as wide as the model's, and that scale: None if
    there are too few to tell."""
    usual, quiet = view.model.scale, QuietContext(context)
    # What is small is made of what is smaller than the image: once over all its pixels is enough.
    coarse_scale = usual * COARSE[-1]
    coarse = replace(view, image=rescaled(view.image, scaled_shape(view.shape, coarse_scale)), around=None)

    def objects_at(scale: float) -> Objects:
        if scale <= coarse_scale:
            return coarse.objects_at(scale / coarse_scale, quiet)
        return view.objects_at(scale, quiet)

    scale = scale_of_wide_objects(objects_at, view.shape, object_px, usual)
    seen = view.seen_at(scale or usual, context)
    if scale is None:
        scale = scale_of_seen_objects(seen.objects, object_px, usual)
        if scale is not None and scale != usual:
            seen = view.seen_at(scale, context)
    if scale is not None and scale != usual:
        text = "Seen at {scale} times its size, because of how wide its cells are."
        view.notes.append(Sentence(text, {"scale": f"{scale:.2g}"}))
    return scale, seen


@dataclass(frozen=True, slots=True)
class _Seen:
    """Probabilities (H, W, K − 1), their instances int32 (H, W) and the class of each, and the network's
    classes that are not countable."""

    probabilities: Probabilities
    labels: LabelArray
    class_of: list[int]
    stuff: tuple[int, ...]

    @property
    def objects(self) -> Objects:
        """How many countable instances there are and how wide."""
        return Objects.of(only_countable(self.labels, self.class_of, self.stuff))


@dataclass(frozen=True, slots=True)
class _Around:
    """A part of a plane with what lies around it: `image` float32 (h, w, C), normalised, are its `pixels`.
    `made_by`: by what the probabilities are made."""

    part: Part
    image: FloatPlane
    memory: PartsMemory
    made_by: tuple[object, ...]

    def piece(self, wanted: Rect) -> Piece:
        """A rectangle inside the part's window."""
        return Piece(Rect.of_size(self.part.height, self.part.width), self.part.pixels, wanted)


@dataclass(slots=True)
class _View:
    """A normalised image float32 (H, W, C) as a network sees it, at any size."""

    network: Predictor
    model: ModelConfig
    image: FloatPlane
    device: Device
    notes: list[Sentence]
    flips: bool = False
    around: _Around | None = None
    _tile_px: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[0], self.image.shape[1]

    def seen_at(self, scale: float, context: JobContext) -> _Seen:
        """What the network makes of it at `scale` times its size, at its own size."""
        probabilities = self._probabilities(scale, context, flips=self.flips)
        if scale != 1.0:
            probabilities = rescaled(probabilities, self.shape)
        settings = self.model.postprocessing.at_scale(scale)
        usual = None
        if self.around is not None:
            usual = self.around.memory.usual_size((self.around.part.run, *self.around.made_by, scale))
        labels, class_of = instances_of_classes(probabilities, settings, self.model.stuff, usual)
        return _Seen(probabilities, labels, class_of, self.model.stuff)

    def objects_at(self, scale: float, context: JobContext) -> Objects:
        """What is countable in it at `scale` times its size, in px of that."""
        probabilities, model = self._probabilities(scale, context), self.model
        labels, class_of = instances_of_classes(probabilities, model.postprocessing, model.stuff)
        return _Seen(probabilities, labels, class_of, model.stuff).objects

    def _probabilities(self, scale: float, context: JobContext, *, flips: bool = False) -> Probabilities:
        """At `scale` times the size; in smaller tiles where memory runs short, from then on."""
        if scale == 1.0 and self.around is not None:
            around = self.around
            return around.memory.complete(
                (around.part.run, *around.made_by, flips),
                around.part.window,
                lambda rect: self._in_tiles_that_fit(around.image, context, flips, around.piece(rect)),
            )
        image = self.image if scale == 1.0 else rescaled(self.image, scaled_shape(self.shape, scale))
        return self._in_tiles_that_fit(image, context, flips)

    def _in_tiles_that_fit(
        self, image: FloatPlane, context: JobContext, flips: bool, piece: Piece | None = None
    ) -> Probabilities:
        self._tile_px = self._tile_px or usual_tile_px(self.network)
        while True:
            try:
                return class_probabilities(
                    self.network, image, self.device, context,
                    tile_px=self._tile_px, flips=flips, piece=piece,
                )  # fmt: skip
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.device.torch_device.type == "cuda":
                    torch.cuda.empty_cache()
                # Tiles are of one size: half of what was tried, not of what was allowed.
                self._tile_px = min(self._tile_px, max(image.shape[:2])) // 2
                if self._tile_px < _MIN_TILE_PX:
                    raise DeviceMemoryError(
                        "The memory of {device} is too small for the model {model}: close other programs or "
                        "use a smaller model.",
                        device=self.device.name,
                        model=self.model.name,
                    ) from error
                short = "Memory ran short: predicted in tiles of {tile_px} px instead."
                self.notes.append(Sentence(short, {"tile_px": str(self._tile_px)}))


def _reaches(config: UNetConfig) -> float:
    """How far around a pixel a network looks, in px."""
    if not config.is_local:
        return math.inf
    multiple = config.size_multiple
    return -(-max(config.context_px, config.margin_px) // multiple) * multiple


def is_out_of_memory(error: Exception) -> bool:
    """True for what PyTorch raises when memory runs short: on a processor it has no name of its own."""
    is_named = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return is_named or "allocate memory" in str(error)


def usual_tile_px(network: Predictor) -> int:
    """Side of a tile whose window takes up to 1 GB: the larger, the less is computed for context."""
    config = network.config
    window_px = math.sqrt(_WINDOW / config.base_width / network.bytes_per_value)
    return max(_MIN_TILE_PX, int(window_px) - 2 * config.context_px, config.context_px)


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle that is `wanted` of a `plane` of which only `pixels` are at hand: all that the network
    looks at, wherever the plane goes on."""

    plane: Rect
    pixels: Rect
    wanted: Rect


def class_probabilities(
    network: Predictor,
    image: FloatPlane,
    device: Device,
    context: JobContext,
    *,
    tile_px: int,
    flips: bool = False,
    piece: Piece | None = None,
) -> npt.NDArray[np.float32]:
    """Probability of every class but background, float32 (H, W, K − 1), of a normalised image
    float32 (H, W, C); with a `piece`, whose pixels the image is, of what is wanted.

    The network must be in evaluation mode on `device`. Overlap-tile; asks the context once per tile,
    in strips more often.
    """
    whole = Rect.of_size(*image.shape[:2])
    piece = piece or Piece(whole, whole, whole)
    height, width = piece.wanted.shape
    config = network.config
    # Valid convolutions eat their margin: at the plane's edge it is mirrored (paper, figure 2).
    context_px, edge_px = max(config.context_px, config.margin_px), max(_EDGE_PX, config.margin_px)
    side = max(height, width)
    around_px = edge_px if piece.wanted == piece.plane else context_px
    if side + 2 * around_px > tile_px + 2 * context_px:
        # Tiles of one size: a narrow last one would be predicted for its context's sake.
        tile_px = -(-side // -(-side // tile_px))
    else:  # What surrounds it takes no more room than the context of a tile.
        tile_px = side
    tile_px += -tile_px % config.size_multiple
    if is_one_channel(image):  # Repeated where the network needs them.
        image = image[:, :, :1]
    plan = TilePlan(*piece.plane.shape, tile_px, context_px, edge_px, config.size_multiple, piece.wanted)
    out = np.empty((height, width, config.classes - 1), np.float32)
    done = 0

    def on_tile(_: Rect) -> None:
        nonlocal done
        done += 1
        context.progress(done, len(plan))
        if done < len(plan):
            context.check_cancelled()

    def predict(window: FloatPlane) -> Probabilities:
        mean = _predict_window(network, window, device, context)
        for flip in _FLIPS if flips else ():
            context.check_cancelled()
            mean += _predict_window(network, window[flip], device, context)[flip]
        if flips:
            mean /= 1 + len(_FLIPS)
        return mean

    context.check_cancelled()
    context.progress(0, len(plan))
    predict_tiled(
        plan,
        read=lambda rect: image[rect.shift(-piece.pixels.top, -piece.pixels.left).slices],
        predict=predict,
        out=out,
        on_tile=on_tile,
    )
    return out


def _predict_window(
    network: Predictor, window: FloatPlane, device: Device, context: JobContext
) -> npt.NDArray[np.float32]:
    """Probabilities (h, w, K − 1) of a window (h, w, C), or (h, w, 1) for all channels; 0 in the margin that
    valid convolutions lose."""
    height, width = window.shape[:2]
    margin = network.config.margin_px
    # In the precision of the weights: mixed where they are float32, see Device.autocast.
    x = torch.empty(
        (1, network.config.in_channels, height, width),
        dtype=network.dtype,
        device=device.torch_device,
        memory_format=torch.channels_last,
    )
    pixels = torch.from_numpy(np.require(window, requirements=["C", "W"]))
    x.copy_(pixels.to(network.dtype).permute(2, 0, 1))  # Converted first: once for all channels.
    if margin:
        fit = network.config.fitting_size
        x = F.pad(x, (0, fit(width) - width, 0, fit(height) - height), mode="replicate")
    with torch.inference_mode(), device.autocast():
        if isinstance(network, InStrips):
            # A wide network takes seconds for a window: in between it can be stopped, and makes room.
            logits = network(x, context.check_cancelled)
        else:
            logits = network(x)
        p = _foreground(logits.float())[0]
    p = p[:, : height - 2 * margin, : width - 2 * margin]
    return F.pad(p, (margin,) * 4).permute(1, 2, 0).cpu().numpy()


def _foreground(logits: torch.Tensor) -> torch.Tensor:
    """Probabilities (N, K − 1, H, W) of all classes but background."""
    if logits.shape[1] == 2:  # A third of the work of a softmax of two.
        return torch.sigmoid(logits[:, 1:] - logits[:, :1])
    return torch.softmax(logits, dim=1)[:, 1:]
