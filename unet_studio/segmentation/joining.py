"""Which fragments are one instance: joined pair by pair, the likeliest first.

What tells: how large both are together beside what is usual in the image, how sure the network is of the
bridge between them and of the weaker one, whether together they are rounder than each alone, how wide the
neck is, and how large the larger one is. A weighted sum of these is the logarithm of the odds that they
belong together; the weights are learnt from images whose instances are known.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import expit

from unet_studio.core.label_tiles import LabelArray
from unet_studio.segmentation.fragments import Fragments
from unet_studio.settings.prediction import Joining

_LEAST_DOUBT = 1e-3
_FEWEST_EXAMPLES = 20
_RIDGE = 1.0
_NEWTON_STEPS = 25


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one image, pairs of what touches: `features` float64 (n, 6), in the order of the weights of
    `Joining`, and `together` bool (n), whether they are of one instance."""

    features: npt.NDArray[np.float64]
    together: npt.NDArray[np.bool_]


class UsualSize:
    """How large fragments usually are in a plane, by all of its parts so far: so a cell on the border of two
    parts is judged alike in both, and specks on the empty glass of the first ones soon count for nothing."""

    def __init__(self) -> None:
        self._sides = 0.0
        self._areas = 0.0

    def side_px(self, fragments: Fragments) -> float:
        """The mean side of a fragment, seen from a random pixel: crumbs hardly count. Takes in what a further
        part holds."""
        area = fragments.area[1:].astype(float)
        self._sides += float((area**1.5).sum())
        self._areas += float(area.sum())
        return self._sides / max(self._areas, 1.0)


def join_fragments(
    fragments: Fragments, joining: Joining, min_area_px: int, usual: UsualSize | None = None
) -> LabelArray:
    """Label image int32 (H, W), ids 1..n.

    What has fewer than `min_area_px` pixels goes to the likeliest neighbour; if it has none, it is dropped.
    `usual`: what parts of one plane have in common.
    """
    weights, bias = np.array(joining.weights), joining.bias
    pieces = _Pieces(fragments, usual or UsualSize())
    waiting: list[tuple[float, int, int]] = []

    def look(one: int, other: int) -> None:
        odds = bias + float(weights @ pieces.features(one, other))
        if odds > 0 or pieces.smaller_area(one, other) < min_area_px:
            heapq.heappush(waiting, (-odds, one, other))

    for one, other in pieces.contacts():
        look(one, other)
    while waiting:
        _, one, other = heapq.heappop(waiting)
        if one not in pieces or other not in pieces:
            continue  # One of them has become part of another piece meanwhile.
        both = pieces.join(one, other)
        for neighbour in pieces.neighbours(both):
            look(neighbour, both)
    owner = np.arange(fragments.count + 1, dtype=np.int32)
    for members in pieces.members():
        owner[members] = members[0]
    keep = np.bincount(owner, weights=fragments.area) >= max(1, min_area_px)
    keep[0] = False
    new_id = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return new_id[owner][fragments.labels]


def evidence(fragments: Fragments, truth: LabelArray, rng: np.random.Generator) -> Evidence:
    """What the true labels, int (H, W), say about the contacts of fragments: first about all, then about
    those that come about while what belongs together is joined in random order."""
    pieces = _Pieces(fragments, UsualSize())
    true_id = _true_ids(fragments, truth)
    features: list[tuple[float, ...]] = []
    together: list[bool] = []
    right: list[tuple[int, int]] = []

    def look(one: int, other: int) -> None:
        if true_id[one] or true_id[other]:
            features.append(pieces.features(one, other))
            together.append(true_id[one] == true_id[other])
            if together[-1]:
                right.append((one, other))

    for one, other in pieces.contacts():
        look(one, other)
    while right:
        one, other = right.pop(int(rng.integers(len(right))))
        if one in pieces and other in pieces:
            both = pieces.join(one, other)
            true_id[both] = true_id[one]
            for neighbour in pieces.neighbours(both):
                look(neighbour, both)
    count = len(Joining.__struct_fields__) - 1
    return Evidence(np.array(features, float).reshape(-1, count), np.array(together, bool))


def learn_joining(images: Sequence[Evidence]) -> Joining | None:
    """The weights under which what is known of some images is likeliest; None where that is too little.

    Logistic regression with a small ridge. An image of a thousand contacts counts as ten of ten.
    """
    counts = [one.together.size for one in images]
    together = np.concatenate([one.together for one in images]) if images else np.zeros(0, bool)
    if min(np.count_nonzero(together), np.count_nonzero(~together)) < _FEWEST_EXAMPLES:
        return None
    features = np.concatenate([one.features for one in images])
    share = np.repeat([1 / math.sqrt(max(n, 1)) for n in counts], counts)
    share *= share.size / share.sum()
    mean, spread = features.mean(0), features.std(0) + 1e-9
    x = np.column_stack([np.ones(together.size), (features - mean) / spread])
    ridge = np.diag([0.0, *[_RIDGE] * features.shape[1]])
    w = np.zeros(x.shape[1])
    for _ in range(_NEWTON_STEPS):
        p = expit(x @ w)
        slope = x.T @ (share * (p - together)) + ridge @ w
        w -= np.linalg.solve((x.T * (share * p * (1 - p))) @ x + ridge + 1e-9 * np.eye(w.size), slope)
    weights = w[1:] / spread
    return Joining(float(w[0] - weights @ mean), *weights.tolist())


