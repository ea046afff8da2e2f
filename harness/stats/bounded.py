"""Bounded means: the range-augmented t, over samples or over clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.stats.evidence import Ends, Evidence, unknown

if TYPE_CHECKING:
    from harness.score import Array

FEW_CLUSTERS = 10
"""Below this many clusters nothing is claimed."""
SOME_CLUSTERS = 20
"""Below this many clusters the reader is told."""


def by_cluster(values: Array, clusters: Sequence[str] | None) -> tuple[Array, Array]:
    """(units, k) sums and (units) sizes; a unit is a cluster, or a row where there are no clusters."""
    import numpy as np

    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    if clusters is None:
        return table, np.ones(len(table))
    _, place = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    count = int(place.max()) + 1 if len(place) else 0
    sums = np.zeros((count, table.shape[1]))
    # In an order of their own, so that the order of the samples cannot move the last digit of a sum.
    order = np.lexsort((*table.T[::-1], place))
    np.add.at(sums, place[order], table[order])
    return sums, np.bincount(place, minlength=count).astype(float)


def augmented(sums: Array, sizes: Array, low: float, high: float) -> tuple[float, float, int]:
    """Centre, standard error and degrees of freedom after one pseudo-unit of mean size is put at each end of the range.

    It generalises adding one success and one failure to a proportion, is never degenerate, and tends to the plain t.
    """
    import numpy as np

    mean_size = float(sizes.mean())
    # Sorted, so that the order of the samples cannot move the last digit of a sum.
    order = np.lexsort((sizes, sums))
    sizes, sums = sizes[order], sums[order]
    sizes = np.append(sizes, [mean_size, mean_size])
    sums = np.append(sums, [mean_size * low, mean_size * high])
    units, total = len(sizes), float(sizes.sum())
    centre = float(sums.sum()) / total
    rest = sums - centre * sizes
    return centre, float(np.sqrt(units / (units - 1) * (rest @ rest))) / total, units - 1


def range_augmented_t(
    values: Array, low: float, high: float, *, clusters: Sequence[str] | None = None, declared: bool = False
) -> Evidence:
    """Evidence of the mean of `values` that lie in [low, high].

    Args:
        values: (n) scores, or paired differences.
        low: lower end of the declared range.
        high: upper end of the declared range.
        clusters: (n) independent unit of each value.
        declared: the clusters are a fixed, complete set, so that few of them are enough.
    """
    import numpy as np
    from scipy.special import stdtrit

    method = "range_augmented_t"
    values = np.asarray(values, dtype=float)
    if not len(values):
        return unknown("no sample was scored", method=method)
    sums, sizes = by_cluster(values, clusters)
    units, value = len(sizes), float(np.sort(values).sum() / len(values))
    if clusters is not None and units < FEW_CLUSTERS and not declared:
        note = f"{units} clusters are too few to say how clusters differ; at least {FEW_CLUSTERS} are needed"
        return unknown(note, value=value, n=units, method=method)
    centre, error, freedom = augmented(sums[:, 0], sizes, low, high)

    def ends(confidence: float) -> Ends:
        half = float(stdtrit(freedom, confidence)) * error
        return centre - half, centre + half

    note = f"only {units} clusters" if clusters is not None and units < SOME_CLUSTERS else ""
    return Evidence(value, units, method, ends, (low, high), note=note)


def betting(values: Array, low: float, high: float, *, steps: int = 1001) -> Evidence:
    """Evidence of a bounded mean with a finite-sample guarantee (Waudby-Smith and Ramdas 2024, hedged capital).

    Wider than `range_augmented_t`, but its coverage is a theorem. Values are sorted and then shuffled by a seed that
    depends on nothing but their number, so that the order in which they came does not matter.
    """
    import numpy as np

    method = "betting"
    values = np.sort(np.asarray(values, dtype=float))
    if not len(values):
        return unknown("no sample was scored", method=method)
    value = float(values.sum() / len(values))
    x = np.random.Generator(np.random.PCG64(len(values))).permutation((values - low) / (high - low))
    grid = np.linspace(0, 1, steps)

    def ends(confidence: float) -> Ends:
        lower = _capital_bound(x, grid, 1 - confidence)
        upper = 1 - _capital_bound(1 - x, grid, 1 - confidence)
        return low + lower * (high - low), low + upper * (high - low)

    return Evidence(value, len(values), method, ends, (low, high))


def _capital_bound(x: Array, grid: Array, alpha: float) -> float:
    """Largest m such that betting on "the mean is more than m" never multiplied its capital by 1/alpha up to m."""
    import numpy as np

    n = len(x)
    at = np.arange(1, n + 1)
    mean = (0.5 + np.cumsum(x)) / (at + 1)
    spread = (0.25 + np.cumsum((x - mean) ** 2)) / (at + 1)
    before = np.concatenate([[0.25], spread[:-1]])
    stake = np.sqrt(2 * np.log(1 / alpha) / (n * before))
    best = np.full(len(grid), -np.inf)
    wealth = np.zeros(len(grid))
    cap = 0.75 / np.maximum(grid, 1e-12)
    for value, bet in zip(x, stake, strict=True):
        wealth += np.log1p(np.minimum(bet, cap) * (value - grid))
        np.maximum(best, wealth, out=best)
    kept = np.flatnonzero(best < np.log(1 / alpha))
    # One step lower than the first value that was not refuted: the true bound lies between the two.
    return float(grid[max(0, int(kept[0]) - 1)]) if len(kept) else 1.0


@dataclass(frozen=True, slots=True)
class ClusterErrors:
    """Textbook standard errors of a clustered mean, to show beside ours."""

    mean: float
    naive: float
    """As if the rows were independent."""
    cr0: float
    """Summed within clusters (Miller 2024)."""
    cr1: float
    """The same, times √(C / (C − 1))."""
    clusters: int

    def t_interval(self, confidence: float) -> tuple[float, float]:
        """Mean ± t·CR1 with C − 1 degrees of freedom, not clipped."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.clusters - 1, confidence)) * self.cr1
        return self.mean - half, self.mean + half


def cluster_errors(values: Array, clusters: Sequence[str]) -> ClusterErrors:
    """The usual standard errors of a mean of rows in clusters.

    Raises:
        ValueError: one cluster, whose error nobody can know.
    """
    import numpy as np

    sums, sizes = by_cluster(values, clusters)
    count, n = len(sizes), float(sizes.sum())
    if count < 2:
        raise ValueError("one cluster alone says nothing of how clusters differ")
    mean = float(sums.sum()) / n
    rest = sums[:, 0] - mean * sizes
    cr0 = float(np.sqrt(rest @ rest)) / n
    naive = float(np.std(values, ddof=1) / np.sqrt(n))
    return ClusterErrors(mean, naive, cr0, cr0 * (count / (count - 1)) ** 0.5, count)
