"""Speed of the resampling: 10,000 resamples of 100,000 samples for 20 metrics, beside scipy; and exact power.

python -m benchmarks.resampling
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from harness.stats import power, resample

Array = NDArray[np.float64]
SAMPLES, METRICS, RESAMPLES = 100_000, 20, 10_000


def peak() -> float:
    """Peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and how many MB the peak memory grew by."""
    before, began = peak(), time.perf_counter()
    work()
    return time.perf_counter() - began, peak() - before


def ratio(column: int) -> resample.Statistic:
    """A corpus metric: the ratio of two sums."""

    def apply(sums: Array, sizes: Array) -> Array:
        return np.asarray(sums[..., column] / sums[..., column + 1])

    return apply


def share(column: int) -> resample.Statistic:
    """F1 of counts: (tp, errors)."""

    def apply(sums: Array, sizes: Array) -> Array:
        return np.asarray(2 * sums[..., column] / (2 * sums[..., column] + sums[..., column + 1]))

    return apply


def main() -> int:
    """Print the table."""
    rng = np.random.default_rng(1)
    rows: list[tuple[str, str, str]] = []

    def told(name: str, seconds: float, memory: float) -> None:
        rows.append((name, f"{seconds:.2f} s", f"{memory:.0f} MB"))

    values = rng.gamma(2, 1, (SAMPLES, 2 * METRICS))
    units = resample.units_of(values, None)
    metrics = [ratio(2 * at) for at in range(METRICS)]
    told("ours, 20 metrics that share their draws", *timed(
        lambda: resample.replicate(units, metrics, resamples=RESAMPLES, seed=1)
    ))  # fmt: skip
    one = resample.units_of(values[:, :2], None)
    told(
        "ours, one metric", *timed(lambda: resample.bca(one, ratio(0), seed=1, limits=(0, np.inf), resamples=RESAMPLES))
    )
    kinds = rng.choice(4, SAMPLES, p=[0.4, 0.1, 0.1, 0.4])
    counts = np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=float)[kinds]
    told("ours, one F1 (few kinds of samples)", *timed(
        lambda: resample.bca(resample.units_of(counts, None), share(0), seed=1, limits=(0, 1), resamples=RESAMPLES)
    ))  # fmt: skip

    def peer() -> None:
        scipy_stats.bootstrap(
            (values[:, 0], values[:, 1]), lambda a, b, axis=-1: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
            n_resamples=200, batch=50, method="percentile", rng=np.random.default_rng(1),
        )  # fmt: skip

    seconds, memory = timed(peer)
    told("scipy bootstrap, one metric, 200 resamples (batch of 50)", seconds, memory)
    rows.append(("scipy bootstrap, 20 metrics, 10,000 resamples (extrapolated)", f"{seconds * 50 * METRICS:.0f} s", ""))
    told(
        "exact power of 2,000 pairs, discordance 0.1",
        *timed(lambda: power.paired_power(2000, 0.1, 0, ">=", -0.02, 0.95)),
    )
    told(
        "exact power of 2,000 pairs, discordance 0.5",
        *timed(lambda: power.paired_power(2000, 0.5, 0, ">=", -0.02, 0.95)),
    )
    told("pairs for 80 % power, margin 0.02", *timed(lambda: power.paired_samples(0.1, 0, ">=", -0.02, 0.95)))
    print("| what | time | memory grew by |\n|---|--:|--:|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
