"""Several answers per sample: how much of the variance is between samples and how much is decoding noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.score import Array


@dataclass(frozen=True, slots=True)
class Repeats:
    """Variance of the mean of n samples with K answers each: (ω² + σ²/K) / n."""

    n: int
    k: int
    mean: float
    within: float
    """σ²: variance of one sample's answers."""
    between: float
    """ω²: variance of the samples' own means; 0 where the estimate is below it."""
    error: float
    """Standard error of the mean."""

    def error_at(self, k: int) -> float:
        """The standard error that K = `k` would give."""
        return math.sqrt((self.between + self.within / k) / self.n)

    @property
    def sentence(self) -> str:
        """What more answers per sample would buy, for a reader."""
        share = self.within / self.k / (self.between + self.within / self.k) if self.error else 0.0
        return (
            f"{self.n} samples with {self.k} answers each: {share:.0%} of the variance of the mean is decoding noise; "
            f"10 answers each would change its standard error from {self.error:.3g} to {self.error_at(10):.3g}"
        )


def decompose(values: Array) -> Repeats:
    """The variance components of an (n, K) table of scores.

    Raises:
        ValueError: fewer than two samples or fewer than two answers each.
    """
    import numpy as np

    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"variance components need two samples and two answers each at least; found {table.shape}")
    n, k = table.shape
    within = float(table.var(axis=1, ddof=1).mean())
    spread = float(table.mean(axis=1).var(ddof=1))
    return Repeats(n, k, float(table.mean()), within, max(0.0, spread - within / k), math.sqrt(spread / n))
