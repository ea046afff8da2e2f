"""Resampling against scipy, and what seeds promise."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from harness.score import Quantity, Totals, table
from harness.stats import difference, level, level_evidence, replicates, resample

RNG = np.random.default_rng(11)
ROWS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=float)[RNG.choice(4, 300, p=[0.4, 0.1, 0.1, 0.4])]


def f1(sums: Any, sizes: Any) -> Any:
    with np.errstate(invalid="ignore"):
        return 2 * sums[..., 0] / (2 * sums[..., 0] + sums[..., 1] + sums[..., 2])


def test_bca_agrees_with_scipy() -> None:
    units = resample.units_of(ROWS, None)
    made = resample.replicate(units, [f1], resamples=99_999, seed=1)[0]
    sums, size = units.totals
    value = float(f1(sums, size))
    found = replicates.bca_of(made, value, resample.leave_one_out(units, f1), units.counts)
    assert isinstance(found, replicates.Replicates)
    plain = replicates.Replicates(found.values, 0, found.bias, found.acceleration)
    expected = scipy_stats.bootstrap(
        tuple(ROWS.T), lambda a, b, c, axis=-1: 2 * a.sum(axis) / (2 * a.sum(axis) + b.sum(axis) + c.sum(axis)),
        paired=True, vectorized=True, confidence_level=0.9, method="BCa", n_resamples=20_000, batch=2_000,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    low, high = plain.ends(0.95)
    assert low == pytest.approx(expected.confidence_interval.low, abs=2e-3)
    assert high == pytest.approx(expected.confidence_interval.high, abs=2e-3)
    wide_low, wide_high = found.ends(0.95)
    assert wide_low is not None
    assert wide_high is not None
    assert low is not None
    assert high is not None
    assert low - 0.01 < wide_low < low
    assert high < wide_high < high + 0.01


def test_resamples_do_not_depend_on_how_they_are_chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    for rows in (ROWS, RNG.random((300, 2))):
        units = resample.units_of(rows, None)
        whole = np.concatenate(list(resample.draws(units, 500, 3)))
        monkeypatch.setattr(resample, "_CELLS", 2_000)
        parts = np.concatenate(list(resample.draws(units, 500, 3)))
        monkeypatch.undo()
        assert (whole == parts).all()
        assert (whole.sum(axis=1) == 300).all()


def test_the_seed_is_the_ids_whatever_their_order() -> None:
    assert resample.seed_of("a", ["x", "y"]) == resample.seed_of("a", ["y", "x"])
    assert len({resample.seed_of(*pair) for pair in (("a", "xy"), ("b", "xy"), ("a", "xz"), ("a", ["xy"]))}) == 4
    assert resample.seed_of("a", ["x"]) < 2**53


def test_the_hash_seed_of_python_changes_nothing() -> None:
    code = (
        "from harness.score import *; from harness.stats import level\n"
        "q = Quantity('f', 'corpus', combine=lambda t: t['a'] / (t['a'] + t['b']))\n"
        "s = table(q, map(str, range(90)), [{'a': i % 3} if i % 2 else {'b': i % 5} for i in range(90)])\n"
        "print(level(s, confidence=0.95, seed='s'))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert "bca" in found.pop()


def test_several_metrics_share_their_draws() -> None:
    units = resample.units_of(ROWS, None)
    recall = resample.statistic_of(lambda t: t.sums[..., 0] / (t.sums[..., 0] + t.sums[..., 2]), ("tp", "fp", "fn"))
    both = resample.replicate(units, [f1, recall], resamples=300, seed=4)
    assert (both[0] == resample.replicate(units, [f1], resamples=300, seed=4)[0]).all()
    assert (both[1] == resample.replicate(units, [recall], resamples=300, seed=4)[0]).all()


def test_undefined_resamples_count_against_both_ends() -> None:
    values = np.arange(1, 100, dtype=float)
    assert replicates.Replicates(values, 0).ends(0.95) == pytest.approx((5.0, 95.0))
    # Of 104 places, the 5.2nd from either end; four of them are beyond everything.
    assert replicates.Replicates(values, 4).ends(0.95) == pytest.approx((1.2, 98.8))
    assert replicates.Replicates(values, 5).ends(0.96) == (None, None)


def test_quantiles_beyond_the_replicates_are_unknown() -> None:
    values = np.arange(1, 10, dtype=float)
    assert replicates.quantiles(values, 0.5) == 5
    assert replicates.quantiles(values, 0.05) is None
    assert replicates.quantiles(values, 0.95) is None


def test_a_studentized_interval_of_a_normal_mean_is_about_the_t() -> None:
    x = np.random.default_rng(6).normal(3, 2, 400)
    found = resample.studentized(resample.units_of(x, None), seed=1, limits=(-math.inf, math.inf)).at(0.95)
    half = scipy_stats.t.ppf(0.95, 399) * x.std(ddof=1) / 20
    assert [found.low, found.high] == pytest.approx([x.mean() - half, x.mean() + half], abs=0.02)


def macro(totals: Totals) -> np.ndarray:
    from harness import confusion

    return confusion.f1(totals)


def classified(answers: list[str], gold: list[str], *, extremes: bool = True) -> Any:
    from harness.confusion import outcome

    choices = sorted(set(gold))
    rows = [outcome(a, [g], True, choices) for a, g in zip(answers, gold, strict=True)]
    ends = [(outcome("", [g], False, choices), outcome(g, [g], True, choices)) for g in gold] if extremes else None
    ids = [f"s{i}" for i in range(len(gold))]
    return table(Quantity("macro_f1", "corpus", combine=macro), ids, rows, extremes=ends)


def test_a_perfect_macro_f1_has_a_bound() -> None:
    gold = ["a"] * 120 + ["b"] * 60 + ["c"] * 20
    perfect = level(classified(gold, gold), confidence=0.95, seed="x")
    assert (perfect.value, perfect.high, perfect.method) == (1.0, 1.0, "clopper_pearson_mixture")
    # At most 1 − 0.05^(1/200) of all answers could be wrong; all of them in the rarest class hurt most.
    lost = 200 * (1 - 0.05 ** (1 / 200)) / 20
    recall = 1 - lost
    assert perfect.low == pytest.approx((2 + 2 * recall / (1 + recall)) / 3)
    unknown = level(classified(gold, gold, extremes=False), confidence=0.95, seed="x")
    assert not unknown.known
    assert "every resample has the same value" in unknown.note


def test_a_model_that_is_always_wrong_has_a_bound_too() -> None:
    gold = ["a", "b"] * 60
    wrong = level(classified(["b", "a"] * 60, gold), confidence=0.95, seed="x")
    assert (wrong.value, wrong.low) == (0.0, 0.0)
    assert wrong.high is not None
    assert 0 < wrong.high < 0.05


def test_identical_classifiers_differ_by_nothing_that_is_sure() -> None:
    gold = ["a"] * 120 + ["b"] * 80
    same = classified(["a"] * 110 + ["b"] * 90, gold)
    gap = difference(same, same, confidence=0.95, seed="x")
    assert gap.value == 0
    assert gap.low is not None
    assert gap.high is not None
    assert -0.05 < gap.low < 0 < gap.high < 0.05


def test_a_class_with_few_gold_answers_is_named() -> None:
    gold = ["a"] * 120 + ["b"] * 76 + ["rare"] * 4
    found = level(classified(gold, gold), confidence=0.95, seed="x")
    assert not found.known
    assert found.note.startswith("only 4 samples have the gold answer 'rare'")


def test_too_few_samples_say_nothing_of_a_corpus_metric() -> None:
    gold = ["a", "b"] * 24
    assert "48 samples are too few" in level(classified(gold, gold), confidence=0.95, seed="x").note


def test_a_skewed_mean_far_from_its_limit_fails_surely() -> None:
    rng = np.random.default_rng(3)
    lengths = 35 - rng.gamma(0.5, 6, 60)
    quantity = Quantity("tokens", "unbounded", "lower", (0, math.inf), "tokens")
    made = table(quantity, [f"s{i}" for i in range(60)], lengths.tolist())
    from harness.stats import level_evidence

    evidence = level_evidence(made, seed="x")
    p = evidence.p_value(lambda low, high: low is not None and low > 20)
    assert p < 0.001
    assert p >= 1e-4
    assert evidence.bounds(0.999)[0] is not None
    assert evidence.bounds(0.99999) == (None, None)


def test_tails_are_continued_as_those_of_a_normal() -> None:
    values = np.sort(np.random.default_rng(2).normal(size=9_999))
    for level_ in (1e-5, 1 - 1e-5):
        found = replicates.extended(values, level_)
        assert found == pytest.approx(scipy_stats.norm.ppf(level_), abs=0.4)
    assert replicates.extended(values, 0.3) == replicates.quantiles(values, 0.3)
    assert replicates.extended(values[:50], 1e-5) is None


@pytest.mark.parametrize("short", [0, 1, 2])
def test_replicates_of_few_values_still_prove_what_is_far(short: int) -> None:
    """Answers of 33 or 34 tokens: near one half both bounds fall on one point, which is no reason to prove nothing."""
    quantity = Quantity("tokens_per_answer", "unbounded", "lower", (0.0, math.inf))
    values = np.where(np.random.default_rng(1).random(60) < 0.3, 33.0, 34.0)
    values[:short] = 25.0
    found = level_evidence(table(quantity, [str(at) for at in range(60)], list(map(float, values))), seed="x")
    assert found.p_value(lambda low, high: low is not None and low > 20) < 1e-3
    assert found.p_value(lambda low, high: high is not None and high < 20) == 1.0
