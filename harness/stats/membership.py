"""Was this text trained on? Scores of single texts, and tests that speak of a whole data set, never of one text."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.exchange import Token
from harness.stats.evidence import Evidence, unknown
from harness.stats.replicates import Replicates
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


def min_k_plus_plus(tokens: Sequence[Token], k: float = 0.2) -> float:
    """Min-K% of tokens that are first standardised over the vocabulary that could have stood in their place
    (Zhang et al. 2024, Min-K%++). A place where only one token was possible says nothing and counts 0.

    >>> min_k_plus_plus([Token(-1.0, -2.0, 0.5), Token(-4.0, -2.0, 0.5), Token(0.0, 0.0, 0.0)], k=0.4)
    -4.0
    """
    return min_k([(t.logprob - t.mean) / t.deviation if t.deviation > 0 else 0.0 for t in tokens], k)


def zlib_ratio(logprob: float, text: str) -> float:
    """Log-probability of a text over the bytes that zlib needs for it (Carlini et al. 2021): likely, yet not trivial.

    >>> round(zlib_ratio(-30.0, "a text"), 3)
    -2.143
    """
    return logprob / len(zlib.compress(text.encode("utf-8", "surrogatepass")))


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


def typical(values: Array, *, seed: int, draws: int = RESAMPLES) -> Evidence:
    """Evidence of the centre of paired differences, by inverting the sign-flip test.

    A shift is refused at level α exactly where it lies beyond the α-quantile of the means of random halves of the pairs
    (Hartigan's typical values, 1969): exact where the differences are symmetric around their centre.
    """
    import numpy as np

    method = "sign_flip"
    gap = np.sort(np.asarray(values, dtype=float))
    n = len(gap)
    if n < FEWEST:
        note = f"{n} pairs are too few; at least {FEWEST} are needed"
        return unknown(note, value=float(gap.mean()) if n else None, n=n, method=method)
    value = float(gap.mean())
    if gap[-1] - gap[0] <= 1e-12 * max(1.0, abs(value)):
        return unknown("every pair differs by exactly the same", value=value, n=n, method=method)
    random, means = generator(seed), []
    for start in range(0, draws, 500):
        taken = random.integers(0, 2, size=(min(500, draws - start), n)).astype(float)
        means.append(taken @ gap / np.maximum(taken.sum(axis=1), 1.0))
    made = Replicates(np.sort(np.concatenate(means)), 0)
    return Evidence(value, n, method, made.ends, seed=seed, noise=made.noise)


def permutation(one: Array, other: Array, *, seed: int, draws: int = RESAMPLES) -> Exposure:
    """Permutation test of the difference of two means, where the texts are not paired."""
    import numpy as np

    first, second = (np.sort(np.asarray(side, dtype=float)) for side in (one, other))
    fewest = min(len(first), len(second))
    value = float(first.mean() - second.mean()) if fewest else None
    if fewest < FEWEST:
        return Exposure(value, None, fewest, f"{fewest} texts on one side are too few; at least {FEWEST} are needed")
    random, both, beyond = generator(seed), np.concatenate([first, second]), 0
    needed = float(first.sum()) - 1e-12
    for _ in range(draws):
        beyond += int(random.permutation(both)[: len(first)].sum() >= needed)
    return Exposure(value, (1 + beyond) / (draws + 1), fewest)
