"""Resampling: seeded, chunked draws of units, and intervals that are made from them (BCa, studentized, percentile)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.score import Combine, Totals
from harness.stats.bounded import by_cluster
from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.replicates import Replicates, bca_of, effective

if TYPE_CHECKING:
    import numpy as np

    from harness.score import Array

RESAMPLES = 9_999
REFINED = 99_999
"""Where a bound lies within Monte-Carlo error of a threshold."""
FEWEST = 50
"""Units below which a corpus metric says nothing of its error."""
INFLUENTIAL = 10
"""Effective units that move a corpus metric, below which it says nothing of its error."""
_CELLS = 4_000_000
"""Counts held in memory at once."""
_DRAWS = 2_000_000_000
"""Random numbers that a second, finer resampling may take."""

Statistic = Callable[["Array", "Array"], "Array"]
"""(..., k) sums and (...) sizes → (...) values."""


def affordable(units: Units) -> bool:
    """Whether ten times the resamples take seconds, not minutes; else a bound too close to tell stays undecided."""
    return min(units.n, 4 * len(units.counts)) * REFINED <= _DRAWS


def seed_of(seed: str, ids: Iterable[str]) -> int:
    """A 48-bit seed from a text and the sample ids, whatever their order."""
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass"))
    for name in sorted(ids):
        digest.update(b"\0" + name.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:6], "big")


@dataclass(frozen=True, slots=True)
class Units:
    """What is resampled: distinct rows of sums, how many samples are in one, and how often each occurs."""

    rows: Array
    """(d, k) distinct sums, in lexicographic order."""
    sizes: Array
    """(d) samples in one such unit."""
    counts: Array
    """(d) units of that kind."""

    @property
    def n(self) -> int:
        """How many units there are."""
        return int(self.counts.sum())

    @property
    def totals(self) -> tuple[Array, float]:
        """(k) sums over all units, and the number of samples."""
        return self.counts @ self.rows, float(self.counts @ self.sizes)


def units_of(stats: Array, clusters: Sequence[str] | None) -> Units:
    """Rows (or clusters of rows) with equal sums put together, hence in an order that is not the samples'."""
    import numpy as np

    sums, sizes = by_cluster(stats, clusters)
    both = np.concatenate([sums, sizes[:, None]], axis=1)
    distinct, counts = np.unique(both, axis=0, return_counts=True)
    return Units(distinct[:, :-1], distinct[:, -1], counts.astype(float))


