"""Calibration by exact enumeration: every possible outcome, weighted by its probability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, gammaln, ndtri, stdtrit, xlogy
from scipy.stats import binom

from benchmarks.rates import ALPHA, CONFIDENCE, Array, Row, rates
from harness.stats import order, proportion, sequential
from harness.stats.power import proves

SIZES = (20, 50, 100, 200, 500, 1000)


def rows() -> Iterator[Row]:
    """Every row that needs no simulation."""
    for target in (0.8, 0.9, 0.95, 0.99):
        for n in SIZES:
            yield level(n, target)
    for n, discordance, margin in PAIRED:
        yield paired(n, discordance, margin)
    for n in (50, 100, 200):
        yield gap(n, n, 0.6, 1.0, -0.1)
        yield gap(n, n, 0.6, 0.8, 0.0)
    yield gap(30, 200, 0.9, 0.8, 0.0)
    for n, discordance in ((200, 0.02), (500, 0.05), (1000, 0.05)):
        yield equivalent(n, discordance, 0.02)
    for n in (59, 100, 200, 500, 1000):
        yield percentile(n, 0.95)
    for looks in (2, 3, 5, 10):
        yield peeking(looks)


PAIRED = (
    (30, 0.2, 0.1), (50, 0.05, 0.02), (50, 0.1, 0.05), (100, 0.05, 0.02), (100, 0.1, 0.0), (100, 0.1, 0.05),
    (200, 0.05, 0.05),
    (200, 0.1, 0.0), (200, 0.1, 0.02), (200, 0.2, 0.05), (500, 0.1, 0.02), (1000, 0.1, 0.02), (20, 0.3, 0.05),
)  # fmt: skip
"""Pairs, discordance, margin; margin 0 is superiority at equality."""


def level(n: int, target: float) -> Row:
    """A proportion exactly at its limit."""
    x = np.arange(n + 1)
    p = x / n
    weight = binom.pmf(x, n, target)
    ours = np.array([proportion.clopper_pearson(int(k), n, CONFIDENCE) for k in x])
    half = stdtrit(n - 1, CONFIDENCE) * np.sqrt(p * (1 - p) / (n - 1))
    boot = binom.ppf(ALPHA, n, p) / n, binom.ppf(CONFIDENCE, n, p) / n
    return Row(
        "proportion", f">= {target}", "independent", n,
        rates(ours[:, 0], ours[:, 1], target, weight), rates(p, p, target, weight),
        rates(p - half, p + half, target, weight), rates(*boot, target, weight),
    )  # fmt: skip


def paired(n: int, discordance: float, margin: float) -> Row:
    """Two proportions over the same samples whose true difference is exactly −margin."""
    gained, lost, weight = tables(n, (discordance - margin) / 2, (discordance + margin) / 2)
    mean = (gained - lost) / n
    ours = tuple(
        float(weight[proves(gained, lost, n, -margin, CONFIDENCE, above=above)].sum()) for above in (True, False)
    )  # fmt: skip
    spread = np.sqrt(np.maximum((gained + lost) / n - mean**2, 0) / (n - 1))
    half = stdtrit(n - 1, CONFIDENCE) * spread
    return Row(
        "paired proportions", "> base" if margin == 0 else f">= base - {margin:g}", f"discordance {discordance:g}", n,
        (ours[0], ours[1]), rates(mean, mean, -margin, weight) if margin else _strict(mean, weight),
        rates(mean - half, mean + half, -margin, weight) if margin else _strict(mean - half, weight, mean + half),
        _steps(gained, lost, n, -margin, weight), allowed=0.051,
    )  # fmt: skip


def _strict(low: Array, weight: Array, high: Array | None = None) -> tuple[float, float]:
    """Rates of `> 0`: the bound itself does not pass."""
    high = low if high is None else high
    return float(weight[low > 1e-12].sum()), float(weight[high < -1e-12].sum())


def tables(n: int, up: float, down: float) -> tuple[Array, Array, Array]:
    """All likely (gained, lost) of n pairs and their probabilities."""
    reach = [
        np.arange(binom.ppf(1e-12, n, p), binom.ppf(1 - 1e-12, n, p) + 1) if p > 0 else np.zeros(1) for p in (up, down)
    ]
    gained, lost = (part.ravel() for part in np.meshgrid(*reach, indexing="ij"))
    kept = gained + lost <= n
    gained, lost = gained[kept], lost[kept]
    same = n - gained - lost
    log = gammaln(n + 1) - gammaln(gained + 1) - gammaln(lost + 1) - gammaln(same + 1)
    weight = np.exp(log + xlogy(gained, up) + xlogy(lost, down) + xlogy(same, 1 - up - down))
    kept = weight > 1e-9
    return gained[kept], lost[kept], weight[kept]


def _steps(gained: Array, lost: Array, n: int, target: float, weight: Array) -> tuple[float, float]:
    """The percentile bootstrap without drawing: n steps of −1, 0 or 1, summed by a Fourier transform."""
    size = 1 << int(np.ceil(np.log2(2 * n + 2)))
    angle = 2 * np.pi * np.arange(size) / size
    low, high = np.empty(len(gained)), np.empty(len(gained))
    for start in range(0, len(gained), 256):
        part = slice(start, start + 256)
        up, down = gained[part, None] / n, lost[part, None] / n
        wave = (1 - up - down + up * np.exp(-1j * angle) + down * np.exp(1j * angle)) ** n
        mass = np.fft.ifft(wave, axis=1).real
        mass = np.concatenate([mass[:, -n:], mass[:, : n + 1]], axis=1)  # sums from −n to n
        total = np.cumsum(mass, axis=1)
        low[part] = (total < ALPHA - 1e-12).sum(axis=1) - n
        high[part] = (total < CONFIDENCE - 1e-12).sum(axis=1) - n
    if target == 0:
        return _strict(low / n, weight, high / n)
    return rates(low / n, high / n, target, weight)


def gap(n1: int, n2: int, rate: float, factor: float, target: float) -> Row:
    """Two groups of different samples: p_u − factor·p_p exactly at its limit."""
    first = factor * rate + target
    x1, x2 = (part.ravel() for part in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
    weight = binom.pmf(x1, n1, first) * binom.pmf(x2, n2, rate)
    kept = weight > 1e-10
    x1, x2, weight = x1[kept], x2[kept], weight[kept]
    p1, p2 = x1 / n1, x2 / n2
    middle = p1 - factor * p2
    ours = np.array([
        proportion.newcombe(int(a), n1, int(b), n2, CONFIDENCE, factor=factor) for a, b in zip(x1, x2, strict=True)
    ])  # fmt: skip
    half = ndtri(CONFIDENCE) * np.sqrt(p1 * (1 - p1) / n1 + factor**2 * p2 * (1 - p2) / n2)
    name = f"gap >= {target:g}" if factor == 1 else f"impact >= {factor:g}"
    # Newcombe's intervals are approximate: half a point above nominal is documented.
    return Row(
        "groups", name, f"privileged rate {rate:g}, {n1} against {n2}", n1 + n2,
        rates(ours[:, 0], ours[:, 1], target, weight), rates(middle, middle, target, weight),
        rates(middle - half, middle + half, target, weight), None, allowed=0.055,
    )  # fmt: skip


def percentile(n: int, quantile: float) -> Row:
    """A latency percentile exactly at its limit: how many of n are under it is binomial."""
    lower, upper = order.ranks(n, quantile, CONFIDENCE)
    # p95 <= X passes if the order statistic of rank `upper` is at most X, so if at least that many values are.
    false_pass = 0.0 if upper is None else 1 - float(bdtr(upper - 1, n, quantile))
    false_fail = 0.0 if lower is None else float(bdtr(lower - 1, n, quantile))
    plain = int(np.ceil(n * quantile - 1e-9))
    point = 1 - float(bdtr(plain - 1, n, quantile)), float(bdtr(plain - 1, n, quantile))
    return Row(
        "percentile", f"p{100 * quantile:g} <= X", "any distribution", n, (false_pass, false_fail), point, None, None
    )


def equivalent(n: int, discordance: float, margin: float) -> Row:
    """A paired difference exactly at the upper end of a band of ±margin."""
    gained, lost, weight = tables(n, (discordance + margin) / 2, (discordance - margin) / 2)
    mean = (gained - lost) / n

    def both(low: Array, high: Array) -> tuple[float, float]:
        inside = (low >= -margin - 1e-12) & (high <= margin + 1e-12)
        outside = (high < -margin - 1e-12) | (low > margin + 1e-12)
        return float(weight[inside].sum()), float(weight[outside].sum())

    def proved(target: float, above: bool) -> NDArray[np.bool_]:
        return proves(gained, lost, n, target, CONFIDENCE, above=above)

    inside = proved(-margin, True) & proved(margin, False)
    outside = proved(margin, True) | proved(-margin, False)
    half = stdtrit(n - 1, CONFIDENCE) * np.sqrt(np.maximum((gained + lost) / n - mean**2, 0) / (n - 1))
    return Row(
        "paired proportions", f"in [base - {margin:g}, base + {margin:g}]", f"discordance {discordance:g}", n,
        (float(weight[inside].sum()), float(weight[outside].sum())), both(mean, mean), both(mean - half, mean + half),
        None, allowed=0.051,
    )  # fmt: skip


def peeking(looks: int) -> Row:
    """Stopping at the first of several planned looks that passes; beside it (as t) the same bound at every look."""
    ours = sequential.crossing(sequential.obrien_fleming(looks, 2 * ALPHA)) / 2
    naive = sequential.crossing((float(ndtri(CONFIDENCE)),) * looks) / 2
    return Row(
        "planned looks", "any of the looks passes", "normal, equally spaced; t: no correction", looks, (ours, ours),
        None, (naive, naive), None, allowed=0.0501,
    )  # fmt: skip
