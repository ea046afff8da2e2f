"""Counts in bins: the population stability index less what chance alone gives, and a permutation chi-square."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BINS = 10


def stability(reference: Sequence[float], current: Sequence[float]) -> float:
    """PSI of two lists of counts over the same bins, less its mean where nothing changed; at least 0.

    Σ (p - q) ln(p / q), with half a row added to each bin; where both are drawn from one distribution its mean is about
    (bins - 1)(1/n + 1/m), which for small sets is above the thresholds that people use (0.1, 0.25).

    >>> stability([50, 50], [50, 50])
    0.0
    >>> round(stability([5000, 5000], [8000, 2000]), 2)
    0.42
    """
    import numpy as np

    first, second = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    used = first + second > 0
    p, q = first[used] + 0.5, second[used] + 0.5
    p, q = p / p.sum(), q / q.sum()
    index = float(((p - q) * np.log(p / q)).sum())
    chance = (int(used.sum()) - 1) * (1 / float(first.sum()) + 1 / float(second.sum()))
    return max(0.0, index - chance)


def binned(reference: Sequence[float], current: Sequence[float], bins: int = BINS) -> tuple[list[int], list[int]]:
    """Counts of both in bins that hold equal shares of the reference; values that repeat share a bin."""
    import numpy as np

    edges = np.unique(np.quantile(np.asarray(reference, dtype=float), np.linspace(0, 1, bins + 1)[1:-1]))
    counts = (
        np.bincount(np.searchsorted(edges, np.asarray(values, dtype=float), side="left"), minlength=len(edges) + 1)
        for values in (reference, current)
    )
    first, second = counts
    return first.tolist(), second.tolist()


def tallied(reference: Sequence[str], current: Sequence[str]) -> tuple[list[str], list[int], list[int]]:
    """Every value that occurs, and its counts in both."""
    first, second = Counter(reference), Counter(current)
    names = sorted({*first, *second})
    return names, [first[name] for name in names], [second[name] for name in names]


def chi_square(reference: Sequence[str], current: Sequence[str], *, permutations: int, seed: int) -> float:
    """p-value that both sets have the same shares of values: Pearson's statistic held against permutations of which
    value is of which set, (1 + no smaller) / (1 + all); exact however rare a value is."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    names, first, second = tallied(reference, current)
    total = np.array(first) + np.array(second)
    n, m = len(reference), len(current)
    # counts of the second set under permutations are multivariate hypergeometric
    drawn = random.multivariate_hypergeometric(total, m, size=permutations) if len(names) > 1 else None
    if drawn is None:
        return 1.0
    expected = total * m / (n + m)

    def statistic(counts: Floats) -> Floats:
        value: Floats = ((counts - expected) ** 2 / expected * (n + m) / n).sum(axis=-1)
        return value

    observed = statistic(np.array(second, dtype=float))
    return float((1 + (statistic(drawn.astype(float)) >= observed - 1e-9).sum()) / (1 + permutations))
