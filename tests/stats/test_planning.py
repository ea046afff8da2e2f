"""Power, the outlook of a criterion, planned looks and the noise floor."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from harness.criterion import parse
from harness.estimate import Estimate
from harness.gate import decide
from harness.score import Quantity, table
from harness.stats import multiplicity, power, proportion, sequential
from harness.stats.floor import floor_warning, margin_warning, noise_floor
from harness.stats.outlook import outlook

ACCURACY = Quantity("accuracy", "proportion")


def test_power_is_what_the_real_gate_does() -> None:
    n, truth = 60, 0.9
    models = {
        x: decide(
            parse("t.accuracy >= 0.8"),
            {"candidate": {"accuracy": table(ACCURACY, map(str, range(n)), [1.0] * x + [0.0] * (n - x))}}, seed="",
        ).verdict == "pass"
        for x in range(n + 1)
    }  # fmt: skip
    weight = [math.comb(n, x) * truth**x * (1 - truth) ** (n - x) for x in range(n + 1)]
    simulated = sum(w for x, w in enumerate(weight) if models[x])
    assert power.proportion_power(n, truth, ">=", 0.8, 0.95) == pytest.approx(simulated)


@pytest.mark.parametrize(("op", "target"), [(">=", -0.05), (">", 0.0), ("<=", 0.05)])
def test_paired_power_is_what_the_bounds_say(op: str, target: float) -> None:
    n, up, down = 25, 0.12, 0.06
    total = 0.0
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            low, high = proportion.of_pairs(gained, lost, n).bounds(0.95)
            assert low is not None
            assert high is not None
            if (low >= target) if op != "<=" else (high <= target):
                ways = math.comb(n, gained) * math.comb(n - gained, lost)
                total += ways * up**gained * down**lost * (1 - up - down) ** (n - gained - lost)
    assert power.paired_power(n, up + down, up - down, op, target, 0.95) == pytest.approx(total, abs=1e-9)


def test_equivalence_is_both_sides_at_once() -> None:
    found = power.equivalence_power(400, 0.04, 0.0, -0.03, 0.03, 0.95)
    one = power.paired_power(400, 0.04, 0.0, ">=", -0.03, 0.95)
    assert 2 * one - 1 <= found + 1e-9 <= one + 1e-9


def test_two_thousand_pairs_are_enumerated_in_under_a_second() -> None:
    began = time.perf_counter()
    power.paired_power(2000, 0.5, 0.0, ">=", -0.05, 0.95)
    power.proportion_power(2000, 0.9, ">=", 0.88, 0.95)
    assert time.perf_counter() - began < 1


def test_sample_sizes_reach_the_power_they_promise() -> None:
    n = power.proportion_samples(0.9, ">=", 0.85, 0.95)
    assert n is not None
    assert power.proportion_power(n, 0.9, ">=", 0.85, 0.95) >= 0.8
    assert power.proportion_power(round(n * 0.9), 0.9, ">=", 0.85, 0.95) < 0.8
    pairs = power.paired_samples(0.1, 0.0, ">=", -0.05, 0.95)
    assert pairs is not None
    assert 240 < pairs < 270
    assert power.paired_samples(0.1, 0.0, ">", 0.0, 0.95) is None
    assert power.proportion_samples(0.8, ">=", 0.8, 0.95) is None
    assert power.proportion_samples(0.02, "<=", 0.05, 0.95) == power.proportion_samples(0.98, ">=", 0.95, 0.95)


def test_first_guesses_are_the_published_ones() -> None:
    found = [power.margin_samples(margin, 0.1, 0.95) for margin in (0.05, 0.03, 0.02)]
    assert found == pytest.approx([247.3, 687.0, 1545.6], abs=0.1)
    assert power.drop_samples(0.02, 0.1, 0.95) == pytest.approx(1544, abs=1)
    assert power.effective_samples(1000, 5, 0.3) == pytest.approx(1000 / 2.2)
    assert power.needed_for_suite(5) == pytest.approx(0.956, abs=5e-4)


@pytest.mark.parametrize(
    ("that", "n", "said"),
    [
        ("t.accuracy >= 0.85", 200, "needs 179 of 200 right"),
        ("t.accuracy >= 0.95", 50, "not even 50 of 50 would pass; at least 59 are needed"),
        ("t.accuracy <= 0.05", 200, "allows 4 of 200"),
        (
            "t.accuracy >= base - 0.05",
            200,
            "passes with 69% if nothing changed, with 80% if the true difference is +0.00747 (discordance 10%)",
        ),
        ("t.accuracy > base", 200, "passes with 80% if the true difference is +0.0556 (discordance 10%)"),
        ("t.accuracy in [base - 0.02, base + 0.02]", 200, "80% would take 2,"),
        ("t.accuracy >= 0.9 * base", 200, "if it varies as much as it can"),
    ],
)
def test_the_outlook_of_a_proportion(that: str, n: int, said: str) -> None:
    assert said in outlook(parse(that), ACCURACY, n).sentence


def test_the_outlook_says_what_cannot_be_known() -> None:
    f1 = Quantity("f1", "corpus")
    assert "run once, then plan again" in outlook(parse("t.f1 >= 0.8"), f1, 200).sentence
    assert not outlook(parse("t.f1 >= 0.8"), f1, 40).possible
    pilot = Estimate(0.86, 0.82, 0.90, 0.9, 200)
    found = outlook(parse("t.f1 >= 0.8"), f1, 200, pilot=pilot)
    assert found.p_pass == pytest.approx(0.79, abs=0.02)
    assert found.n_needed is not None
    p95 = Quantity("p95", "quantile", "lower", (0, math.inf), "s", quantile=0.95)
    assert outlook(parse("t.p95 <= 300ms"), p95, 58).sentence == "58 samples can decide nothing; at least 59 are needed"
    assert "any number of samples decides" in outlook(parse("t.rate <= 0"), Quantity("rate", "census"), 3).sentence
    assert "9 clusters can decide nothing" in outlook(parse("t.accuracy >= 0.8"), ACCURACY, 90, clusters=9).sentence


def test_many_claims() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    assert multiplicity.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert multiplicity.benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(1)
    for _ in range(20):
        p = (rng.random(12) ** 2).tolist()
        for name, mine in (("holm", "holm"), ("fdr_bh", "benjamini_hochberg"), ("fdr_by", "benjamini_yekutieli")):
            assert getattr(multiplicity, mine)(p) == pytest.approx(multipletests(p, method=name)[1])
    assert multiplicity.partial_conjunction([0.01, 0.2, 0.5], 3) == 0.5
    assert multiplicity.best_of(0.05, 5) == pytest.approx(0.01)
    assert multiplicity.holm([]) == []
    with pytest.raises(ValueError, match="at least 4 of 3"):
        multiplicity.partial_conjunction([0.1] * 3, 4)
    with pytest.raises(ValueError, match="a p-value lies between"):
        multiplicity.holm([math.nan])


def test_planned_looks_hold_their_alpha() -> None:
    for looks in (1, 2, 3, 5, 8):
        bounds = sequential.obrien_fleming(looks, 0.1)
        assert sequential.crossing(bounds) == pytest.approx(0.1, abs=1e-5)
        assert list(bounds) == sorted(bounds, reverse=True)
    held = [sequential.look_confidence(k, 3, 0.95) for k in (1, 2, 3)]
    assert held[0] > held[1] > held[2] > 0.95
    rng = np.random.default_rng(8)
    z = np.cumsum(rng.normal(size=(40_000, 3)), axis=1) / np.sqrt([1, 2, 3])
    crossed = (z > np.array(sequential.obrien_fleming(3, 0.1))).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.004)
    with pytest.raises(ValueError, match="look 4 was not planned"):
        sequential.look_confidence(4, 3, 0.95)


def test_a_confidence_sequence_holds_at_every_size() -> None:
    rng, n = np.random.default_rng(9), 200
    missed = 0
    for _ in range(300):
        successes = np.cumsum(rng.random(n) < 0.8)
        inside = []
        for m in range(1, n + 1, 9):
            low, high = sequential.confidence_sequence(int(successes[m - 1]), m, 0.05)
            inside.append(low <= 0.8 <= high)
        missed += not all(inside)
    assert missed / 300 < 0.05
    assert sequential.confidence_sequence(0, 0, 0.05) == (0.0, 1.0)
    assert sequential.confidence_sequence(20, 20, 0.05)[1] == 1.0


def test_the_noise_floor() -> None:
    ids = [f"s{i}" for i in range(300)]
    first = table(ACCURACY, ids, [1.0] * 250 + [0.0] * 50)
    second = table(ACCURACY, ids, [0.0] * 3 + [1.0] * 250 + [0.0] * 47)
    same = noise_floor(first, first, seed="x")
    assert (same.size, same.changed) == (0.0, 0)
    assert "the same score on all 300 samples" in same.sentence
    floor = noise_floor(first, second, seed="x")
    assert (floor.changed, floor.discordance) == (6, 0.02)
    assert floor.size is not None
    assert 0.005 < floor.size < 0.03
    assert "below the noise floor" in floor_warning(parse("t.accuracy >= base - 0.005"), floor)
    assert floor_warning(parse("t.accuracy >= base - 0.05"), floor) == ""
    assert floor_warning(parse("t.accuracy >= 0.8"), floor) == ""


def test_a_margin_that_accepts_losing_half_of_the_task_is_told() -> None:
    told = margin_warning(parse("t.accuracy >= base - 0.3"), 0.9, 0.5)
    assert told.startswith("t.accuracy >= base - 0.3: the margin 0.3 would accept losing half of what base has learnt")
    assert margin_warning(parse("t.accuracy >= base - 0.1"), 0.9, 0.5) == ""
    assert margin_warning(parse("t.accuracy >= 0.7 * base"), 0.9, 0.5) != ""
    assert margin_warning(parse("t.accuracy > base + 0.3"), 0.9, 0.5) == ""
    assert margin_warning(parse("t.accuracy >= base - 0.3"), None, 0.5) == ""
