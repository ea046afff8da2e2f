"""The forest plot: right of the line is better for every kind of criterion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runs
from harness.report import forest
from harness.run import BoundRecord

SIDES = {"pass": lambda m: m.low >= -1e-12, "fail": lambda m: m.high < 0, "inconclusive": lambda m: m.low < 0 < m.high}


@pytest.mark.parametrize("row", runs.debacle_criteria(), ids=lambda row: row.id)
def test_the_whisker_lies_where_the_verdict_says(row: runs.CriterionRecord) -> None:
    drawn = forest.margin(row)
    assert drawn is not None
    assert drawn.low is not None
    assert drawn.high is not None
    assert drawn.low <= drawn.value <= drawn.high
    if row.verdict in SIDES:
        assert SIDES[row.verdict](drawn)
    assert max(abs(drawn.low), abs(drawn.high), abs(drawn.value)) <= drawn.span


def test_lower_is_better_is_turned_round() -> None:
    row = runs.criterion("a.b <= 0.3", "pass", "", runs.est(0.2, 0.1, 0.25))
    drawn = forest.margin(row, runs.est(0.4, 0.35, 0.45))
    assert drawn is not None
    assert (drawn.value, drawn.low, drawn.high) == pytest.approx((0.1, 0.05, 0.2))
    assert drawn.base == pytest.approx(-0.1)


def test_a_comparison_has_base_at_no_difference_and_a_zone_up_to_it() -> None:
    row = runs.criterion(
        "a.b >= base - 0.05",
        "pass",
        "",
        runs.est(0.8, 0.7, 0.9),
        bound=runs.against(">=", -0.05),
        difference=runs.est(0.02, -0.01, 0.05),
    )
    drawn = forest.margin(row)
    assert drawn is not None
    assert drawn.base == drawn.zone == pytest.approx(0.05)
    assert drawn.value == pytest.approx(0.07)


def test_a_factor_puts_base_where_it_stands_itself() -> None:
    perplexity = next(c for c in runs.debacle_criteria() if c.check == "general")
    drawn = forest.margin(perplexity)
    assert drawn is not None
    assert drawn.base == pytest.approx(0.5 * 2.07)


def test_a_band_is_the_distance_to_its_nearer_end() -> None:
    inside = runs.criterion(
        "a.b in [0.8, 1.2]", "pass", "", runs.est(1.0, 0.9, 1.1), bound=BoundRecord(op="in", value=(0.8, 1.2))
    )
    drawn = forest.margin(inside)
    assert drawn is not None
    assert (drawn.low, drawn.value, drawn.high) == pytest.approx((0.1, 0.2, 0.2))


def test_an_unknown_end_stays_unknown_and_an_unknown_value_is_not_drawn() -> None:
    known = forest.margin(runs.criterion("a.b >= 0.5", "inconclusive", "", runs.est(0.7, None, None)))
    assert known is not None
    assert known.low is None
    assert known.high is None
    assert forest.margin(runs.criterion("a.b >= 0.5", "broken", "", None)) is None
    assert forest.margin(runs.criterion("a.b >= 0.5", "broken", "", runs.est(None))) is None


def test_a_far_base_does_not_squeeze_the_candidate() -> None:
    row = runs.criterion("a.b >= 0.9", "pass", "", runs.est(0.95, 0.92, 0.97))
    drawn = forest.margin(row, runs.est(0.0, 0.0, 0.1))
    assert drawn is not None
    assert drawn.span < 0.1
    assert abs(drawn.base or 0) > drawn.span


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_cover_the_range_with_few_round_numbers(low: float, width: float) -> None:
    found = forest.ticks(low, low + width)
    assert found == sorted(set(found))
    assert 2 <= len(found) <= 14
    slack = 1e-6 * max(1.0, abs(low), width)
    assert found[0] <= low + slack
    assert found[-1] >= low + width - slack
