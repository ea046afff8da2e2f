"""At least u of m: the verdict from the members' p-values, and what cannot be measured."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.criterion import parse
from harness.run import BoundRecord, CriterionRecord
from harness.spec import AtLeast
from harness.union import decided

NAMES = ("t.a >= 0.8", "t.b >= 0.8", "t.c >= 0.8")


def member(name: str, p_pass: float | None, p_fail: float | None, **more: Any) -> CriterionRecord:
    verdict = "pass" if (p_pass or 1) <= 0.05 else "fail" if (p_fail or 1) <= 0.05 else "inconclusive"
    fields = {"verdict": verdict, "reason": "so", "bound": BoundRecord(op=">=", value=0.8), **more}
    return CriterionRecord(
        id=name, that=name, check="t", metric=parse(name).metric, p_pass=p_pass, p_fail=p_fail, **fields
    )


def union(least: int, *p: tuple[float | None, float | None], broken: int = 0) -> CriterionRecord:
    members = [member(name, *pair) for name, pair in zip(NAMES, p, strict=True)]
    members[len(members) - broken :] = [
        m.model_copy(update={"verdict": "broken", "p_pass": None, "p_fail": None, "blame": "base"})
        for m in members[len(members) - broken :]
    ]
    return decided(AtLeast(least, NAMES), members, 0.95)


SURE, OPEN, LOST = (0.001, 0.999), (0.4, 0.6), (0.999, 0.001)


@pytest.mark.parametrize(
    ("least", "p", "verdict", "ends"),
    [
        (1, (SURE, OPEN, OPEN), "pass", (1, 3)),
        (2, (SURE, OPEN, OPEN), "inconclusive", (1, 3)),
        (2, (SURE, SURE, LOST), "pass", (2, 2)),
        (3, (SURE, SURE, LOST), "fail", (2, 2)),
        (1, (LOST, LOST, LOST), "fail", (0, 0)),
        (2, ((0.02, 0.98), (0.02, 0.98), OPEN), "pass", (2, 3)),
        (1, ((0.02, 0.98), OPEN, OPEN), "inconclusive", (0, 3)),  # 3 x 0.02 is above 0.05
        (3, ((0.05, 0.95), (0.05, 0.95), (0.05, 0.95)), "pass", (3, 3)),  # all of them need no correction
    ],
)
def test_how_many_hold(least: int, p: tuple[Any, ...], verdict: str, ends: tuple[int, int]) -> None:
    found = union(least, *p)
    assert found.verdict == verdict
    assert found.candidate is not None
    assert (found.candidate.low, found.candidate.high) == ends


def test_what_cannot_be_measured_breaks_it_only_where_the_rest_does_not_do() -> None:
    assert union(2, SURE, SURE, OPEN, broken=1).verdict == "pass"
    assert union(3, SURE, SURE, OPEN, broken=1).verdict == "broken"
    assert union(3, SURE, SURE, OPEN, broken=1).blame == "base"
    assert union(3, LOST, LOST, OPEN, broken=1).verdict == "fail"
    assert union(2, SURE, OPEN, OPEN, broken=1).verdict == "inconclusive"


levels = st.floats(1e-6, 0.999)


@given(st.tuples(levels, levels, levels), st.integers(1, 3), st.integers(0, 2))
def test_a_surer_member_never_worsens_it(p: tuple[float, float, float], least: int, which: int) -> None:
    order = ["fail", "inconclusive", "pass"]
    pairs = [(value, 1 - value) for value in p]
    before = union(least, *pairs).verdict
    pairs[which] = (pairs[which][0] / 2, 1 - pairs[which][0] / 2)
    assert order.index(union(least, *pairs).verdict) >= order.index(before)


def test_false_acceptance_stays_below_alpha_where_one_too_few_is_true() -> None:
    """Two of three hold surely, the third exactly at its limit: "all three" may pass in 5 % of cases, not more."""
    import numpy as np

    drawn = np.random.default_rng(1).uniform(size=4000)
    passed = np.mean([union(3, SURE, SURE, (max(float(p), 1e-9), 1 - float(p))).verdict == "pass" for p in drawn])
    assert passed <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 4000)
