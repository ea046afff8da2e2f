"""Spread: nothing where ways of asking are equally good, what was planted where they are not, and bounds that hold."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from harness.stats.spread import by_chance, spread, spread_difference


def answers(rng: np.random.Generator, rates: list[float], n: int, *, easy: float = 0.0) -> np.ndarray:
    """(n, K) right or wrong; a share of the samples is right under every format."""
    made = (rng.random((n, len(rates))) < np.asarray(rates)).astype(float)
    made[rng.random(n) < easy] = 1.0
    return made


def test_chance_is_that_of_all_permutations() -> None:
    """Of four samples and three formats every relabelling can be counted."""
    values = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 1]], dtype=float)
    every = [
        np.ptp(np.array([row[list(order)] for row, order in zip(values, orders, strict=True)]).mean(axis=0))
        for orders in product(permutations(range(3)), repeat=4)
    ]
    found = by_chance(values, seed=1, permutations=20_000)
    assert found.raw == pytest.approx(0.75)
    assert found.expected == pytest.approx(np.mean(every), abs=0.005)
    assert found.p_value == pytest.approx(np.mean(np.array(every) >= 0.75 - 1e-12), abs=0.01)


@pytest.mark.parametrize(("n", "wanted"), [(50, 0.173), (100, 0.123), (300, 0.071)])
def test_ten_equally_good_formats_show_a_plain_spread_and_none_beyond_chance(n: int, wanted: float) -> None:
    """The plain spread of ten formats that are all right with 80 % is what FormatSpread would report."""
    rng = np.random.default_rng(n)
    found = [by_chance(answers(rng, [0.8] * 10, n), seed=at, permutations=200) for at in range(120)]
    assert np.mean([one.raw for one in found]) == pytest.approx(wanted, abs=0.012)
    assert np.mean([one.raw - one.expected for one in found]) == pytest.approx(0.0, abs=0.008)
    assert np.mean([one.p_value > 0.05 for one in found]) >= 0.90


def test_p_values_claim_no_more_than_they_may_where_formats_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    found = np.array([by_chance(answers(rng, [0.7] * 6, 80, easy=0.5), seed=at, permutations=199).p_value
                      for at in range(300)])  # fmt: skip
    for at in (0.05, 0.2, 0.5, 0.8):  # spreads come in steps of 1/80, so that ties make it say less, never more
        assert at / 2 < np.mean(found <= at) < at + 0.05


def test_a_planted_spread_is_found() -> None:
    rng = np.random.default_rng(1)
    values = answers(rng, [0.9] * 9 + [0.6], 1000)
    found = spread(values, width=1.0, seed=1)
    low, high = found.bounds(0.95)
    assert found.value == pytest.approx(0.30, abs=0.06)
    assert low is not None
    assert high is not None
    assert 0.2 < low < 0.3 < high < 0.4
    assert "p = 0.000999" in found.note


@pytest.mark.parametrize("rates", [[0.8] * 6, [0.9] * 5 + [0.6], [0.9, 0.88, 0.86, 0.84, 0.82, 0.8]])
def test_both_bounds_hold_the_true_spread(rates: list[float]) -> None:
    """Neither is missed in more than 5 % of 300 experiments (and what that is known to within)."""
    truth, rng = max(rates) - min(rates), np.random.default_rng(7)
    low_missed = high_missed = 0
    for at in range(300):
        low, high = spread(answers(rng, rates, 100), width=1.0, seed=at).bounds(0.95)
        assert low is not None
        assert high is not None
        low_missed += low > truth
        high_missed += high < truth
    assert low_missed <= 24
    assert high_missed <= 24


def test_samples_of_a_cluster_are_permuted_together() -> None:
    """Ten samples that are one and the same say no more than one."""
    rng = np.random.default_rng(2)
    values = answers(rng, [0.8] * 5, 40)
    repeated, clusters = np.repeat(values, 10, axis=0), [str(at) for at in range(40) for _ in range(10)]
    alone, together = by_chance(values, seed=1), by_chance(repeated, clusters, seed=1)
    assert together.raw == pytest.approx(alone.raw)
    assert together.p_value == pytest.approx(alone.p_value, abs=0.03)
    assert by_chance(repeated, seed=1).p_value < 0.01 < alone.p_value
    one, two = spread(values, width=1.0, seed=1), spread(repeated, width=1.0, clusters=clusters, seed=1)
    assert one.bounds(0.95) == pytest.approx(two.bounds(0.95))


def test_too_little_to_say() -> None:
    one = answers(np.random.default_rng(1), [0.8] * 3, 9)
    assert spread(one, width=1.0, seed=1).bounds(0.95) == (None, None)
    assert "9 samples are too few for a spread; at least 10 are needed" in spread(one, width=1.0, seed=1).note
    assert "only one way of asking" in spread(np.ones((50, 1)), width=1.0, seed=1).note
    assert "has no bounds" in spread(np.ones((50, 2)), width=np.inf, seed=1).note
    few = spread(np.ones((50, 2)), width=1.0, clusters=["a"] * 25 + ["b"] * 25, seed=1)
    assert few.bounds(0.95) == (None, None)
    assert "2 clusters are too few" in few.note


def test_the_same_under_every_format_is_no_spread_but_not_certain() -> None:
    found = spread(np.ones((60, 4)), width=1.0, seed=1)
    low, high = found.bounds(0.95)
    assert (found.value, low) == (0.0, 0.0)
    assert high is not None
    assert 0 < high < 0.06
    assert "p = 1" in found.note


def test_the_difference_of_two_spreads() -> None:
    rng = np.random.default_rng(4)
    new, old = (spread(answers(rng, [0.9, 0.9, rate], 600), width=1.0, seed=1) for rate in (0.5, 0.8))
    found = spread_difference(new, old, 1.0)
    low, high = found.bounds(0.95)
    assert low is not None
    assert high is not None
    assert 0 < low < 0.3 < high
    assert spread_difference(new, spread(np.ones((5, 2)), width=1.0, seed=1), 1.0).bounds(0.95) == (None, None)
