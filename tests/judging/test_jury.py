"""Juries: the majority passes, scores are averaged, and silence is not agreement."""

from __future__ import annotations

import random

import pytest

from harness.judging import jury
from harness.judging.hearing import Compared
from harness.judging.rubric import Rubric
from harness.judging.verdict import Verdict
from harness.stats.agreement import alpha_of

NONE = Verdict(None, fault="the judge gave no answer: away")


@pytest.mark.parametrize(
    ("scores", "score", "passes"),
    [
        ([1.0], 1.0, True),
        ([0.5], 0.5, False),
        ([1.0, 1.0, 0.0], 2 / 3, True),
        ([1.0, 0.0, 0.0], 1 / 3, False),
        ([1.0, 0.0], 0.5, False),
        ([1.0, 1.0, None], 1.0, True),
        ([1.0, None, None], None, None),
        ([1.0, None], None, None),
        ([None], None, None),
    ],
)
def test_the_majority_of_those_who_spoke(
    items: Rubric, scores: list[float | None], score: float | None, passes: bool | None
) -> None:
    found = jury.together([NONE if s is None else Verdict(s) for s in scores], items)
    assert found[0] == (pytest.approx(score) if score is not None else None)
    assert found[1] is passes
    assert bool(found[2]) == (score is None)


def test_comparisons_need_more_than_half_of_the_judges() -> None:
    lost = Compared(None, None, fault="away")
    assert jury.compared([Compared(1.0, True), Compared(0.5, False), lost]) == (0.75, "")
    assert jury.compared([Compared(1.0, True), lost]) == (None, "away")


def test_alpha_is_krippendorffs_over_what_several_judged() -> None:
    rng = random.Random(3)
    one = [rng.choice([0.0, 0.5, 1.0]) for _ in range(40)]
    two = [value if rng.random() < 0.8 else 1.0 - value for value in one]
    holes: list[float | None] = [*two[:30], *[None] * 10]
    assert jury.alpha([one, holes]) == pytest.approx(alpha_of([one[:30], two[:30]], "interval"))


def test_alpha_is_unknown_where_nothing_differs_or_too_little_is_shared() -> None:
    assert jury.alpha([[1.0] * 40]) is None
    assert jury.alpha([[1.0] * 40, [1.0] * 40]) is None
    assert jury.alpha([[0.0, 1.0] * 4, [0.0, 1.0] * 4]) is None
