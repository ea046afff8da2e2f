"""Power: what a number of samples can show, by exact enumeration of the gate itself where that is possible."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.stats.proportion import z_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Array

WANTED = 0.8
"""The probability to be right that sample sizes are computed for."""
MOST = 10_000_000
"""No sample size above this is ever asked for."""


def noise_of_mean(between: float, within_a: float, within_b: float, k_a: float, k_b: float) -> float:
    """Variance of one sample's paired difference: ω² + σ²_A/K_A + σ²_B/K_B (Miller 2024)."""
    return between + within_a / k_a + within_b / k_b


def samples_for_difference(delta: float, variance: float, *, alpha: float = 0.05, power: float = WANTED) -> float:
    """Samples to detect a mean paired difference `delta` at two-sided `alpha`, by the normal approximation.

    >>> round(samples_for_difference(0.03, 1 / 9), 4)
    968.9975
    """
    return (z_of(1 - alpha / 2) + z_of(power)) ** 2 * variance / delta**2


def detectable_difference(n: int, variance: float, *, alpha: float = 0.05, power: float = WANTED) -> float:
    """The mean paired difference that `n` samples detect at two-sided `alpha`."""
    return (z_of(1 - alpha / 2) + z_of(power)) * math.sqrt(variance / n)


def t_power(n: int, delta: float, sd: float, *, alpha: float = 0.05) -> float:
    """Power of the two-sided t test of two groups of `n`, by the noncentral t; the far tail is left out."""
    from scipy.stats import nct, t

    freedom = 2 * n - 2
    return float(nct.sf(t.ppf(1 - alpha / 2, freedom), freedom, delta / sd * math.sqrt(n / 2)))


def effective_samples(n: int, mean_size: float, correlation: float) -> float:
    """How many independent samples `n` samples in clusters of `mean_size` are worth, at an intraclass correlation."""
    return n / (1 + (mean_size - 1) * correlation)


def suite_probability(each: Sequence[float]) -> tuple[float, float]:
    """Probability that all criteria pass: if they were independent (the product), and at most (the smallest).

    >>> suite_probability([0.8] * 5)[0]
    0.32768000000000014
    """
    return math.prod(each), min(each, default=1.0)


def needed_for_suite(criteria: int, power: float = WANTED) -> float:
    """The power that each of several independent criteria needs for all of them to pass with `power`."""
    return float(power ** (1 / max(1, criteria)))


# --- one proportion, exactly


def count_to_pass(n: int, target: float, confidence: float) -> int | None:
    """Smallest number of successes of `n` whose lower bound reaches `target`; None where even all of them do not.

    >>> count_to_pass(200, 0.85, 0.95), count_to_pass(58, 0.95, 0.95)
    (179, None)
    """
    from scipy.special import betaincinv

    def clears(x: int) -> bool:
        return x > 0 and float(betaincinv(x, n - x + 1, 1 - confidence)) >= target - 1e-12

    if target <= 0:
        return 0
    if not clears(n):
        return None
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if clears(middle) else (middle, high)
    return high


def proportion_power(n: int, truth: float, op: str, target: float, confidence: float) -> float:
    """Exact probability that a proportion criterion passes where `truth` is the true rate."""
    from scipy.special import bdtr, bdtrc

    if op in (">=", ">"):
        count = count_to_pass(n, target, confidence)
        if count is None:
            return 0.0
        return 1.0 if count <= 0 else float(bdtrc(count - 1, n, truth))
    count = count_to_pass(n, 1 - target, confidence)
    return 0.0 if count is None else float(bdtr(n - count, n, truth))


# --- a paired difference of proportions, exactly


def tango_at(gained: Array, lost: Array, n: int, delta: float) -> Array:
    """Tango's statistic of many tables at one hypothesis; broadcasts."""
    import numpy as np

    excess = gained - lost - n * delta
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    q = (np.sqrt(np.maximum(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * q + delta * (1 - delta))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = excess / np.sqrt(variance)
    # Without variance only an exact agreement is no evidence.
    flat = variance <= 0
    return np.where(flat, np.where(excess == 0, 0.0, np.copysign(np.inf, excess)), statistic)


def paired_probability(
    n: int, discordance: float, difference: float, holds: Callable[[Array, Array], NDArray[np.bool_]]
) -> float:  # fmt: skip
    """Exact probability of `holds(gained, lost)` over all tables of `n` pairs.

    Args:
        n: pairs.
        discordance: probability that exactly one of the two models is right.
        difference: true P(candidate right) − P(reference right).
        holds: what to ask of many tables at once.
    """
    import numpy as np
    from scipy.special import gammaln, xlogy

    if abs(difference) > discordance + 1e-12 or not 0 <= discordance <= 1:
        raise ValueError(f"a difference of {difference:g} cannot come from a discordance of {discordance:g}")
    up = min(discordance, max(0.0, (discordance + difference) / 2))
    down = max(0.0, discordance - up)
    gained, lost = np.meshgrid(_likely(n, up), _likely(n, down), indexing="ij")
    kept = gained + lost <= n
    gained, lost = gained[kept], lost[kept]
    same = n - gained - lost
    log = gammaln(n + 1) - gammaln(gained + 1) - gammaln(lost + 1) - gammaln(same + 1)
    log = log + xlogy(gained, up) + xlogy(lost, down) + xlogy(same, max(0.0, 1 - discordance))
    return float(np.exp(log[np.asarray(holds(gained, lost), dtype=bool)]).sum())


def _likely(n: int, p: float) -> Array:
    """Counts of a binomial that hold all but a millionth of a millionth of its mass."""
    import numpy as np

    reach = 7.5 * math.sqrt(max(n * p * (1 - p), 1.0)) + 20
    return np.arange(max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach)) + 1, dtype=float)


