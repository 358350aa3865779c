"""What a training learns from: read, checked, split into training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from unet_studio.core.errors import TrainingDataError
from unet_studio.core.label_tiles import LabelArray, MaskArray
from unet_studio.core.sentences import Sentence
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import read_class_image, read_label_image
from unet_studio.io.model_folder import ModelConfig
from unet_studio.io.open_image import open_image
from unet_studio.io.overview import thinned
from unet_studio.jobs.context import JobContext
from unet_studio.jobs.messages import SampleFiles
from unet_studio.segmentation.normalization import PlaneArray, adapt_channels
from unet_studio.segmentation.patches import Sample, make_sample
from unet_studio.segmentation.scaling import rescaled, rescaled_labels, scaled_shape
from unet_studio.settings.training import MOST_CLASSES, ObjectClass
from unet_studio.store.project_images import usual_model_input

_SMALLEST_CUT_PX = 128
_NEARLY = 1e-9
_EIGHT_NEIGHBOURS = np.ones((3, 3))

Masks = Literal["instances", "classes"]


@dataclass(frozen=True, slots=True)
class Truth:
    """One image as it was read, and what is true of it: `labels` int32 (H, W), any ids, uncut;
    `semantic` (H, W), the class of every pixel, None where there is one class. `reference` (h, w, C): pixels
    of the plane it is a part of, None for a whole one."""

    plane: PlaneArray
    labels: LabelArray
    semantic: npt.NDArray[np.integer] | None
    checked: MaskArray | None
    reference: PlaneArray | None = None
    pixel_size_um: float | None = None

    @property
    def has_instances(self) -> bool:
        """True if an instance lies in what is checked."""
        return bool(
            (self.labels > 0).any() if self.checked is None else (self.labels[self.checked] > 0).any()
        )

    def scaled(self, scale: float) -> Truth:
        """At `scale` times its size."""
        if scale == 1.0:
            return self
        shape = scaled_shape(self.labels.shape, scale)
        plane = self.plane if self.plane.ndim == 3 else self.plane[:, :, None]
        return Truth(
            rescaled(_without_gaps(np.asarray(plane, np.float32)), shape),
            rescaled_labels(self.labels, shape),
            None if self.semantic is None else rescaled_labels(self.semantic, shape),
            None if self.checked is None else rescaled_labels(self.checked, shape),
            # What is dark and what is bright is told by the pixels as they are, as in a prediction.
            self.plane if self.reference is None else self.reference,
            None if self.pixel_size_um is None else self.pixel_size_um / scale,
        )

    def countable(self, stuff: Sequence[int]) -> LabelArray:
        """The labels that are checked, and of no class in `stuff`."""
        labels = self.labels if self.checked is None else np.where(self.checked, self.labels, 0)
        if self.semantic is not None and stuff:
            labels = np.where(np.isin(self.semantic, stuff), 0, labels)
        return labels

    def where_checked(self, probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities (H, W, K − 1), 0 where nobody checked."""
        return probabilities if self.checked is None else probabilities * self.checked[:, :, None]

    def sample(self, model: ModelConfig) -> Sample:
        """As the network of `model` learns from it."""
        return make_sample(
            self.plane, self.labels, channels=model.network.in_channels, normalization=model.normalization,
            checked=self.checked, semantic=self.semantic, stuff=model.stuff, reference=self.reference,
        )  # fmt: skip


