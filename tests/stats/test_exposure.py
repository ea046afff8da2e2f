"""Exposure of texts: scores of single texts, the sign-flip interval, and what peers get wrong on short texts."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from scipy import stats as scipy_stats

from harness.exchange import Token
from harness.score import Quantity, table
from harness.stats import difference, level
from harness.stats.membership import min_k, min_k_plus_plus, permutation, typical, zlib_ratio
from harness.stats.sureness import decomposition, excess_difference

EXPOSURE = Quantity("delta", "exposure", "lower", (-math.inf, math.inf), "nats")


def tokens(n: int, seed: int) -> list[Token]:
    random = np.random.default_rng(seed)
    return [Token(float(-x), -2.0, 0.5 + float(x) / 4) for x in random.gamma(2.0, 1.0, n)]


def test_short_texts_have_a_score() -> None:
    """`int(n * ratio)` of the published programs is 0 for fewer than five tokens, and the mean of nothing is NaN."""
    for n in range(1, 12):
        found = tokens(n, n)
        assert math.isfinite(min_k([t.logprob for t in found]))
        assert math.isfinite(min_k_plus_plus(found))
    assert min_k_plus_plus([Token(-3.0, -1.0, 0.5)]) == -4.0
    with pytest.raises(ValueError, match="without tokens"):
        min_k_plus_plus([])


def test_min_k_plus_plus_is_the_published_formula() -> None:
    found = tokens(50, 1)
    z = np.array([(t.logprob - t.mean) / t.deviation for t in found])
    assert min_k_plus_plus(found, 0.2) == pytest.approx(np.sort(z)[:10].mean())


def test_zlib_ratio() -> None:
    assert zlib_ratio(-40.0, "abc" * 50) == pytest.approx(-40.0 / len(zlib.compress(b"abc" * 50)))


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_interval_covers_the_shift_as_often_as_it_says(shift: float) -> None:
    covered, trials = 0, 200
    for seed in range(trials):
        values = np.random.default_rng(seed).standard_t(5, 100) + shift
        low, _ = typical(values, seed=seed, draws=999).bounds(0.95)
        covered += low is not None and low <= shift
    assert scipy_stats.binomtest(covered, trials, 0.95).pvalue > 0.01


def test_the_interval_inverts_the_sign_flip_test() -> None:
    """Where the one-sided bound lies, scipy's permutation test of the shifted pairs has p = α."""
    values = np.random.default_rng(4).normal(0.2, 1.0, 150)
    low, _ = typical(values, seed=1).bounds(0.95)
    assert low is not None
    found = scipy_stats.permutation_test(
        (values - low,), np.mean, permutation_type="samples", alternative="greater", n_resamples=4999, rng=1
    )
    assert found.pvalue == pytest.approx(0.05, abs=0.012)


def test_few_pairs_and_pairs_without_spread_say_nothing() -> None:
    ids = [str(at) for at in range(100)]
    found = level(table(EXPOSURE, ids[:99], np.linspace(0, 1, 99).tolist()), confidence=0.95, seed="x")
    assert not found.known
    assert "99 pairs are too few; at least 100 are needed" in found.note
    assert not level(table(EXPOSURE, ids, [0.25] * 100), confidence=0.95, seed="x").known


def test_two_models_are_compared_pair_by_pair() -> None:
    ids, random = [str(at) for at in range(300)], np.random.default_rng(7)
    noise = random.normal(0, 3, 300)
    one, two = table(EXPOSURE, ids, (noise + 0.4).tolist()), table(EXPOSURE, ids, (noise * 0.99).tolist())
    found = difference(one, two, confidence=0.95, seed="x")
    assert found.value == pytest.approx(0.4, abs=0.02)
    assert found.low is not None
    assert found.low > 0.35


def test_the_unpaired_test_is_scipys() -> None:
    random = np.random.default_rng(2)
    one, other = random.normal(0.25, 1, 120), random.normal(0, 1, 140)
    found = permutation(one, other, seed=3, draws=4999)
    mine = scipy_stats.permutation_test(
        (one, other), lambda a, b: np.mean(a) - np.mean(b), alternative="greater", n_resamples=4999, rng=1
    )
    assert found.p == pytest.approx(mine.pvalue, abs=0.01)
    assert found.difference == pytest.approx(mine.statistic)
    assert permutation(one[:99], other, seed=3).p is None


def test_the_parts_of_the_brier_score_add_up_where_confidences_are_discrete() -> None:
    random = np.random.default_rng(5)
    confidence = random.integers(0, 10, 3000) / 10 + 0.05
    correct = (random.random(3000) < confidence**1.5).astype(float)
    reliability, resolution, uncertainty = decomposition(confidence, correct, bins=10)
    assert reliability - resolution + uncertainty == pytest.approx(float(np.mean((confidence - correct) ** 2)))


def test_excess_errors_of_two_models_are_resampled_together() -> None:
    random = np.random.default_rng(6)
    confidence = random.uniform(0.5, 1.0, 600)
    correct = (random.random(600) < confidence).astype(float)
    honest = np.stack([confidence, correct], axis=1)
    boastful = np.stack([np.clip(confidence + 0.2, 0, 1), correct], axis=1)
    low, high = excess_difference(boastful, honest, factor=1.0, seed=1, resamples=999).bounds(0.95)
    assert low is not None
    assert low > 0.08
    assert high is not None
    assert not excess_difference(boastful[:400], honest[:400], factor=1.0, seed=1).bounds(0.95)[0]
