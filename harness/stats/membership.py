"""Was this text trained on? Min-K% scores, and a paired test that speaks of a whole data set, never of one text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.stats.resample import RESAMPLES, generator

if TYPE_CHECKING:
    from harness.score import Array

FEWEST = 100
"""Pairs below which nothing is said."""


def min_k(token_logprobs: Sequence[float], k: float = 0.2) -> float:
    """Mean of the lowest share `k` of a text's token log-probabilities, at least one token (Shi et al. 2024).

    >>> min_k([-0.1, -0.2, -3.5, -0.05, -1.2, -7.0, -0.4, -0.3, -2.2, -0.6])
    -5.25
    """
    if not token_logprobs:
        raise ValueError("a text without tokens has no Min-K% score")
    chosen = sorted(token_logprobs)[: max(1, int(len(token_logprobs) * k + 1e-9))]
    return math.fsum(chosen) / len(chosen)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Whether a data set scores higher than matched texts that cannot have been seen."""

    difference: float | None
    p: float | None
    """One-sided; None where there are too few pairs."""
    pairs: int
    note: str = ""


def exposure(suspected: Array, matched: Array, *, seed: int, draws: int = RESAMPLES) -> Exposure:
    """Sign-flip test of the mean paired difference of scores; evidence of exposure, never proof."""
    import numpy as np

    gap = np.sort(np.asarray(suspected, dtype=float) - np.asarray(matched, dtype=float))
    n = len(gap)
    value = float(gap.mean()) if n else None
    if n < FEWEST:
        return Exposure(value, None, n, f"{n} pairs are too few; at least {FEWEST} are needed")
    random, beyond = generator(seed), 0
    total = float(gap.sum())
    for start in range(0, draws, 500):
        signs = random.integers(0, 2, size=(min(500, draws - start), n)) * 2 - 1
        beyond += int((signs @ gap >= total - 1e-12).sum())
    return Exposure(value, (1 + beyond) / (draws + 1), n)
