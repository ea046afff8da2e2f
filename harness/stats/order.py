"""Percentiles: exact order-statistic bounds, and block bootstraps of a difference of percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.replicates import Replicates
from harness.stats.resample import REFINED, RESAMPLES, generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Array

FEWEST_BLOCKS = 10


def ranks(n: int, quantile: float, confidence: float) -> tuple[int | None, int | None]:
    """1-based ranks of the order statistics that bound a quantile from below and above; None where n is too small.

    >>> ranks(200, 0.95, 0.95)
    (185, 196)
    >>> ranks(58, 0.95, 0.95)[1] is None
    True
    """
    import numpy as np
    from scipy.special import bdtr

    at = np.arange(n)
    below = bdtr(at, n, quantile)  # P(at most r - 1 of n values are under the quantile), r = 1 … n
    upper = np.flatnonzero(below >= confidence)
    lower = np.flatnonzero(below <= 1 - confidence)
    return (int(lower[-1]) + 1 if len(lower) else None), (int(upper[0]) + 1 if len(upper) else None)


def samples_for(quantile: float, confidence: float) -> int:
    """Samples from which an upper bound of the quantile exists: 59 for p95 at 0.95."""
    if not 0 < quantile < 1:
        return 0
    return math.ceil(math.log(1 - confidence) / math.log(quantile) - 1e-9)


def plain(values: Array, quantile: float) -> float:
    """The smallest value that at least a share `quantile` of the values do not exceed."""
    import numpy as np

    place = max(1, math.ceil(len(values) * quantile - 1e-9))
    return float(np.partition(values, place - 1)[place - 1])


def order_statistic(
    values: Array, quantile: float, *, clusters: Sequence[str] | None, limits: tuple[float, float]
) -> Evidence:
    """Evidence of a quantile of independent values; infinite values (failures) are allowed.

    The upper bound is under X exactly where Clopper–Pearson shows that at least a share `quantile` is at most X.
    """
    import numpy as np

    method, n = "order_statistic", len(values)
    if not n:
        return unknown("no sample was timed", method=method)
    ordered = np.sort(np.asarray(values, dtype=float))
    value = plain(ordered, quantile)
    if clusters is not None and len(set(clusters)) < n:
        return _blocks_level(ordered, np.asarray(values, dtype=float), quantile, clusters, limits)

    def ends(confidence: float) -> Ends:
        low, high = ranks(n, quantile, confidence)
        one = None if low is None else float(ordered[low - 1])
        two = None if high is None else float(ordered[high - 1])
        if one is not None and one == two:
            # Tied values say that the clock is coarse, not that there is no error: never an interval of no width.
            blur = 1e-6 * max(abs(one), 1e-6)
            one, two = one - blur, one + blur
        return one, two

    need = samples_for(quantile, 0.95)
    note = f"an upper bound of the {100 * quantile:g}th percentile needs at least {need} samples" if n < need else ""
    if not math.isfinite(value):
        note = "so many samples failed that the percentile is one of them"
    return Evidence(value if math.isfinite(value) else None, n, method, ends, limits, note=note)


def _blocks_level(
    ordered: Array, values: Array, quantile: float, clusters: Sequence[str], limits: tuple[float, float]
) -> Evidence:
    from harness.stats.resample import seed_of

    seed = seed_of("quantile blocks", sorted(set(clusters)))
    return block_bootstrap([values], [1.0], quantile, clusters, seed=seed, limits=limits)


def quantile_difference(
    candidate: Array, reference: Array, quantile: float, *, factor: float, clusters: Sequence[str] | None, seed: int
) -> Evidence:
    """Evidence of q(candidate) − factor·q(reference) over interleaved blocks.

    Percentile intervals do not change under a monotone map, so zero lies beyond a bound where the (log) ratio of the
    two quantiles is beyond `factor`. Without clusters every interleaved pair is its own block.
    """
    return block_bootstrap(
        [candidate, reference], [1.0, -factor], quantile, clusters, seed=seed, limits=(-math.inf, math.inf)
    )  # fmt: skip


def block_bootstrap(
    columns: list[Array], factors: list[float], quantile: float, clusters: Sequence[str] | None, *, seed: int,
    limits: tuple[float, float], resamples: int = RESAMPLES,
) -> Evidence:  # fmt: skip
    """A weighted sum of the same quantile of several columns, by resampling whole blocks (clusters, or single samples).

    Args:
        columns: (n) values of each model, over the same samples.
        factors: weight of each column: 1 and −1 for a difference.
        clusters: block of each sample; None where every sample is its own.
    """
    import numpy as np

    method, n = "block_bootstrap", len(columns[0])
    names = [str(i) for i in range(n)] if clusters is None else [str(c) for c in clusters]
    _, place = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    blocks = int(place.max()) + 1 if n else 0
    if not n:
        return unknown("no sample was timed", method=method)
    value: float = sum(f * plain(c, quantile) for f, c in zip(factors, columns, strict=True))
    need = max(FEWEST_BLOCKS, samples_for(max(quantile, 1 - quantile), 0.95) if clusters is None else FEWEST_BLOCKS)
    if blocks < need:
        what = "samples" if clusters is None else "blocks"
        return unknown(f"{blocks} {what} are too few; at least {need} are needed", value=value, n=blocks, method=method)
    if not all(np.isfinite(c).all() for c in columns):
        return unknown("samples that failed have no time to compare", n=blocks, method=method)
    # A canonical order of blocks: their content, so that the order of samples cannot matter.
    keys = np.lexsort((*reversed(columns), place)) if clusters is not None else np.lexsort(tuple(reversed(columns)))
    columns = [c[keys] for c in columns]
    place = place[keys] if clusters is not None else np.arange(n)
    out, random = np.empty(resamples), generator(seed)
    ordered = [(f, np.argsort(c, kind="stable"), np.sort(c)) for f, c in zip(factors, columns, strict=True)]
    for at in range(resamples):
        counts = np.bincount(random.integers(0, blocks, size=blocks), minlength=blocks)[place]
        out[at] = sum(f * _weighted(values, counts[order], quantile) for f, order, values in ordered)
    out.sort()
    if out[0] == out[-1]:
        return unknown("every resample has the same value", value=value, n=blocks, method=method)
    made = Replicates(out, 0)

    def refine() -> Evidence:
        return block_bootstrap(
            columns, factors, quantile, [str(p) for p in place], seed=seed, limits=limits, resamples=REFINED
        )

    return Evidence(
        value, blocks, method, made.ends, limits, seed=seed, noise=made.noise,
        refine=refine if resamples < REFINED else None,
    )  # fmt: skip


def _weighted(values: Array, counts: NDArray[np.intp], quantile: float) -> float:
    """Quantile of sorted values that occur `counts` times."""
    running = counts.cumsum()
    place = max(1, math.ceil(int(running[-1]) * quantile - 1e-9))
    return float(values[int(running.searchsorted(place))])
