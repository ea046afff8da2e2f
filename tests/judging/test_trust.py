"""Trust: agreement by its lower bound, held to independent implementations, and every way of not deserving it."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from harness.judging import trust
from harness.judging.trust import AC1, Demands, Figure, Trust, ceiling, hold


def heard(n: int, wrong: int, *, good: float = 0.5, seed: int = 1) -> tuple[list[float], list[float]]:
    """Verdicts and labels of n answers; the judge errs on `wrong` of them."""
    rng = random.Random(seed)
    people = [float(at < good * n) for at in range(n)]
    missed = set(rng.sample(range(n), wrong))
    return [1 - label if at in missed else label for at, label in enumerate(people)], people


def named(found: Trust, name: str) -> Figure:
    return next(figure for figure in found.figures if figure.name == name)


def test_a_good_judge_is_trusted() -> None:
    found = hold(*heard(150, 12), Demands(100, 0.7), "s")
    assert found.trusted, found.faults
    agreement = named(found, "agreement")
    assert (agreement.value, agreement.n) == (138 / 150, 150)


def test_sides_and_youden_are_those_of_the_table() -> None:
    said, people = heard(160, 20, good=0.4)
    found = hold(said, people, Demands(), "s")
    good = [s for s, p in zip(said, people, strict=True) if p]
    bad = [s for s, p in zip(said, people, strict=True) if not p]
    assert named(found, "sensitivity").value == sum(good) / len(good)
    assert named(found, "specificity").value == 1 - sum(bad) / len(bad)
    whole = named(found, "sensitivity + specificity − 1")
    assert whole.value == pytest.approx(sum(good) / len(good) - sum(bad) / len(bad))
    assert whole.low is not None
    assert whole.value is not None
    assert whole.low < whole.value


def test_ac1_and_alpha_are_what_others_compute() -> None:
    """Gwet's formula written out, and statsmodels' table of agreement beside it."""
    from statsmodels.stats.inter_rater import aggregate_raters

    said, people = heard(200, 31, good=0.8, seed=4)
    found = hold(said, people, Demands(), "s")
    counts, _ = aggregate_raters(np.array([said, people]).T.astype(int))
    seen = (counts * (counts - 1)).sum() / (2 * len(counts))
    share = counts.sum(axis=0) / counts.sum()
    chance = (share * (1 - share)).sum()
    assert named(found, AC1).value == pytest.approx((seen - chance) / (1 - chance))
    # For two raters, two categories and n items: alpha = 1 − (2n − 1)·discord / (2n·n·expected).
    total = counts.sum()
    expected = 2 * counts[:, 0].sum() * counts[:, 1].sum() / (total * (total - 1))
    assert named(found, "Krippendorff's α").value == pytest.approx(1 - (1 - seen) / expected)


def test_a_perfect_judge_is_trusted_though_nothing_can_be_resampled() -> None:
    for wrong in (0, 1):
        found = hold(*heard(60, wrong), Demands(60, 0.7), "s")
        assert found.trusted, found.faults
        low = named(found, AC1).low
        agreement = named(found, "agreement").low
        assert low is not None
        assert agreement is not None
        assert low == pytest.approx(2 * agreement - 1)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60))
def test_ac1_is_never_below_what_agreement_implies(rows: list[tuple[bool, bool]]) -> None:
    from harness.stats import agreement as agreements

    table, kinds = agreements.pairs([a for a, _ in rows], [b for _, b in rows])
    agree = sum(a == b for a, b in rows) / len(rows)
    if len(kinds) == 2:
        assert float(agreements.ac1(table.sum(axis=0))) >= 2 * agree - 1 - 1e-9


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (heard(80, 2), "80 human labels, where 100 are declared"),
        (heard(200, 10, good=0.95), "only 10 labels of the rarer kind, where 30 are needed"),
        (heard(200, 80), "agreement is 0.6, and only "),
        (heard(200, 80), "Gwet's AC1 is "),
        (([1.0] * 200, heard(200, 0)[1]), "sensitivity + specificity − 1 is 0, and only "),
        (([], []), "0 human labels, where 100 are declared"),
        (([1.0] * 120, [1.0] * 120), "sensitivity + specificity − 1 is not known from 120 labels"),
        (heard(200, 200), "agreement is 0, and only 0 is shown, where 0.7 is wanted"),
    ],
)
def test_each_reason_for_no_trust_is_a_sentence(said: tuple[list[float], list[float]], told: str) -> None:
    found = hold(*said, Demands(), "s")
    assert any(told in fault for fault in found.faults), found.faults


def test_agreement_is_judged_by_its_bound_and_not_by_its_value() -> None:
    said = heard(100, 25)
    assert not hold(*said, Demands(100, 0.7), "s").trusted
    low = named(hold(*said, Demands(100, 0.7), "s"), "agreement").low
    assert low is not None
    assert low < 0.7 < 0.75


def test_the_bounds_do_not_admit_a_judge_that_is_not_good_enough() -> None:
    """Of judges whose true agreement is just what is demanded, about one in twenty at most is admitted by agreement."""
    rng = random.Random(7)
    admitted = 0
    for at in range(200):
        people = [float(rng.random() < 0.5) for _ in range(120)]
        said = [p if rng.random() < 0.8 else 1 - p for p in people]
        evidence = named(hold(said, people, Demands(100, 0.8), f"s{at}"), "agreement")
        admitted += evidence.low is not None and evidence.low >= 0.8
    assert admitted <= scipy_stats.binom.ppf(0.999, 200, 0.05)


def test_pairs_have_three_kinds() -> None:
    people = [1.0, 0.5, 0.0] * 50
    found = hold([1.0, 0.75, 0.0] * 50, people, Demands(), "s")
    assert named(found, "agreement").value == pytest.approx(2 / 3)
    assert named(found, "sensitivity").n == 50


def test_the_human_ceiling_needs_people_who_saw_the_same() -> None:
    assert ceiling([[1.0]] * 100) is None
    assert ceiling([[1.0, 0.0]] * 29) is None
    found = ceiling([[1.0, 1.0]] * 20 + [[1.0, 0.0]] * 20)
    assert found is not None
    assert (found.value, found.n) == (0.5, 40)
    three = ceiling([[1.0, 1.0, 0.0]] * 30)
    assert three is not None
    assert (three.value, three.n) == (pytest.approx(1 / 3), 90)


def test_demands_are_stated() -> None:
    assert (trust.LEAST_AC1, trust.LEAST_YOUDEN, trust.FEWEST_MINORITY) == (0.6, 0.3, 30)