def proves(gained: Array, lost: Array, n: int, target: float, confidence: float, *, above: bool) -> NDArray[np.bool_]:
    """Whether the gate proves of each table that the difference is at least (or at most) `target`.

    A lower bound is at or above `target` exactly where Tango's statistic at `target` is at least z, so that nothing has
    to be solved for; the range-augmented t must agree.
    """
    import numpy as np
    from scipy.special import stdtrit

    sign, z = (1.0 if above else -1.0), z_of(confidence)
    centre = (gained - lost) / (n + 2)
    square = gained + lost + 2 - (n + 2) * centre**2
    half = float(stdtrit(n + 1, confidence)) * np.sqrt((n + 2) / (n + 1) * square) / (n + 2)
    guarded = sign * (centre - target) - half >= -1e-12
    return np.asarray((sign * tango_at(gained, lost, n, target) >= z - 1e-12) & guarded, dtype=np.bool_)


def paired_power(
    n: int, discordance: float, difference: float, op: str, target: float, confidence: float, *, claim: str = "pass"
) -> float:
    """Exact probability that the gate passes (or fails) a paired criterion, by enumeration of all likely tables."""
    above = (op in (">=", ">")) == (claim == "pass")
    return paired_probability(n, discordance, difference, lambda b, c: proves(b, c, n, target, confidence, above=above))


def equivalence_power(
    n: int, discordance: float, difference: float, low: float, high: float, confidence: float
) -> float:  # fmt: skip
    """Exact probability that a paired difference is shown to lie in [low, high]."""

    def holds(gained: Array, lost: Array) -> NDArray[np.bool_]:
        least = proves(gained, lost, n, low, confidence, above=True)
        return least & proves(gained, lost, n, high, confidence, above=False)

    return paired_probability(n, discordance, difference, holds)


def score_power(n: int, discordance: float, difference: float, *, alpha: float = 0.05) -> float:
    """Exact power of Tango's test of no difference alone, for comparison."""
    z, sign = z_of(1 - alpha), math.copysign(1, difference)
    return paired_probability(n, discordance, difference, lambda b, c: sign * tango_at(b, c, n, 0.0) >= z)


def mcnemar_power(n: int, discordance: float, difference: float, *, alpha: float = 0.05) -> float:
    """Exact power of the one-sided exact McNemar test, for comparison."""
    import numpy as np
    from scipy.special import bdtr

    sign = 1 if difference > 0 else -1

    def holds(gained: Array, lost: Array) -> NDArray[np.bool_]:
        fewer = lost if sign > 0 else gained
        return np.where(gained + lost > 0, bdtr(fewer, np.maximum(gained + lost, 1).astype(int), 0.5), 1.0) <= alpha

    return paired_probability(n, discordance, difference, holds)


# --- searching for a sample size or a difference


def smallest_n(power_at: Callable[[int], float], start: float, *, power: float = WANTED) -> int | None:
    """Smallest sample size from which `power_at` reaches `power`, searched from a first guess; None above MOST.

    Exact power is a saw; the answer is the first n of the search whose power, and that of a few n after it, suffices.
    """
    low, high = 1, max(2, math.ceil(start))
    while power_at(high) < power:
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > max(1, high // 500):
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    while min(power_at(high + step) for step in range(3)) < power:
        high += max(1, high // 500)
    return high


def smallest_effect(power_at: Callable[[float], float], most: float, *, power: float = WANTED) -> float | None:
    """Smallest effect in (0, most] that is shown with `power`; None where not even the largest is."""
    if power_at(most) < power:
        return None
    low, high = 0.0, most
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high


def proportion_samples(truth: float, op: str, target: float, confidence: float, *, power: float = WANTED) -> int | None:
    """Samples that pass a proportion criterion with `power` where `truth` is true; None where it does not hold."""
    good = truth > target if op in (">=", ">") else truth < target
    if not good:
        return None
    z = z_of(confidence) * math.sqrt(target * (1 - target)) + z_of(power) * math.sqrt(truth * (1 - truth))
    start = max(2.0, (z / (truth - target)) ** 2)
    return smallest_n(lambda n: proportion_power(n, truth, op, target, confidence), start, power=power)


def margin_samples(margin: float, discordance: float, confidence: float, *, power: float = WANTED) -> float:
    """First guess at the pairs that show non-inferiority where nothing changed: (z_α + z_β)²ψ/m²."""
    return (z_of(confidence) + z_of(power)) ** 2 * discordance / margin**2


def drop_samples(drop: float, discordance: float, confidence: float, *, power: float = WANTED) -> float:
    """First guess at the pairs that detect a true drop: (z_α√ψ + z_β√(ψ − d²))²/d²."""
    spread = z_of(confidence) * math.sqrt(discordance) + z_of(power) * math.sqrt(max(0.0, discordance - drop**2))
    return (spread / drop) ** 2


def paired_samples(
    discordance: float, difference: float, op: str, target: float, confidence: float, *, power: float = WANTED
) -> int | None:
    """Pairs that pass a paired criterion with `power` where `difference` is true; None where it does not hold."""
    gap = difference - target if op in (">=", ">") else target - difference
    if gap <= 0:
        return None
    start = max(5.0, margin_samples(gap, max(discordance, gap**2), confidence, power=power))
    if start > 50_000:
        return math.ceil(start) if start <= MOST else None

    def at(n: int) -> float:
        return paired_power(n, discordance, difference, op, target, confidence)

    return smallest_n(at, start, power=power)
