"""The classifier two-sample test (Lopez-Paz and Oquab 2017): can a classifier tell the two sets apart?

The classifier is least squares with a ridge on TF-IDF, whose out-of-fold scores are linear in the labels: one solution
of the equations of each fold serves the observed labels and every permutation of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.divergence.texts import Points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FOLDS = 5
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Apart:
    """How well the sets can be told apart."""

    auc: float
    """Probability that a current row scores above a reference row of its fold; 0.5 where nothing tells them apart."""
    p: float
    """(1 + permutations with no smaller AUC) / (1 + permutations): never 0."""
    wins: Floats
    """(n) the share of its fold's rows of the other set against which each row is on its own side, ties counting half
    (the components of DeLong's variance); their mean is the AUC within either set."""


def apart(points: Points, current: Bools, *, permutations: int, seed: int) -> Apart:
    """Test whether rows marked `current` can be told from the others."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    n = len(current)
    labels = np.empty((n, permutations + 1))
    labels[:, 0] = current
    for at in range(1, permutations + 1):
        labels[:, at] = random.permutation(current)
    folds = random.permutation(np.arange(n) % FOLDS)
    kernel = points.kernel()
    wins, pairs = np.full(n, 0.5), np.zeros(permutations + 1)
    total = np.zeros(permutations + 1)
    for fold in range(FOLDS):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        centred = labels[train] - labels[train].mean(axis=0)
        weights = np.linalg.solve(kernel[np.ix_(train, train)] + RIDGE * np.eye(len(train)), centred)
        # only rows of one fold are compared: the level of its scores depends on how many of each set happen to be in it
        scores, held = kernel[np.ix_(test, train)] @ weights, labels[test] > 0.5
        sizes = held.sum(axis=0) * (~held).sum(axis=0)
        total += _wins(scores, held)
        pairs += sizes
        if sizes[0]:
            wins[test] = _each(scores[:, 0], held[:, 0])
    found = total / np.maximum(pairs, 1)
    p = (1 + int((found[1:] >= found[0] - 1e-12).sum())) / (1 + permutations)
    return Apart(float(found[0]), p, wins)


def telling(points: Points, current: Bools, most: int) -> list[tuple[str, float]]:
    """The terms that tell the sets apart most, with their weights: positive ones speak for the current set."""
    import numpy as np

    centred = current - current.mean()
    alpha = np.linalg.solve(points.kernel() + RIDGE * np.eye(len(centred)), centred)
    weights = np.asarray(points.table.T @ alpha).ravel()
    order = np.argsort(-np.abs(weights), kind="stable")[:most]
    return [(points.terms[at], float(weights[at])) for at in order if abs(weights[at]) > 0]


def _wins(scores: Floats, positive: Bools) -> Floats:
    """(columns): pairs of a positive and another row in which the positive one scores higher, ties counting half
    (Mann–Whitney's U)."""
    from scipy.stats import rankdata

    many = positive.sum(axis=0)
    value: Floats = (rankdata(scores, axis=0) * positive).sum(axis=0) - many * (many + 1) / 2
    return value


def _each(scores: Floats, positive: Bools) -> Floats:
    """(n): for each row the share of the other kind's rows that it beats (positive) or that beat it."""
    import numpy as np

    above = np.sign(scores[:, None] - scores[None, :]) / 2 + 0.5
    shares: Floats = np.where(positive, above[:, ~positive].mean(axis=1), 1 - above[:, positive].mean(axis=1))
    return shares