@dataclass(slots=True)
class _Piece:
    """One or more fragments: their labels, `hull` int32 (n, 1, 2) of x, y, and for each neighbour the highest
    probability and depth on the way there."""

    members: list[int]
    area: int
    hull: npt.NDArray[np.int32]
    peak: float
    depth: float
    neighbours: dict[int, tuple[float, float]] = field(default_factory=dict)
    solidity: float = field(init=False)

    def __post_init__(self) -> None:
        # Its pixels in the area of their hull; pixels on the hull's line are half in it.
        hull_px = cv2.contourArea(self.hull) + cv2.arcLength(self.hull, True) / 2 + 1
        self.solidity = self.area / hull_px

    def with_(self, other: _Piece) -> _Piece:
        """Both in one, without neighbours."""
        return _Piece(
            self.members + other.members,
            self.area + other.area,
            cv2.convexHull(np.concatenate([self.hull, other.hull])),
            max(self.peak, other.peak),
            max(self.depth, other.depth),
        )


class _Pieces:
    """All pieces that touch others, by number: a fragment has that of its label."""

    def __init__(self, fragments: Fragments, usual: UsualSize) -> None:
        contacts = fragments.contacts
        self._usual_px = usual.side_px(fragments)
        self._pieces = {
            label: _Piece([label], points.shape[0], cv2.convexHull(points), peak, depth)
            for label, points, peak, depth in _with_contacts(fragments)
        }
        self._next = fragments.count + 1
        columns = (contacts.first, contacts.second, contacts.probability, contacts.depth)
        for one, other, *way in zip(*(c.tolist() for c in columns), strict=True):
            self._pieces[one].neighbours[other] = self._pieces[other].neighbours[one] = tuple(way)

    def __contains__(self, number: int) -> bool:
        return number in self._pieces

    def contacts(self) -> list[tuple[int, int]]:
        """Pairs of numbers of what touches, each once."""
        return [(n, other) for n, piece in self._pieces.items() for other in piece.neighbours if n < other]

    def neighbours(self, number: int) -> list[int]:
        """The numbers of what a piece touches."""
        return list(self._pieces[number].neighbours)

    def members(self) -> Iterator[list[int]]:
        """The labels of the fragments of each piece."""
        return (piece.members for piece in self._pieces.values())

    def smaller_area(self, one: int, other: int) -> int:
        """Of two pieces, in px."""
        return min(self._pieces[one].area, self._pieces[other].area)

    def features(self, one: int, other: int) -> tuple[float, ...]:
        """What tells whether two neighbours are one, as `Joining` lists it."""
        a, b = self._pieces[one], self._pieces[other]
        bridge, neck = a.neighbours[other]
        both = a.with_(b)
        alone = (a.solidity * a.area + b.solidity * b.area) / both.area
        return (
            math.sqrt(both.area) / self._usual_px,
            _log_odds(bridge),
            _log_odds(min(a.peak, b.peak)),
            both.solidity - alone,
            neck / both.depth,
            math.log(max(a.area, b.area)),
        )

    def join(self, one: int, other: int) -> int:
        """Make one of two neighbours; returns its number."""
        a, b = self._pieces.pop(one), self._pieces.pop(other)
        both, number = a.with_(b), self._next
        self._next += 1
        del a.neighbours[other], b.neighbours[one]
        for old, piece in ((one, a), (other, b)):
            for neighbour, way in piece.neighbours.items():
                near = self._pieces[neighbour].neighbours
                del near[old]
                known = near.get(number, way)
                near[number] = both.neighbours[neighbour] = (max(way[0], known[0]), max(way[1], known[1]))
        self._pieces[number] = both
        return number


def _with_contacts(
    fragments: Fragments,
) -> Iterator[tuple[int, npt.NDArray[np.int32], float, float]]:
    """Label, pixels (n, 2) as x, y, peak and depth of each fragment that touches another."""
    touches = np.zeros(fragments.count + 1, bool)
    touches[fragments.contacts.first] = touches[fragments.contacts.second] = True
    y, x = np.nonzero(touches[fragments.labels])
    label = fragments.labels[y, x]
    order = np.argsort(label, kind="stable")
    points = np.stack([x[order], y[order]], axis=1).astype(np.int32)
    ends = np.cumsum(fragments.area * touches)
    for number in np.flatnonzero(touches).tolist():
        own = points[ends[number - 1] : ends[number]]
        yield number, own, float(fragments.peak[number]), float(fragments.depth[number])


def _true_ids(fragments: Fragments, truth: LabelArray) -> dict[int, int]:
    """The true instance in which the most pixels of each fragment lie; 0: in none."""
    inside = (fragments.labels > 0) & (truth > 0)
    pairs = fragments.labels[inside].astype(np.int64) << 32 | truth[inside]
    pairs, counts = np.unique(pairs, return_counts=True)
    pairs = pairs[np.argsort(counts, kind="stable")]  # The last one stays.
    best = dict.fromkeys(range(fragments.count + 1), 0)
    best.update(zip((pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist(), strict=True))
    return best


def _log_odds(probability: float) -> float:
    within = min(max(probability, _LEAST_DOUBT), 1 - _LEAST_DOUBT)
    return math.log(within / (1 - within))
