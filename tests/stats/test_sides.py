"""Several sides and slices: what is held back, and what is known of the worst of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.criterion import parse
from harness.gate import decide
from harness.score import EVERY, NOWHERE, Quantity, Scores, table
from harness.stats import level
from harness.stats.proportion import clopper_pearson, of_counts
from harness.stats.sides import worst

RATE = Quantity("rate", "proportion", whole="worst")


def rates(counts: dict[str, tuple[int, int]], **more: object) -> Scores:
    names = [name for name, (_, n) in counts.items() for _ in range(n)]
    values = [float(at < hits) for hits, n in counts.values() for at in range(n)]
    quantity = Quantity("rate", "proportion", whole="worst", **more)  # type: ignore[arg-type]
    return table(quantity, [str(at) for at in range(len(names))], values, groups={"g": names})


def test_the_worst_rate_is_bounded_by_all_from_below_and_by_any_from_above() -> None:
    found = level(rates({"a": (90, 100), "b": (60, 100), "c": (70, 100)}), confidence=0.95, seed="x")
    assert found.value == 0.6
    assert found.low == pytest.approx(clopper_pearson(60, 100, 0.95)[0])
    assert found.high == pytest.approx(clopper_pearson(60, 100, 1 - 0.05 / 3)[1])
    assert found.note == "the worst of 3: g=b"


def test_where_less_is_better_the_greatest_is_the_worst() -> None:
    parts = [("a", of_counts(5, 100)), ("b", of_counts(20, 100))]
    found = worst(Quantity("errors", "proportion", "lower"), parts).at(0.95)
    assert found.value == 0.2
    assert found.high == pytest.approx(clopper_pearson(20, 100, 0.95)[1])
    assert found.low == pytest.approx(clopper_pearson(20, 100, 0.975)[0])


def test_a_band_is_left_by_the_one_that_is_furthest_out() -> None:
    ratio = Quantity("ratio", "impact", "neither", (0.0, math.inf))
    parts = [("a", of_counts(40, 100)), ("b", of_counts(90, 100))]
    found = worst(ratio, parts).at(0.95)
    assert found.value == 0.4
    assert found.high == pytest.approx(clopper_pearson(90, 100, 0.95)[1])


def test_what_is_held_back_leaves_the_worst_open_on_one_side() -> None:
    scores = rates({"a": (90, 100), "b": (40, 100), "c": (5, 5)}, least=30)
    found = level(scores, confidence=0.95, seed="x")
    assert found.value == 0.4
    assert found.low is None
    assert found.high is not None
    assert "g=c: 5 samples, but at least 30 are needed" in found.note
    models = {"candidate": {"rate": scores}}
    assert decide(parse("f.rate >= 0.6"), models, seed="x").verdict == "fail"
    assert decide(parse("f.rate >= 0.2"), models, seed="x").verdict == "inconclusive"
    assert decide(parse("f.rate[g=a] >= 0.7"), models, seed="x").verdict == "pass"
    small = decide(parse("f.rate[g=c] >= 0.2"), models, seed="x")
    assert small.verdict == "inconclusive"
    assert small.candidate is not None
    assert (small.candidate.value, small.candidate.low) == (1.0, None)


def test_a_difference_is_held_back_too() -> None:
    scores = rates({"a": (90, 100), "c": (5, 5)}, least=30)
    models = {"candidate": {"rate": scores}, "base": {"rate": scores}}
    assert decide(parse("f.rate[c] >= base - 0.9"), models, seed="x").verdict == "inconclusive"
    assert decide(parse("f.rate[a] >= base - 0.9"), models, seed="x").verdict == "pass"


def test_rows_of_no_slice_are_in_none_and_rows_of_every_slice_in_each() -> None:
    values = ("a", EVERY, NOWHERE, "b")
    scores = table(RATE, "wxyz", [1.0, 1.0, 0.0, 0.0], groups={"g": values})
    assert scores.slices() == {"g=a": [0, 1], "g=b": [1, 3]}
    assert scores.part([0, 1]).quantity.whole == "all"


def test_bounds_of_the_worst_of_equals_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(8)
    missed = np.zeros(2)
    for _ in range(600):
        hits = rng.binomial(80, 0.7, size=4)
        low, high = worst(RATE, [(str(at), of_counts(int(x), 80)) for at, x in enumerate(hits)]).bounds(0.95)
        missed += [low is not None and low > 0.7, high is not None and high < 0.7]
    assert missed[0] / 600 <= 0.05
    assert missed[1] / 600 <= 0.06
