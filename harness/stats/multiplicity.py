"""Many claims at once: Holm, Benjamini–Hochberg, Benjamini–Yekutieli, at least u of m, the best of k."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values whose rejection at α makes any false claim with probability at most α, however dependent."""
    out, running = [0.0] * len(p), 0.0
    for done, at in enumerate(_order(p)):
        running = max(running, min(1.0, (len(p) - done) * p[at]))
        out[at] = running
    return out


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values that bound the expected share of false claims; to rank for a reader, never to decide."""
    return _step_up(p, 1.0)


def benjamini_yekutieli(p: Sequence[float]) -> list[float]:
    """As `benjamini_hochberg`, under any dependence."""
    return _step_up(p, sum(1 / i for i in range(1, len(p) + 1)))


def _step_up(p: Sequence[float], factor: float) -> list[float]:
    out, running = [0.0] * len(p), 1.0
    for rank, at in reversed(list(enumerate(_order(p), 1))):
        running = min(running, factor * len(p) * p[at] / rank)
        out[at] = running
    return out


def _order(p: Sequence[float]) -> list[int]:
    for value in p:
        if not 0 <= value <= 1:
            raise ValueError(f"a p-value lies between 0 and 1; found {value!r}")
    return sorted(range(len(p)), key=lambda at: p[at])


def partial_conjunction(p: Sequence[float], u: int) -> float:
    """p-value that at least `u` of the claims are true: the u-th smallest times (m − u + 1).

    >>> partial_conjunction([0.001, 0.004, 0.012, 0.02, 0.03, 0.2], 5)
    0.06
    """
    if not 1 <= u <= len(p):
        raise ValueError(f"at least {u} of {len(p)} claims cannot be asked for; u lies between 1 and {max(1, len(p))}")
    return min(1.0, (len(p) - u + 1) * p[_order(p)[u - 1]])


def best_of(alpha: float, candidates: int) -> float:
    """The α each of several candidates must be held to where the best of them will be shipped (Bonferroni)."""
    if candidates < 1:
        raise ValueError(f"the number of candidates is at least 1; found {candidates}")
    return alpha / candidates


def reuse(alpha: float, uses: int) -> float:
    """How likely at least one false pass has become after the same samples were used `uses` times.

    >>> round(reuse(0.05, 10), 3)
    0.401
    """
    return float(1 - (1 - alpha) ** uses)
