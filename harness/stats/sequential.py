"""Looking more than once: planned looks with O'Brien–Fleming bounds, and a confidence sequence valid at any time."""

from __future__ import annotations

import math
from functools import lru_cache

from harness.stats.proportion import z_of


@lru_cache(maxsize=64)
def obrien_fleming(looks: int, alpha: float) -> tuple[float, ...]:
    """Critical z values of equally spaced looks, so that any crossing has two-sided probability `alpha` by chance.

    >>> [round(z, 3) for z in obrien_fleming(5, 0.05)]
    [4.562, 3.226, 2.634, 2.281, 2.04]

    Raises:
        ValueError: fewer than one look, or an alpha that is no probability.
    """
    from scipy.optimize import brentq

    if looks < 1 or not 0 < alpha < 1:
        raise ValueError(
            f"planned looks need a number of looks from 1 and an alpha inside (0, 1); found {looks}, {alpha}"
        )
    if looks == 1:
        return (z_of(1 - alpha / 2),)

    def miss(constant: float) -> float:
        return crossing(tuple(constant * math.sqrt(looks / k) for k in range(1, looks + 1))) - alpha

    constant = float(brentq(miss, z_of(1 - alpha / 2), z_of(1 - alpha / (2 * looks)) + 0.5, xtol=1e-7))
    return tuple(constant * math.sqrt(looks / k) for k in range(1, looks + 1))


def crossing(bounds: tuple[float, ...], *, grid: int = 801) -> float:
    """Two-sided probability by chance that any of equally spaced z values is beyond its bound (Armitage et al. 1969).

    >>> round(crossing((1.959964,) * 5), 3)
    0.142
    """
    import numpy as np
    from numpy.polynomial.legendre import leggauss

    nodes, weights = leggauss(grid // 4)
    total = 0.0
    density = None
    points = np.zeros(0)
    for k, bound in enumerate(bounds, 1):
        # Sums of k standard normal steps; the part that has not crossed yet is carried on.
        limit = min(bound, 8.5) * math.sqrt(k)
        here = nodes * limit
        if density is None:
            fresh = np.exp(-(here**2) / 2) / math.sqrt(2 * math.pi)
        else:
            step = np.exp(-((here[:, None] - points[None, :]) ** 2) / 2) / math.sqrt(2 * math.pi)
            fresh = step @ density
        density, points = fresh * weights * limit, here
        total = 1 - float(density.sum())
    return total


def look_confidence(look: int, looks: int, confidence: float) -> float:
    """The one-sided confidence that a criterion is held to at one of several planned looks.

    Raises:
        ValueError: this look was not planned.
    """
    from scipy.special import ndtr

    if not 1 <= look <= looks:
        raise ValueError(f"look {look} was not planned; {looks} looks were")
    return float(ndtr(obrien_fleming(looks, 2 * (1 - confidence))[look - 1]))


def confidence_sequence(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Bounds of a proportion that hold at every sample size at once (beta-binomial mixture, uniform prior).

    >>> [round(end, 6) for end in confidence_sequence(45, 50, 0.05)]
    [0.71234, 0.984341]
    """
    from scipy.optimize import brentq
    from scipy.special import betaln, xlog1py, xlogy

    if n <= 0:
        return 0.0, 1.0
    rest = n - successes
    prior = float(betaln(successes + 1, rest + 1))

    def over(q: float) -> float:
        return prior - float(xlogy(successes, q) + xlog1py(rest, -q)) + math.log(alpha)

    middle, tiny = successes / n, 1e-15
    low = 0.0 if successes == 0 or over(tiny) < 0 else float(brentq(over, tiny, max(middle, 2 * tiny), xtol=1e-14))
    high = (
        1.0 if rest == 0 or over(1 - tiny) < 0 else float(brentq(over, min(middle, 1 - 2 * tiny), 1 - tiny, xtol=1e-14))
    )
    return low, high
