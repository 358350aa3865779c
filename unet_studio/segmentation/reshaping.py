"""Repairs of instances: masks and label images in, new ones out. Nothing here keeps or changes its input.

Masks are bool (H, W) with a free pixel around the instance where a repair may grow it.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from unet_studio.core.label_tiles import LabelArray, MaskArray

_LEVELS = 48
_CLEAR_PEAK = 0.08
"""A peak this much of the highest one deep counts as an object of its own when nobody says how many."""
MAX_PIECES = 50
_MOST_LIKELY = 8
_WAIST_SIDE_PX = 200
# A piece of a split smaller than both is nobody's intention.
_SPLINTER_PX = 20
_SPLINTER_SHARE = 0.08


def fill_holes(mask: MaskArray) -> MaskArray:
    """With every background pixel that the mask encloses (8-connected mask, 4-connected background)."""
    outside = np.pad(mask, 1).view(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2, flags=4)
    filled: MaskArray = outside[1:-1, 1:-1] != 2
    return filled


def smooth(mask: MaskArray, radius_px: float) -> MaskArray:
    """Rounded: pixels most of whose Gaussian surroundings (σ = `radius_px` / 2) belong to the mask."""
    padded = np.pad(mask, int(np.ceil(2 * radius_px)) + 1).astype(np.float32)
    blurred = cv2.GaussianBlur(padded, (0, 0), max(radius_px / 2, 0.1))
    margin = int(np.ceil(2 * radius_px)) + 1
    rounded: MaskArray = blurred[margin:-margin, margin:-margin] > 0.5
    return rounded


def grow(mask: MaskArray, by_px: float) -> MaskArray:
    """With every pixel whose centre is at most `by_px` from a pixel of the mask."""
    if not mask.any():
        return mask.copy()
    distance = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    grown: MaskArray = distance <= by_px
    return grown


def shrink(mask: MaskArray, by_px: float) -> MaskArray:
    """Without every pixel whose centre is at most `by_px` from one outside; beyond the array is outside."""
    return ~grow(np.pad(~mask, 1, constant_values=True), by_px)[1:-1, 1:-1]


def largest_piece(mask: MaskArray) -> MaskArray:
    """The 8-connected component with the most pixels."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count < 2:
        return mask.copy()
    piece: MaskArray = pieces == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return piece


def cut_seams(labels: LabelArray, areas: Mapping[int, int]) -> LabelArray:
    """One pixel of background between instances that touch (8-neighbours); int32 (H, W).

    Of two that touch, the larger one gives way (by `areas`; of equals the higher id), so that a small one is
    not eaten. Ids without an area are left alone and cut nothing.
    """
    ids = np.unique(labels)
    # By id: its place in the order of giving way; 0 for background and for those left alone.
    order = sorted((i for i in ids.tolist() if i in areas), key=lambda i: (areas[i], i))
    rank_of = {instance_id: place for place, instance_id in enumerate(order, 1)}
    ranks = np.array([rank_of.get(i, 0) for i in ids.tolist()], np.int32)[np.searchsorted(ids, labels)]
    padded = np.pad(ranks, 1)
    height, width = ranks.shape
    gives_way = np.zeros(labels.shape, bool)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            neighbour = padded[dy : dy + height, dx : dx + width]
            gives_way |= (neighbour > 0) & (neighbour < ranks)
    return np.where(gives_way, np.int32(0), labels)


def split_along(mask: MaskArray, line: MaskArray) -> LabelArray:
    """The pieces a line cuts a mask into: int32 (H, W), 1 for the largest, 0 on the line and outside.

    Splinters, which come about where the line runs along a rim or crosses itself, are 0 too, but for the
    largest where there is only one other piece. All 1, the line included, if it cuts nothing apart: then
    there is nothing to split.
    """
    pieces_before = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)[0]
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((mask & ~line).view(np.uint8), connectivity=8)
    if count <= pieces_before or count < 3:
        return mask.astype(np.int32)
    area = stats[1:, cv2.CC_STAT_AREA]
    order = np.argsort(-area, kind="stable")
    if pieces_before == 2:
        whole = np.count_nonzero(area >= min(_SPLINTER_PX, _SPLINTER_SHARE * area.sum()))
        order = order[: max(2, whole)]
    number = np.zeros(count, np.int32)
    number[1 + order] = np.arange(1, order.size + 1)
    out: LabelArray = number[pieces]
    return out


def seeds_of(mask: MaskArray) -> list[tuple[int, int]]:
    """The middles (y, x) of the objects a mask may consist of, the clearest first.

    They are the peaks of the distance to the outside, by their persistence: how far one has to climb down
    to get to a higher one.
    """
    distance = _distance(mask)
    top = float(distance.max())
    if top <= 0:
        return []
    is_peak = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    plateaus = cv2.connectedComponents(is_peak.view(np.uint8), connectivity=8)[1]
    numbers, places = np.unique(plateaus, return_index=True)
    firsts = places[numbers > 0]
    peaks = sorted(
        ((float(distance.flat[i]), divmod(int(i), mask.shape[1])) for i in firsts),
        key=lambda p: (-p[0], p[1]),
    )
    alive, lives = list(range(len(peaks))), [0.0] * len(peaks)
    for level in np.linspace(top, 0, _LEVELS, endpoint=False)[1:]:
        components = cv2.connectedComponents((distance >= level).view(np.uint8), connectivity=8)[1]
        taken: set[int] = set()
        for place in list(alive):  # The highest first: it lives on.
            component = int(components[peaks[place][1]])
            if component and component in taken:
                lives[place] = peaks[place][0] - float(level)
                alive.remove(place)
            elif component:
                taken.add(component)
    for place in alive:
        lives[place] = peaks[place][0]
    order = sorted(range(len(peaks)), key=lambda place: -lives[place])
    return [peaks[place][1] for place in order if lives[place] > 0][:MAX_PIECES]


