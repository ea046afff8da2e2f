"""One row of the calibration table, and the textbook methods that are shown beside ours."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.evidence import Evidence

Array = NDArray[np.float64]
ALPHA = 0.05
CONFIDENCE = 1 - ALPHA


@dataclass(frozen=True, slots=True)
class Row:
    """How often a model exactly at the limit passes or fails, of `nominal` allowed."""

    family: str
    criterion: str
    scenario: str
    n: int
    ours: tuple[float, float]
    """False pass, false fail."""
    point: tuple[float, float] | None
    t: tuple[float, float] | None
    bootstrap: tuple[float, float] | None
    draws: int = 0
    """Simulated models; 0 for an exact enumeration."""
    nominal: float = ALPHA
    allowed: float = ALPHA
    """What a test holds ours to, before Monte-Carlo error; above nominal only where the documentation says so."""
    one_sided: bool = False
    """Only the pass was a claim here."""

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of a rate at the nominal level."""
        return math.sqrt(self.allowed * (1 - self.allowed) / self.draws) if self.draws else 0.0

    @property
    def holds(self) -> bool:
        """Whether neither error of ours is beyond what is allowed plus three Monte-Carlo errors."""
        return max(self.ours) <= self.allowed + 3 * self.error + 1e-9


def wald_t(values: Array) -> tuple[Array, Array]:
    """Mean ± t·s/√n of (R, n) values."""
    from scipy.special import stdtrit

    n = values.shape[-1]
    half = float(stdtrit(n - 1, CONFIDENCE)) * values.std(axis=-1, ddof=1) / math.sqrt(n)
    mean = values.mean(axis=-1)
    return mean - half, mean + half


def percentile(values: Array, rng: np.random.Generator, resamples: int = 999) -> tuple[Array, Array]:
    """Percentile bootstrap of the mean of (R, n) values."""
    out = np.empty((len(values), 2))
    n = values.shape[1]
    for at, row in enumerate(values):
        means = row[rng.integers(0, n, size=(resamples, n), dtype=np.uint32)].mean(axis=1)
        out[at] = np.quantile(means, [ALPHA, CONFIDENCE])
    return out[:, 0], out[:, 1]


def rates(low: Array, high: Array, target: float, weight: Array | None = None) -> tuple[float, float]:
    """Share of bounds that prove `>= target`, and share that refute it."""
    weight = np.full(len(low), 1 / len(low)) if weight is None else weight
    slack = 1e-12
    return float(weight[low >= target - slack].sum()), float(weight[high < target - slack].sum())


Interval = Callable[[float], tuple[float | None, float | None]]


def known(end: float | None, otherwise: float) -> float:
    """An end, or what stands for a bound that is not known."""
    return otherwise if end is None else end


def stream(*name: object) -> np.random.Generator:
    """The random stream of a scenario, whatever else is run."""
    return np.random.Generator(np.random.PCG64(zlib.crc32(repr(name).encode())))


def judged(evidence: list[Evidence], target: float) -> tuple[float, float]:
    """False passes and false failures of our bounds."""
    ends = [e.bounds(CONFIDENCE) for e in evidence]
    low = np.array([known(e[0], -math.inf) for e in ends])
    return rates(low, np.array([known(e[1], math.inf) for e in ends]), target)