def draws(units: Units, resamples: int, seed: int) -> Iterator[Array]:
    """(chunk, d) counts of each distinct unit in each resample; the same for a seed, however they are chunked."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    n, kinds = units.n, len(units.counts)
    few = kinds * 4 <= n
    chunk = max(1, min(resamples, _CELLS // (kinds if few else n)))
    label = np.repeat(np.arange(kinds), units.counts.astype(int))
    singles = kinds == n
    done = 0
    while done < resamples:
        size = min(chunk, resamples - done)
        if few:
            yield random.multinomial(n, units.counts / n, size=size).astype(float)
        else:
            out = np.empty((size, kinds))
            for at in range(size):
                drawn = random.integers(0, n, size=n)
                out[at] = np.bincount(drawn if singles else label[drawn], minlength=kinds)
            yield out
        done += size


def replicate(units: Units, statistics: Sequence[Statistic], *, resamples: int, seed: int) -> Array:
    """(statistics, resamples) values of several statistics of the same units over the same resamples."""
    import numpy as np

    out = np.empty((len(statistics), resamples))
    table, done = np.concatenate([units.rows, units.sizes[:, None]], axis=1), 0
    for counts in draws(units, resamples, seed):
        made = counts @ table
        sums, sizes = made[:, :-1], made[:, -1]
        for at, statistic in enumerate(statistics):
            out[at, done : done + len(counts)] = statistic(sums, sizes)
        done += len(counts)
    return out


def statistic_of(combine: Combine | None, names: tuple[str, ...], columns: slice = slice(None)) -> Statistic:
    """What `combine` makes of some columns; the mean of the first where there is none. NaN, silently, for 0/0."""
    import numpy as np

    def apply(sums: Array, sizes: Array) -> Array:
        chosen = sums[..., columns]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = chosen[..., 0] / sizes if combine is None else combine(Totals(chosen, names, sizes))
        return np.broadcast_to(np.asarray(value, dtype=float), np.shape(sizes))

    return apply


def leave_one_out(units: Units, statistic: Statistic) -> Array:
    """(d) the statistic without one unit of each kind."""
    sums, size = units.totals
    return statistic(sums - units.rows, size - units.sizes)


def bca(
    units: Units,
    statistic: Statistic,
    *,
    seed: int,
    limits: tuple[float, float],
    resamples: int = RESAMPLES,
    fewest: int = FEWEST,
    values: Array | None = None,
    rare: Callable[[float], Evidence] | None = None,
) -> Evidence:
    """Evidence of a smooth function of sums by the BCa bootstrap over units.

    `values` are replicates already made of the same units and seed, so that several metrics can share the draws.
    `rare` answers where next to nothing varies, so that resampling cannot; without it that is not known.
    """
    import numpy as np

    method = "bca"
    if not units.n:
        return unknown("no sample was scored", method=method)
    sums, size = units.totals
    value = float(statistic(sums, np.asarray(size)))
    if not math.isfinite(value):
        return unknown("the value is not defined on these samples (0/0)", n=units.n, method=method)
    if units.n < fewest:
        note = f"{units.n} samples are too few for the error of a corpus metric; at least {fewest} are needed"
        return unknown(note, value=value, n=units.n, method=method)
    influence = leave_one_out(units, statistic)
    moving = effective(influence, value, units.counts)
    if moving < INFLUENTIAL and rare is not None:
        return rare(value)
    if 0 < moving < INFLUENTIAL:
        note = f"only about {moving:.0f} samples decide the value; at least {INFLUENTIAL} are needed"
        return unknown(note, value=value, n=units.n, method=method)
    if values is None:
        values = replicate(units, [statistic], resamples=resamples, seed=seed)[0]
    made = bca_of(values, value, influence, units.counts)
    if isinstance(made, str) and rare is not None:
        return rare(value)
    if isinstance(made, str):
        return unknown(f"the error cannot be estimated: {made}", value=value, n=units.n, method=method)

    def refine() -> Evidence:
        return bca(units, statistic, seed=seed, limits=limits, resamples=REFINED, fewest=fewest, rare=rare)

    return Evidence(
        value, units.n, method, made.ends, limits, seed=seed, noise=made.noise,
        refine=refine if resamples < REFINED and affordable(units) else None,
    )  # fmt: skip


def studentized(units: Units, *, seed: int, limits: tuple[float, float], resamples: int = RESAMPLES) -> Evidence:
    """Evidence of an unbounded mean by the studentized bootstrap over single samples."""
    import numpy as np

    method, n = "studentized_bootstrap", units.n
    x, weight = units.rows[:, 0], units.counts
    value = float(weight @ x) / n
    error = math.sqrt(float(weight @ (x - value) ** 2) / (n - 1) / n)
    if error <= 1e-12 * max(1.0, abs(value)):
        return unknown("all values are equal, so that their error cannot be estimated", value=value, n=n, method=method)
    moments = np.stack([x - value, (x - value) ** 2], axis=1)
    pieces = [counts @ moments / n for counts in draws(units, resamples, seed)]
    mean, square = np.concatenate(pieces).T
    spread = np.sqrt(np.maximum(square - mean**2, 0) / (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = mean / spread
    made = Replicates(np.sort(ratio[np.isfinite(ratio)]), int(np.sum(~np.isfinite(ratio))))

    def ends(confidence: float) -> Ends:
        low, high = made.ends(confidence)
        return (None if high is None else value - high * error), (None if low is None else value - low * error)

    def noise(confidence: float) -> tuple[float, float]:
        low, high = made.noise(confidence)
        return high * error, low * error

    def refine() -> Evidence:
        return studentized(units, seed=seed, limits=limits, resamples=REFINED)

    return Evidence(
        value, n, method, ends, limits, seed=seed, noise=noise,
        refine=refine if resamples < REFINED and affordable(units) else None,
    )  # fmt: skip


def generator(seed: int) -> np.random.Generator:
    """The one random stream of a seed."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(seed))
