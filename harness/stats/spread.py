"""Spread: how far the best and the worst of several ways of asking the same are apart, beyond what chance makes of it.

Of K equally good ways some comes out best and some worst, so that the plain difference is always above zero (that is
what FormatSpread reports, Sclar et al. 2024). Here its expectation is subtracted where the ways are exchangeable: where
labels are permuted within samples.

The bounds are on the true difference θ = max μ − min μ, without any model of what was selected. It is the largest of
all pairwise differences, so that θ is at most the largest of their upper bounds, each at the full confidence (one of
them is that of the true best and worst: an intersection–union test); and at least the largest of their lower bounds,
each at 1 − α/m for m = K(K − 1) ordered pairs (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from harness.stats.bounded import by_cluster, range_augmented_t
from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.resample import generator

if TYPE_CHECKING:
    from harness.score import Array

METHOD = "spread_pairwise_t"
FEWEST = 10
"""Samples below which nothing is claimed."""
PERMUTATIONS = 1_000
_CELLS = 2_000_000
"""Numbers held in memory at once."""


@dataclass(frozen=True, slots=True)
class Chance:
    """The plain spread beside those of permuted labels."""

    raw: float
    """max − min of the means."""
    expected: float
    """Its mean where labels are exchangeable within samples."""
    p_value: float
    """Share of permutations with a spread as large, the data themselves counted among them."""


def by_chance(
    values: Array, clusters: Sequence[str] | None = None, *, seed: int, permutations: int = PERMUTATIONS
) -> Chance:
    """The spread of (n, K) values, one column a way of asking, held against permutations of each sample's values.

    Samples of one cluster are permuted together.
    """
    import numpy as np

    sums, _ = by_cluster(values, clusters)
    n = len(values)
    # Sorted by content, so that the order of the samples cannot matter.
    sums = sums[np.lexsort(sums.T[::-1])]
    total = sums.sum(axis=0)
    raw = float(np.ptp(total)) / n
    varied = sums[np.ptp(sums, axis=1) > 0]
    if not len(varied):
        return Chance(raw, 0.0, 1.0)
    random, found = generator(seed), np.empty(permutations)
    chunk = max(1, _CELLS // varied.size)
    for at in range(0, permutations, chunk):
        size = min(chunk, permutations - at)
        made = random.permuted(np.broadcast_to(varied, (size, *varied.shape)), axis=2).sum(axis=1)
        found[at : at + size] = np.ptp(made, axis=1) / n
    as_large = int((found >= raw - 1e-12).sum())
    return Chance(raw, float(found.mean()), (as_large + 1) / (permutations + 1))


def spread(values: Array, *, width: float, clusters: Sequence[str] | None = None, seed: int) -> Evidence:
    """Evidence of how far the best and the worst of K ways of asking are apart.

    Args:
        values: (n, K) scores, one column a way of asking.
        width: of the range that scores have; two scores of a sample are at most so far apart.
        clusters: (n) independent unit of each sample.
        seed: of the permutations.
    """
    import numpy as np

    values = np.asarray(values, dtype=float)
    n, ways = values.shape
    if ways < 2:
        return unknown("only one way of asking was scored; two are the least", n=n, method=METHOD)
    if not math.isfinite(width):
        return unknown("the metric has no bounds, so that a spread of it has none", n=n, method=METHOD)
    chance = by_chance(values, clusters, seed=seed)
    value = chance.raw - chance.expected
    if n < FEWEST:
        return unknown(f"{n} samples are too few for a spread; at least {FEWEST} are needed", value=value, n=n,
                       method=METHOD)  # fmt: skip
    pairs = [
        range_augmented_t(values[:, one] - values[:, two], -width, width, clusters=clusters)
        for one, two in combinations(range(ways), 2)
    ]
    if pairs[0].ends is None:
        return unknown(pairs[0].note, value=value, n=pairs[0].n, method=METHOD)

    def ends(confidence: float) -> Ends:
        surer = 1 - (1 - confidence) / (2 * len(pairs))
        sure, each = ([pair.bounds(c) for pair in pairs] for c in (surer, confidence))
        low = [side for bounds in sure if None not in bounds for side in (bounds[0], -(bounds[1] or 0.0))]
        high = [side for bounds in each for side in (bounds[1], None if bounds[0] is None else -bounds[0])]
        known = [side for side in high if side is not None]
        least = max([0.0, *(side for side in low if side is not None)])
        return least, (max(known) if len(known) == len(high) else None)

    note = f"best minus worst {chance.raw:.3f}, by chance {chance.expected:.3f}, p = {chance.p_value:.3g}"
    return Evidence(value, pairs[0].n, METHOD, ends, (-width, width), seed=seed, note=note)


def spread_difference(new: Evidence, old: Evidence, factor: float) -> Evidence:
    """Evidence of one model's spread minus a multiple of another's on the same samples.

    How the two depend on each other is not known, so that either bound is taken at half the error.
    """
    if new.value is None or old.value is None or new.ends is None or old.ends is None:
        return unknown(new.note or old.note, n=min(new.n, old.n), method=METHOD)

    def ends(confidence: float) -> Ends:
        half = 1 - (1 - confidence) / 2
        (l1, u1), (l2, u2) = new.bounds(half), old.bounds(half)
        low = None if l1 is None or u2 is None else l1 - factor * u2
        high = None if u1 is None or l2 is None else u1 - factor * l2
        return low, high

    width = new.limits[1] + factor * old.limits[1]
    return Evidence(new.value - factor * old.value, min(new.n, old.n), METHOD, ends, (-width, width), seed=new.seed)
