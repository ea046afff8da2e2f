"""Maximum mean discrepancy (Gretton and others 2012) with a Gaussian kernel, its width the median distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """How far apart two sets of points lie."""

    value: float
    """The unbiased estimate of the squared discrepancy: around 0, also below it, where there is none."""
    p: float
    """(1 + permutations with no smaller value) / (1 + permutations): never 0."""


def discrepancy(points: Floats, current: Bools, *, permutations: int, seed: int) -> Discrepancy:
    """Test whether the points marked `current` come from where the others come from.

    Args:
        points: (n, d)
        current: (n) which of them are of the second set, at least two of each
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    kernel = _gaussian(points)
    np.fill_diagonal(kernel, 0.0)
    signs = np.stack([current, *(random.permutation(current) for _ in range(permutations))], axis=1).astype(float)
    found = _unbiased(kernel, signs)
    p = (1 + int((found[1:] >= found[0] - 1e-12).sum())) / (1 + permutations)
    return Discrepancy(float(found[0]), p)


def _gaussian(points: Floats) -> Floats:
    import numpy as np

    squares = (points**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0.0)
    above = distances[np.triu_indices(len(points), 1)]
    positive = above[above > 1e-12]
    width = float(np.median(positive)) if len(positive) else 1.0
    value: Floats = np.exp(-distances / width)
    return value


def _unbiased(kernel: Floats, second: Floats) -> Floats:
    """(columns): the estimate for each column of 0 (first set) and 1 (second set); the kernel's diagonal is 0."""
    m = second.sum(axis=0)
    n = len(second) - m
    both = (second * (kernel @ second)).sum(axis=0)
    total = kernel.sum()
    across = (kernel.sum(axis=0) @ second) - both
    inside = total - both - 2 * across
    value: Floats = inside / (n * (n - 1)) + both / (m * (m - 1)) - 2 * across / (n * m)
    return value
