"""How well two partitions of a plane agree: V^Rand and V^Info of the ISBI 2012 challenge on membranes.

Arganda-Carreras et al. 2015, "Crowdsourcing the creation of image segmentation algorithms for connectomics",
equations 3 to 8. Pixels the truth calls background (membranes) do not count; of the others, each that the
prediction calls background is a segment by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

LabelImage = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class PartitionScores:
    """1 is perfect. `split` parts fall when one true segment comes apart, `merge` parts when two become one;
    `rand` and `info` are their harmonic means."""

    rand: float
    rand_split: float
    rand_merge: float
    info: float
    info_split: float
    info_merge: float


def partition_scores(true: LabelImage, pred: LabelImage) -> PartitionScores:
    """Compare two label images (H, W) of the same size."""
    inside = true.ravel() != 0
    _, t = np.unique(true.ravel()[inside], return_inverse=True)
    # Background in the prediction: as many segments as pixels.
    found = pred.ravel()[inside].astype(np.int64)
    lonely = found == 0
    found[lonely] = found.max(initial=0) + 1 + np.arange(np.count_nonzero(lonely))
    _, s = np.unique(found, return_inverse=True)
    n = t.size
    if n == 0:
        return PartitionScores(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    both = sparse.coo_array((np.ones(n), (s, t))).tocsr()
    both.sum_duplicates()
    p, p_s, p_t = both.data / n, np.bincount(s) / n, np.bincount(t) / n
    pairs = float(np.square(p).sum())
    rand_split, rand_merge = pairs / float(np.square(p_t).sum()), pairs / float(np.square(p_s).sum())
    h, h_s, h_t = _entropy(p), _entropy(p_s), _entropy(p_t)
    shared = h_s + h_t - h
    info_split = shared / h_s if h_s > 0 else 1.0
    info_merge = shared / h_t if h_t > 0 else 1.0
    return PartitionScores(
        rand=_harmonic(rand_split, rand_merge),
        rand_split=rand_split,
        rand_merge=rand_merge,
        info=2 * shared / (h_s + h_t) if h_s + h_t > 0 else 1.0,
        info_split=info_split,
        info_merge=info_merge,
    )


def segments_between(membrane: npt.NDArray[np.bool_]) -> LabelImage:
    """The 4-connected components of what is not membrane, int32 (H, W), 0 on membranes.

    Four neighbours, so that a membrane one pixel wide and running diagonally still separates.
    """
    labels, _ = ndimage.label(~membrane)
    return np.asarray(labels, np.int32)


def _entropy(p: npt.NDArray[np.float64]) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
