"""The foreground cut into fragments at every neck, and where fragments touch.

A fragment is all from which one climbs to the same peak of probability × √depth (depth: the distance to the
outline): a watershed by steepest ascent. A peak that hardly rises above the pass to a higher one is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray

_BLUR_PX = 0.7
_LEAST_RISE = 0.1  # Of the logarithm of the height.
_EIGHT = np.ones((3, 3), np.uint8)
_Floats = npt.NDArray[np.float32]
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Every pair of fragments that touch, once: `first` < `second`, int32 (n). On the highest pass between
    them, float32 (n): `height`, foreground `probability`, and `depth` in px."""

    first: LabelArray
    second: LabelArray
    height: _Floats
    probability: _Floats
    depth: _Floats

    @classmethod
    def grouped(cls, one: LabelArray, other: LabelArray, values: Sequence[_Floats]) -> Contacts:
        """Of pairs that come in any order and more than once, the highest of each value."""
        pair = np.minimum(one, other).astype(np.int64) << 32 | np.maximum(one, other)
        order = np.argsort(pair, kind="stable")
        pair = pair[order]
        begins = np.flatnonzero(np.diff(pair, prepend=-1))
        highest = [np.maximum.reduceat(v[order], begins) if pair.size else v for v in values]
        pair = pair[begins]
        return cls((pair >> 32).astype(np.int32), (pair & 0xFFFFFFFF).astype(np.int32), *highest)

    def renamed(self, new: LabelArray) -> Contacts:
        """With other labels; what has become one fragment touches itself no more."""
        one, other = new[self.first], new[self.second]
        apart = one != other
        values = [v[apart] for v in (self.height, self.probability, self.depth)]
        return Contacts.grouped(one[apart], other[apart], values)


@dataclass(frozen=True, slots=True)
class Fragments:
    """`labels` int32 (H, W), every one of 1 … `count` in one piece. Of each label, 0 among them: its `area`
    in px, int64, and the highest foreground probability (`peak`) and `depth` in it, float32."""

    labels: LabelArray
    count: int
    area: npt.NDArray[np.int64]
    peak: _Floats
    depth: _Floats
    contacts: Contacts


def cut_at_necks(probability: _Floats, threshold: float) -> Fragments:
    """The fragments of what reaches the threshold in a foreground probability float32 (H, W) in [0, 1]."""
    # With a border, so that every pixel inside has eight neighbours. Beyond the end of the plane a cell goes
    # on: no outline is there.
    above = (probability >= np.float32(threshold)).view(np.uint8)
    on = cv2.copyMakeBorder(above, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(on, cv2.DIST_L2, cv2.DIST_MASK_5)
    above = cv2.copyMakeBorder(above, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    probability = cv2.copyMakeBorder(probability, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    height = cv2.GaussianBlur(probability * np.sqrt(depth), (0, 0), _BLUR_PX) * above

    peaks = ((height >= cv2.dilate(height, _EIGHT)) & (above > 0)).view(np.uint8)
    labels, count = components(peaks)
    regions, region_count = components(above)
    flat = labels.reshape(-1)
    inside = np.flatnonzero(above)
    region = regions.reshape(-1)[inside]
    # Most regions have one peak, to which all of them belong.
    region_of = np.zeros(count, np.int32)
    region_of[flat[inside]] = region
    peaks_in = np.bincount(region_of[1:], minlength=region_count)
    only_peak = np.zeros(region_count, np.int32)
    only_peak[region_of[1:]] = np.arange(1, count)
    alone = peaks_in[region] == 1
    flat[inside[alone]] = only_peak[region[alone]]
    shared = inside[~alone]
    flat[shared] = flat[_tops(height.reshape(-1), flat, shared, labels.shape[1])]

    planes = [plane.reshape(-1) for plane in (height, probability, depth)]
    contacts = _contacts(flat, shared, labels.shape[1], planes)
    new = _without_low_peaks(contacts, _highest(planes[0], flat, shared, count))
    flat[inside] = new[flat[inside]]
    count = int(new.max(initial=0)) + 1
    return Fragments(
        labels[1:-1, 1:-1],
        count - 1,
        np.bincount(flat[inside], minlength=count),
        _highest(planes[1], flat, inside, count),
        _highest(planes[2], flat, inside, count),
        contacts.renamed(new),
    )


def components(mask: npt.NDArray[np.uint8]) -> tuple[LabelArray, int]:
    """8-connected components: int32 labels from 1, and how many labels there are with 0."""
    count, labels = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    return labels, count


def _tops(height: _Floats, peaks: LabelArray, places: _Places, width: int) -> _Places:
    """Where one ends who climbs from each of `places` to the highest neighbour until on a peak."""
    best, top = places.copy(), height[places]
    for step in (-width - 1, -width, 1 - width, -1, 1, width - 1, width, width + 1):
        neighbours = places + step
        there = height[neighbours]
        np.copyto(best, neighbours, where=there > top)
        np.maximum(top, there, out=top)
    np.copyto(best, places, where=peaks[places] > 0)
    # From place to place, then twice as far in every round.
    leads_to = np.empty(height.size, np.intp)
    leads_to[places] = best
    while True:
        further = leads_to[best]
        if np.array_equal(further, best):
            return best
        leads_to[places] = best = further


def _contacts(flat: LabelArray, places: _Places, width: int, planes: Sequence[_Floats]) -> Contacts:
    ones, others = [], []
    for step in (1, width - 1, width, width + 1):
        there = places + step
        touch = (flat[there] > 0) & (flat[there] != flat[places])
        ones.append(places[touch])
        others.append(there[touch])
    one, other = np.concatenate(ones), np.concatenate(others)
    lower = [np.minimum(plane[one], plane[other]) for plane in planes]
    return Contacts.grouped(flat[one], flat[other], lower)


def _highest(plane: _Floats, flat: LabelArray, places: _Places, count: int) -> _Floats:
    """Of each label, 0 where it has no pixel."""
    out = np.zeros(count, np.float32)
    np.maximum.at(out, flat[places], plane[places])
    return out


def _without_low_peaks(contacts: Contacts, heights: _Floats) -> LabelArray:
    """The new label of each old one. From the highest pass down, the lower of two peaks becomes the higher
    one's if it rises too little above the pass (its dynamics; Grimaud 1992)."""
    parent = list(range(heights.size))

    def root(label: int) -> int:
        while parent[label] != label:
            parent[label] = parent[parent[label]]
            label = parent[label]
        return label

    height_of = heights.tolist()
    order = np.argsort(-contacts.height, kind="stable")
    passes = (contacts.first[order], contacts.second[order], contacts.height[order])
    for one, other, height in zip(*(p.tolist() for p in passes), strict=True):
        low, high = sorted((root(one), root(other)), key=height_of.__getitem__)
        if low != high and height >= height_of[low] * math.exp(-_LEAST_RISE):
            parent[low] = high
    roots = np.array([root(label) for label in range(heights.size)])
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)
