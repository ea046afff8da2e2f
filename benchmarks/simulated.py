"""Calibration by simulation, where outcomes cannot be enumerated: many models exactly at the limit, each judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import judged as judges
from benchmarks.rates import ALPHA, CONFIDENCE, Array, Row, judged, percentile, rates, stream, wald_t
from harness.score import Quantity, Scores, Totals
from harness.stats import bounded, families, order, resample
from harness.stats.evidence import Evidence
from harness.stats.multiplicity import holm
from harness.stats.proportion import clopper_pearson

Draw = Callable[[np.random.Generator, int], Array]
B = 1_999
"""Resamples a simulated model; the harness takes 9,999."""


# --- bounded means


def identical(rng: np.random.Generator, n: int) -> Array:
    """85 % of answers are the same, 3 % collapse, the rest wander."""
    kind = rng.random(n)
    return np.where(kind < 0.85, 0.0, np.where(kind < 0.88, -1.0, rng.uniform(-0.2, 0.2, n)))


def catastrophic(rng: np.random.Generator, n: int) -> Array:
    """3 % collapse, all others wander a little."""
    return np.where(rng.random(n) < 0.03, -1.0, rng.uniform(-0.1, 0.1, n))


def dense(rng: np.random.Generator, n: int) -> Array:
    """Every score changes."""
    return rng.beta(4, 4, n) * 2 - 1


def graded(rng: np.random.Generator, n: int) -> Array:
    """Nine of ten scores are perfect, the rest anything."""
    return np.where(rng.random(n) < 0.9, 1.0, rng.random(n))


MEANS: tuple[tuple[str, Draw, float, tuple[float, float], str], ...] = (
    ("85% identical, 3% collapses", identical, -0.03, (-1, 1), ">= base - 0.03"),
    ("3% collapses", catastrophic, -0.03, (-1, 1), ">= base - 0.03"),
    ("every score changes", dense, 0.0, (-1, 1), "> base"),
    ("nine of ten perfect", graded, 0.95, (0, 1), ">= 0.95"),
)


def mean(name: str, draw: Draw, truth: float, limits: tuple[float, float], criterion: str, n: int, draws: int) -> Row:
    """A bounded mean exactly at its limit."""
    rng = stream("mean", name, n)
    values = np.stack([draw(rng, n) for _ in range(draws)])
    ours = judged([bounded.range_augmented_t(row, *limits) for row in values], truth)
    some = values[: min(draws, 1000)]
    return Row(
        "bounded mean", criterion, name, n, ours, rates(values.mean(axis=1), values.mean(axis=1), truth),
        rates(*wald_t(values), truth), rates(*percentile(some, rng), truth), draws, allowed=0.07,
    )  # fmt: skip


def clustered(rate: float, clusters: int, draws: int) -> Row:
    """Right-or-wrong answers in unequal clusters of five on average, intraclass correlation 0.3."""
    rng, strength = stream("clusters", rate, clusters), (1 - 0.3) / 0.3
    ours, plain, table = [], [], []
    for _ in range(draws):
        sizes = 1 + rng.poisson(4, clusters)
        chance = rng.beta(rate * strength, (1 - rate) * strength, clusters)
        values = (rng.random(sizes.sum()) < np.repeat(chance, sizes)).astype(float)
        names = [str(i) for i in np.repeat(np.arange(clusters), sizes)]
        ours.append(bounded.range_augmented_t(values, 0, 1, clusters=names))
        plain.append(values.mean())
        table.append(bounded.cluster_errors(values, names).t_interval(CONFIDENCE))
    ends = np.array(table)
    return Row(
        "clusters", f">= {rate}", "five answers each, correlation 0.3", clusters, judged(ours, rate),
        rates(np.array(plain), np.array(plain), rate), rates(ends[:, 0], ends[:, 1], rate), None, draws, allowed=0.07,
    )  # fmt: skip


# --- corpus metrics


def f1(totals: Totals) -> Array:
    """F1 of (tp, fp, fn)."""
    tp, fp, fn = totals.sums[..., 0], totals.sums[..., 1], totals.sums[..., 2]
    return np.asarray(2 * tp / (2 * tp + fp + fn))


OUTCOMES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=float)
SHARES = np.array([0.3, 0.05, 0.08, 0.57])
PAIRS = np.array([[0.22, 0.0, 0.05, 0.0], [0.0, 0.02, 0.0, 0.03], [0.05, 0.0, 0.03, 0.0], [0.0, 0.03, 0.0, 0.57]])
"""Joint shares of the outcomes of two models with the same F1."""


def corpus(n: int, draws: int) -> Row:
    """F1 exactly at its limit."""
    rng = stream("f1", n)
    truth = 2 * SHARES[0] / (2 * SHARES[0] + SHARES[1] + SHARES[2])
    ours, value, boot = [], [], []
    statistic = resample.statistic_of(f1, ("tp", "fp", "fn"))
    for at in range(draws):
        units = resample.units_of(OUTCOMES[rng.choice(4, n, p=SHARES)], None)
        made = resample.replicate(units, [statistic], resamples=B, seed=at)[0]
        ours.append(resample.bca(units, statistic, seed=at, limits=(0, 1), values=made))
        value.append(ours[-1].value if ours[-1].value is not None else 0.0)
        boot.append(np.nanquantile(made, [ALPHA, CONFIDENCE]))
    ends = np.array(boot)
    return Row(
        "corpus metric", f"F1 >= {truth:.3f}", "multinomial", n, judged(ours, truth),
        rates(np.array(value), np.array(value), truth), None, rates(ends[:, 0], ends[:, 1], truth), draws,
    )  # fmt: skip


def corpus_pair(n: int, draws: int) -> Row:
    """Two models with the same F1 over the same samples."""
    rng, ours, value, boot = stream("f1 pair", n), [], [], []
    one = resample.statistic_of(f1, ("tp", "fp", "fn"), slice(0, 3))
    two = resample.statistic_of(f1, ("tp", "fp", "fn"), slice(3, 6))

    def difference(sums: Array, sizes: Array) -> Array:
        return one(sums, sizes) - two(sums, sizes)

    for at in range(draws):
        kind = rng.choice(16, n, p=PAIRS.ravel())
        units = resample.units_of(np.concatenate([OUTCOMES[kind // 4], OUTCOMES[kind % 4]], axis=1), None)
        made = resample.replicate(units, [difference], resamples=B, seed=at)[0]
        ours.append(resample.bca(units, difference, seed=at, limits=(-1, 1), values=made))
        value.append(ours[-1].value if ours[-1].value is not None else 0.0)
        boot.append(np.nanquantile(made, [ALPHA, CONFIDENCE]))
    ends = np.array(boot)
    return Row(
        "corpus metric", "F1 > base", "equally good", n, judged(ours, 0.0),
        rates(np.array(value), np.array(value), 0.0), None, rates(ends[:, 0], ends[:, 1], 0.0), draws,
    )  # fmt: skip


# --- ratios, unbounded means, latencies


def perplexity(n: int, draws: int, *, compared: bool) -> Row:
    """Perplexity of n documents of unequal length, alone or against a base that is equally good."""
    rng, ours = stream("perplexity", n, compared), []
    quantity = Quantity("perplexity", "log_ratio", "lower", (1, math.inf))
    ids = tuple(str(i) for i in range(n))
    truth = 0.0 if compared else math.exp(2.0)
    value, ends = [], []
    for _ in range(draws):
        tokens = np.ceil(rng.gamma(2, 60, n))
        nll = [tokens * rng.gamma(16, 2.0 / 16, n) * 1.0 for _ in range(2)]
        shared = rng.normal(0, 0.3, n) * tokens if compared else 0.0
        tables = [Scores(quantity, ids, np.stack([part + shared, tokens], axis=1), ("nll", "tokens")) for part in nll]
        if compared:
            ours.append(families.difference_evidence(tables[0], tables[1], 1.0, 0.0, ""))
        else:
            ours.append(families.level_evidence(tables[0], ""))
        each = np.exp(tables[0].stats[:, 0] / tokens)
        if compared:
            each = each - np.exp(tables[1].stats[:, 0] / tokens)
        value.append(ours[-1].value or 0.0)
        ends.append(np.concatenate(wald_t(each[None, :])))
    turned = [_turned(evidence) for evidence in ours]
    box = np.array(ends)
    return Row(
        "perplexity", "< base" if compared else "<= e²", "documents of unequal length", n, judged(turned, -truth),
        rates(-np.array(value), -np.array(value), -truth), rates(-box[:, 1], -box[:, 0], -truth), None, draws,
        allowed=0.065,
    )  # fmt: skip


def _turned(evidence: Evidence) -> Evidence:
    """Evidence of minus the value, so that where low is good a pass is again a lower bound above the limit."""

    def ends(confidence: float) -> tuple[float | None, float | None]:
        low, high = evidence.bounds(confidence)
        return (None if high is None else -high), (None if low is None else -low)

    return Evidence(None, evidence.n, evidence.method, ends)


def unbounded(n: int, draws: int) -> Row:
    """The mean of a skewed quantity without bounds (gamma of shape 2)."""
    rng = stream("gamma", n)
    values = rng.gamma(2, 1, (draws, n))
    ours = []
    for at, row in enumerate(values):
        units = resample.units_of(row, None)
        if n >= families.STUDENTIZED:
            ours.append(resample.studentized(units, seed=at, limits=(-math.inf, math.inf), resamples=B))
        else:
            statistic = resample.statistic_of(None, ("value",), slice(0, 1))
            ours.append(
                resample.bca(units, statistic, seed=at, limits=(-math.inf, math.inf), resamples=B, fewest=30)
            )  # fmt: skip
    some = values[:1000]
    return Row(
        "unbounded mean", "<= 2", "gamma, shape 2", n, judged(ours, 2.0)[::-1],
        rates(values.mean(axis=1), values.mean(axis=1), 2.0)[::-1], rates(*wald_t(values), 2.0)[::-1],
        rates(*percentile(some, rng), 2.0)[::-1], draws,
    )  # fmt: skip


def latency(blocks: int, draws: int) -> Row:
    """The median of interleaved latencies against an equally fast base, blocks of ten that share a disturbance."""
    rng, ours, value = stream("latency", blocks), [], []
    names = [str(i) for i in np.repeat(np.arange(blocks), 10)]
    for at in range(draws):
        shared = np.repeat(rng.normal(0, 0.2, blocks), 10)
        times = []
        for _ in range(2):
            own = np.repeat(rng.normal(0, 0.1, blocks), 10) + rng.normal(0, 0.3, blocks * 10)
            times.append(np.exp(shared + own))
        ours.append(
            order.block_bootstrap(times, [1.0, -1.0], 0.5, names, seed=at, limits=(-math.inf, math.inf), resamples=499)
        )
        value.append(ours[-1].value or 0.0)
    box = np.array(value)
    return Row(
        "latency ratio", "<= base", "blocks of ten", blocks, judged(ours, 0.0)[::-1], rates(box, box, 0.0)[::-1],
        None, None, draws,
    )  # fmt: skip


# --- slices, suites


def slices(count: int, n: int, draws: int) -> Row:
    """Every slice of a worst-slice criterion exactly at its limit; beside it the smallest value taken at face value."""
    rng = stream("slices", count, n)
    right = rng.binomial(n, 0.9, (draws, count))
    bounds = np.array([clopper_pearson(k, n, CONFIDENCE) for k in range(n + 1)])
    from scipy.special import bdtr

    p = bdtr(np.arange(n + 1), n, 0.9)[right]  # Clopper–Pearson refutes 0.9 at α exactly where this tail is at most α
    failed = np.array([min(holm(row.tolist())) <= ALPHA for row in p])
    passed = (bounds[right, 0] >= 0.9).all(axis=1)
    point = (right / n >= 0.9).all(axis=1)
    unadjusted = (bounds[right, 1] < 0.9).any(axis=1)
    return Row(
        "worst slice", "[worst] >= 0.9", f"{count} slices at the limit; t: without Holm", n,
        (float(passed.mean()), float(failed.mean())), (float(point.mean()), float((~point).mean())),
        (float(passed.mean()), float(unadjusted.mean())), None, draws,
    )  # fmt: skip


def suite(criteria: int, draws: int) -> Row:
    """Every criterion of a suite exactly at its limit; beside it (as t) the bare decisions without Holm."""
    from scipy.special import ndtr

    p = ndtr(stream("suite", criteria).normal(size=(draws, criteria)))
    failed = np.array([min(holm(row.tolist())) <= ALPHA for row in p])
    passed = float((p >= CONFIDENCE).all(axis=1).mean())
    return Row(
        "suite", "all must pass", f"{criteria} independent criteria at the limit; t: without Holm", criteria,
        (passed, float(failed.mean())), None, (passed, float((p <= ALPHA).any(axis=1).mean())), None, draws,
    )  # fmt: skip


def rows(draws: int = 2_000) -> Iterator[Row]:
    """Every simulated row; `draws` models each, fewer where one is expensive."""
    for scenario in MEANS:
        for n in (20, 50, 100, 300, 1000):
            yield mean(*scenario, n, draws)
    for rate in (0.8, 0.95):
        for clusters in (10, 20, 50, 100):
            yield clustered(rate, clusters, draws)
    for n in (50, 100, 200, 500, 1000):
        yield corpus(n, draws)
        yield corpus_pair(n, draws)
    for n in (30, 100, 300):
        yield perplexity(n, draws, compared=False)
        yield perplexity(n, draws, compared=True)
    for n in (50, 100, 300, 1000):
        yield unbounded(n, draws // 2)
    for blocks in (10, 20, 50):
        yield latency(blocks, draws // 4)
    yield from judges.rows(draws)
    for count, n in ((5, 50), (8, 50), (20, 100)):
        yield slices(count, n, 20 * draws)
    for criteria in (5, 20):
        yield suite(criteria, 20 * draws)