def likely_count(mask: MaskArray) -> int:
    """How many objects a mask seems to consist of, from its shape; at least 2, as it is to be split."""
    distance, seeds = _distance(mask), seeds_of(mask)
    top = float(distance.max(initial=0))
    count = 1
    for number in range(2, min(len(seeds), _MOST_LIKELY) + 1):
        # A seed counts while the neck to the others is clearly narrower than the seed's own place.
        if float(distance[seeds[number - 1]]) < _CLEAR_PEAK * top * number:
            break
        pieces = split_by_watershed(mask, seeds[:number])
        rim = (pieces == number) & grow((pieces > 0) & (pieces != number), 2.0)
        neck = float(distance[rim].max(initial=0))
        if neck > 0.85 * float(distance[seeds[number - 1]]):
            break
        count = number
    return max(2, count)


def split_by_watershed(mask: MaskArray, seeds: list[tuple[int, int]]) -> LabelArray:
    """The mask parted among the seeds along its narrowest places: int32 (H, W), 1.. in the seeds' order.

    Watershed on the distance to the outside: the water comes down level by level, and each newly covered
    pixel goes to the nearest of the pieces it is joined to.
    """
    pieces = np.zeros(mask.shape, np.int32)
    if len(seeds) < 2:
        pieces[mask] = 1
        return pieces
    distance = _distance(mask)
    for number, at in enumerate(seeds, 1):
        pieces[at] = number
    for level in np.linspace(float(distance.max()), 0, _LEVELS + 1)[1:]:
        covered = (distance > level).view(np.uint8)
        count, components = cv2.connectedComponents(covered, connectivity=8)
        has_piece = np.zeros(count, bool)
        has_piece[components[pieces > 0]] = True
        has_piece[0] = False
        new = has_piece[components] & (pieces == 0)
        if new.any():
            pieces[new] = _nearest(pieces)[new]
    left_over = mask & (pieces == 0)  # Pieces of the mask without a seed stay with the first.
    pieces[left_over] = 1
    return pieces


def _nearest(labels: LabelArray) -> LabelArray:
    """At every pixel the nearest label."""
    _, place = cv2.distanceTransformWithLabels(
        (labels == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(int(place.max()) + 1, np.int32)
    labelled = labels > 0
    label_of[place[labelled]] = labels[labelled]
    out: LabelArray = label_of[place]
    return out


class Waists:
    """The pieces a mask comes apart into at its waists. Large masks are parted at a smaller size."""

    def __init__(self, mask: MaskArray) -> None:
        self.mask = mask
        self._step = -(-max(mask.shape) // _WAIST_SIDE_PX)
        half = self._step // 2
        self._small = np.ascontiguousarray(mask[half :: self._step, half :: self._step])
        self._small_seeds = seeds_of(self._small) if self._small.any() else []
        self._half = half

    @property
    def seeds(self) -> list[tuple[int, int]]:
        """As `seeds_of`."""
        return [(y * self._step + self._half, x * self._step + self._half) for y, x in self._small_seeds]

    @property
    def likely_count(self) -> int:
        """As the function of that name."""
        return likely_count(self._small)

    def pieces(self, count: int) -> LabelArray:
        """Parted among the first seeds: int32 (H, W), as `split_by_watershed`."""
        small = split_by_watershed(self._small, self._small_seeds[:count])
        if self._step == 1:
            return small
        # Thin parts that the small mask has missed go to the nearest piece.
        filled = _nearest(small).repeat(self._step, 0).repeat(self._step, 1)
        height, width = self.mask.shape
        grown = np.pad(
            filled, ((0, max(0, height - filled.shape[0])), (0, max(0, width - filled.shape[1]))), mode="edge"
        )
        return np.where(self.mask, grown[:height, :width], 0).astype(np.int32)


def close_seam(labels: LabelArray, ids: set[int], width_px: int) -> MaskArray:
    """Background pixels in gaps up to `width_px` wide between instances of `ids`, bool (H, W)."""
    union = np.isin(labels, sorted(ids))
    near = [grow(labels == i, width_px) for i in sorted(ids)]
    between = np.sum(near, axis=0) >= 2
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width_px + 1, 2 * width_px + 1))
    padded = np.pad(union, width_px + 1).view(np.uint8)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[
        width_px + 1 : -width_px - 1, width_px + 1 : -width_px - 1
    ]
    seam: MaskArray = (closed > 0) & between & (labels == 0)
    return seam


def interpolate(first: MaskArray, last: MaskArray, fraction: float) -> MaskArray:
    """The shape between two masks: 0 gives the first, 1 the last.

    Shape-based interpolation (Raya and Udupa 1990): the signed distances to the two rims are averaged.
    """
    mixed: MaskArray = (1 - fraction) * _signed_distance(first) + fraction * _signed_distance(last) > 0
    return mixed


def _distance(mask: MaskArray) -> npt.NDArray[np.float32]:
    """float32 (H, W): distance of each pixel of the mask to the outside; beyond the array is outside."""
    padded = np.pad(mask, 1).view(np.uint8)
    distance: npt.NDArray[np.float32] = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.ascontiguousarray(distance[1:-1, 1:-1])


def _signed_distance(mask: MaskArray) -> npt.NDArray[np.float32]:
    """Positive inside, negative outside, ±0.5 at the pixels of the rim."""
    inside = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    signed: npt.NDArray[np.float32] = np.where(mask, inside - 0.5, 0.5 - outside)
    return signed