def _without_gaps(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Pixels that are no number are as dark as the darkest that is: black, as they are in a prediction."""
    is_number = np.isfinite(plane)
    if is_number.all():
        return plane
    darkest = plane[is_number].min() if is_number.any() else np.float32(0)
    return np.where(is_number, plane, darkest)


def read_truths(
    files: Sequence[SampleFiles], masks: Masks, context: JobContext, *, usual_input: bool = False
) -> list[Truth]:
    """Read every image with its mask. `masks`: what the mask's values mean; `usual_input` as in `Train`.

    Raises ImageFileError, LabelFileError, TrainingDataError.
    """
    read_mask = read_class_image if masks == "classes" else read_label_image
    truths: list[Truth] = []
    for one in files:
        context.check_cancelled()
        source = open_image(Path(one.image))
        if source.axes.t * source.axes.z > 1:
            raise TrainingDataError(
                "{name} holds {count} planes, and a mask is of one: save the planes as files of their own, "
                "with a mask each.",
                name=Path(one.image).name,
                count=source.axes.t * source.axes.z,
            )
        plane = whole_plane(source)
        if usual_input:
            plane = usual_model_input(source, thinned(plane)).of(plane)
        pixel_size_um = one.pixel_size_um or source.pixel_size_um
        shape = (plane.shape[0], plane.shape[1])
        labels = read_mask(Path(one.mask), shape=shape)
        semantic: npt.NDArray[np.integer] | None = None
        if masks == "instances" and one.classes is not None:
            semantic = read_label_image(Path(one.classes), shape=shape)
        checked = None
        if one.checked is not None:
            checked = read_label_image(Path(one.checked), shape=shape) > 0
        reference = None if one.reference is None else whole_plane(open_image(Path(one.reference)))
        truths.append(Truth(plane, labels, semantic, checked, reference, pixel_size_um))
    if masks == "classes":
        values = sorted(set().union(*(np.unique(t.labels).tolist() for t in truths)) - {0})
        if values and values[-1] > MOST_CLASSES and len(values) > 1:
            raise TrainingDataError(
                "The masks hold class {found}, more than {most} are not possible: are the values ids of "
                'instances? Then set masks = "instances".',
                found=values[-1],
                most=MOST_CLASSES,
            )
        # A binary mask, whatever its one value (255 is usual), is a mask of class 1.
        binary = len(values) == 1
        truths = [_of_classes(t, (t.labels > 0).astype(np.int32) if binary else t.labels) for t in truths]
    return truths


def part_binary(truths: Sequence[Truth]) -> tuple[list[Truth], int]:
    """Masks of instances that hold one value in several pieces tell where cells are, not which: their
    8-connected components are instances. Returns also how many masks were such."""
    out, parted = [], 0
    for truth in truths:
        values = np.unique(truth.labels)
        if len(values[values > 0]) == 1:
            components, count = ndimage.label(truth.labels > 0, structure=_EIGHT_NEIGHBOURS)
            if count > 1:
                truth = replace(truth, labels=np.asarray(components, np.int32))
                parted += 1
        out.append(truth)
    return out, parted


def _of_classes(truth: Truth, semantic: LabelArray) -> Truth:
    return replace(truth, labels=components_of_classes(semantic), semantic=semantic)


def components_of_classes(semantic: LabelArray) -> LabelArray:
    """Instances int32 (H, W) from the class of every pixel: the 8-connected components of each class."""
    labels = np.zeros(semantic.shape, np.int32)
    count = 0
    for index in np.unique(semantic[semantic > 0]).tolist():
        components, found = ndimage.label(semantic == index, structure=_EIGHT_NEIGHBOURS)
        labels = np.where(components > 0, components + count, labels).astype(np.int32)
        count += found
    return labels


def highest_class(truths: Sequence[Truth]) -> int:
    """The highest class any pixel has, at least 1."""
    return max([1, *(int(t.semantic.max(initial=0)) for t in truths if t.semantic is not None)])


def check_truths(
    truths: Sequence[Truth], val_truths: Sequence[Truth], classes: Sequence[ObjectClass], channels: int
) -> list[Sentence]:
    """What a person should know about the images, in words.

    Raises TrainingDataError if they teach nothing, or hold a class the network does not have.
    """
    if not any(t.has_instances for t in truths):
        raise TrainingDataError(
            "None of the {count} training masks holds an instance: mark at least one, then train again.",
            count=len(truths),
        )
    highest = highest_class([*truths, *val_truths])
    if highest > len(classes):
        raise TrainingDataError(
            "The masks hold class {found}, the network knows {known} besides background: name all of them "
            "under classes in the settings, or start from scratch.",
            found=highest,
            known=len(classes),
        )
    notes = []
    if val_truths and not any(t.has_instances for t in val_truths):
        notes.append(
            Sentence(
                "What validates holds no instance: the best weights are those with the lowest loss there."
            )
        )
    have = sorted({1 if t.plane.ndim == 2 else t.plane.shape[2] for t in truths})
    if len(have) == 1:
        notes += [note for note in [adapt_channels(truths[0].plane[:1, :1], channels)[1]] if note]
    else:
        text = "The images have {have} channels; all were brought to the network's {want}."
        values = {"have": ", ".join(map(str, have)), "want": str(channels)}
        notes.append(Sentence(text, values))
    if any(t.plane.dtype.kind == "f" and not np.isfinite(t.plane).all() for t in truths):
        notes.append(Sentence("Pixels that are no number (NaN, infinite) count as black."))
    if len(classes) > 1:
        seen = np.zeros(len(classes) + 1, bool)
        for truth in truths:
            present = truth.semantic if truth.semantic is not None else (truth.labels > 0).astype(np.int32)
            seen[np.unique(present if truth.checked is None else present[truth.checked])] = True
        for index, one in enumerate(classes, 1):
            if not seen[index]:
                text = "No training image holds {name}: the network cannot learn it."
                notes.append(Sentence(text, {"name": one.name}))
    return notes


def split_samples(
    samples: Sequence[SampleFiles],
    val_samples: Sequence[SampleFiles] | None,
    val_fraction: float,
    seed: int,
) -> tuple[list[SampleFiles], list[SampleFiles]]:
    """Training and validation files: as given, or a seeded split by image; planes of one stack stay together.

    Where the fraction is less than one image none validates: a whole one would be too much to give away, see
    `hold_out_regions`. At least one trains.
    """
    if val_samples is not None:
        return list(samples), list(val_samples)
    images = list(dict.fromkeys(s.source or s.image for s in samples))
    held_out = 0
    if len(images) * val_fraction >= 1 - _NEARLY:
        held_out = min(len(images) - 1, round(len(images) * val_fraction))
    order = np.random.default_rng(seed).permutation(len(images))
    val_images = {images[place] for place in order[:held_out].tolist()}
    return (
        [s for s in samples if (s.source or s.image) not in val_images],
        [s for s in samples if (s.source or s.image) in val_images],
    )


def hold_out_regions(truths: Sequence[Truth]) -> tuple[list[Truth], list[Truth]]:
    """Of few images a quarter of each validates, the rest of each trains.

    Returns what trains and what validates. Where no image can be cut, the last of several validates.
    """
    parts = [hold_out_region(truth) for truth in truths]
    training = [truth for train, _ in parts for truth in train]
    validating = [truth for _, val in parts for truth in val]
    if not validating and len(training) > 1:
        return training[:-1], training[-1:]
    return training, validating


def hold_out_region(truth: Truth) -> tuple[list[Truth], list[Truth]]:
    """A quarter of an image (along the longer side) validates, the rest trains: the last one in which both
    parts have an instance.

    Returns what trains and what validates. A small image, or one without such a quarter, is not cut: then
    nothing of it validates.
    """
    height, width = truth.labels.shape
    if max(height, width) < _SMALLEST_CUT_PX:
        return [truth], []
    length = max(height, width)
    for quarter in (3, 2, 1, 0):
        part = slice(quarter * length // 4, (quarter + 1) * length // 4)
        region = (slice(None), part) if width >= height else (part, slice(None))
        checked = np.ones((height, width), bool) if truth.checked is None else truth.checked.copy()
        semantic = None if truth.semantic is None else truth.semantic[region]
        held_out = Truth(
            truth.plane[region],
            truth.labels[region],
            semantic,
            checked[region].copy(),
            truth.plane if truth.reference is None else truth.reference,
            truth.pixel_size_um,
        )
        checked[region] = False
        rest = replace(truth, checked=checked)
        if held_out.has_instances and rest.has_instances:
            return [rest], [held_out]
    return [truth], []
