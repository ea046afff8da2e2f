"""Numbers, verdicts and sentences as a reader meets them."""

from __future__ import annotations

import pytest

import runs
from harness.report import words
from harness.run import BoundRecord, EstimateRecord


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.4123, "", "0.412"),
        (2.071, "", "2.07"),
        (34.04, "", "34.0"),
        (304.6, "", "305"),
        (12345.6, "", "12,346"),
        (0.0, "", "0.000"),
        (-0.0, "", "0.000"),
        (1e308, "", "1.00e+308"),
        (-1e308, "", "-1.00e+308"),
        (3e-7, "", "3.00e-07"),
        (0.312, "s", "312 ms"),
        (4.5e-5, "s", "45 µs"),
        (2.5, "s", "2.50 s"),
        (2.5e9, "B", "2.50 GB"),
        (17, "tokens", "17 tokens"),
        (None, "", "unknown"),
        (float("nan"), "", "not a number"),
        (float("-inf"), "", "minus infinite"),
    ],
)
def test_a_number_is_said_in_the_digits_that_matter(value: float | None, unit: str, shown: str) -> None:
    assert words.number(value, unit) == shown


def test_what_somebody_wrote_down_keeps_its_digits() -> None:
    assert [words.exact(0.85), words.exact(0.3, "s"), words.exact(2e9, "B"), words.exact(0.0125)] == [
        "0.85",
        "300 ms",
        "2 GB",
        "0.0125",
    ]


def test_an_interval_shares_the_scale_of_its_value() -> None:
    assert words.estimate(runs.est(0.288, 0.241, 1.352, unit="s")) == "288 ms [241, 1,352]"
    assert words.estimate(runs.est(0.5, None, 0.7)) == "0.500 [unknown, 0.700]"
    assert words.estimate(runs.est(1.0, 1.0, 1.0)) == "1.000"
    assert words.estimate(runs.est(None)) == "unknown"


def test_headline_counts_everything_once() -> None:
    run = runs.rejected()
    assert words.headline(run) == (
        "REJECTED: 9 failed, 2 inconclusive, 1 warning, 1 waived, 5 passed (18 criteria, 2,998 samples, 6m12s)"
    )
    assert sum(words.tally(run.criteria).values()) == len(run.criteria)


def test_what_needs_attention_stands_first_and_the_suite_decides_the_rest() -> None:
    ordered = words.ordered(runs.debacle_criteria())
    ranks = [list(words.STATES).index(words.state(c)) for c in ordered]
    assert ranks == sorted(ranks)
    failing = [c.line for c in ordered if words.state(c) == "fail"]
    assert failing == sorted(failing)


def test_a_warning_that_fails_is_no_failure() -> None:
    row = runs.criterion("a.b >= 0.5", "fail", "no", runs.est(0.1, 0.0, 0.2), severity="warn")
    assert words.state(row) == "warn"
    assert words.state(row.model_copy(update={"verdict": "pass"})) == "pass"


@pytest.mark.parametrize(
    ("bound", "shown"),
    [
        (BoundRecord(op=">=", value=0.8), "≥ 0.8"),
        (BoundRecord(op="<", value=0.0), "< 0"),
        (BoundRecord(op="in", value=(0.8, 1.25)), "in [0.8, 1.25]"),
        (BoundRecord(op=">=", value=-0.05, model="base"), "≥ base − 0.05"),
        (BoundRecord(op=">", value=0.0, model="base"), "> base"),
        (BoundRecord(op="<=", value=0.0, model="base", factor=1.5), "≤ 1.5 × base"),
        (BoundRecord(op="in", value=(-0.02, 0.02), model="base"), "in [base − 0.02, base + 0.02]"),
    ],
)
def test_a_bound_is_said_as_it_was_meant(bound: BoundRecord, shown: str) -> None:
    row = runs.criterion("a.b >= 0.5", "fail", "no", runs.est(0.1, 0.0, 0.2), bound=bound)
    assert words.bound(row) == shown


def test_what_would_change_a_verdict() -> None:
    said = {c.that: words.change(c) for c in runs.debacle_criteria()}
    assert said["riders.exact_match >= 0.8"] == "0.244 now, required ≥ 0.8: 0.556 short"
    assert said["clean.rate <= 0"] == "1.000 now, required ≤ 0: 1.000 too much"
    assert said["learners.disparate_impact in [0.8, 1.25]"] == "0.204 now, required in [0.8, 1.25]: 0.596 outside"
    assert said["skills.acc >= base - 0.05"] == "-0.727 against base, required ≥ base − 0.05: 0.677 short"
    assert said["styles.gap <= 0.15"].startswith("about 1,240 samples (now 205) would settle it")
    broken = runs.broken().criteria[0]
    assert words.change(broken) == "must be measured first; the fault is with the checkpoint"


def test_base_is_found_for_an_absolute_bound_and_for_a_comparison() -> None:
    run = runs.rejected()
    absolute, comparison = run.criteria[0], run.criteria[8]
    assert words.measured(run, absolute, "base") == EstimateRecord(**runs.est(0.0, 0.0, 0.0097).model_dump())
    assert words.measured(run, comparison, "base") is not None
    assert words.measured(run, absolute, "nobody") is None
    assert words.compared(run) == "base"
    alone = run.model_copy(update={"models": {"candidate": run.models["candidate"]}})
    assert words.compared(alone) == ""


def test_time_stamps_are_read_and_what_is_none_is_shown_as_it_is() -> None:
    assert words.moment("2026-11-21T23:42:07+02:00") == "21 November 2026, 21:42 UTC"
    assert words.moment("yesterday") == "yesterday"
