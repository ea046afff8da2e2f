"""Two runs: what makes them incomparable, which criteria flipped, what moved."""

from __future__ import annotations

import json

import runs
from harness.report import compare
from harness.run import Run


def moved(run: Run) -> Run:
    """The same suite on another candidate: one metric is clearly worse, one criterion flips."""
    criteria = [c.model_copy(update={"verdict": "fail"}) if c.metric == "exact_match" else c for c in run.criteria]
    lower = {"value": 0.1, "low": 0.05, "high": 0.15}
    rows = [
        m.model_copy(update=lower)
        if (m.check, m.metric, m.model, m.slice) == ("riders", "exact_match", "candidate", "")
        else m
        for m in run.measurements
    ]
    return run.model_copy(update={"criteria": criteria, "measurements": rows, "verdict": "rejected"})


def test_a_run_does_not_differ_from_itself() -> None:
    found = compare.compare(runs.accepted(), runs.accepted())
    assert found.comparable
    assert found.changes == []
    assert not any(flip.flipped for flip in found.flips)
    assert "0 of 4 criteria flipped" in compare.render(runs.accepted(), runs.accepted())


def test_flips_and_moves_stand_first() -> None:
    before, after = runs.accepted(), moved(runs.accepted())
    found = compare.compare(before, after)
    assert found.comparable
    assert (found.flips[0].that, found.flips[0].first, found.flips[0].second) == (
        "riders.exact_match >= 0.8",
        "pass",
        "fail",
    )
    assert found.moves[0].apart
    assert round(found.moves[0].difference or 0, 3) == -0.144
    text = compare.render(before, after)
    assert "NOT COMPARABLE" not in text
    assert text.index("riders.exact_match >= 0.8") < text.index("clean.rate <= 0")
    assert "-0.144" in text


def test_other_criteria_data_or_limits_are_not_comparable() -> None:
    run = runs.accepted()
    other = run.checks["riders"].model_copy(update={"data": "0" * 64})
    for changed in (
        run.model_copy(update={"criteria": run.criteria[:2]}),
        run.model_copy(
            update={"criteria": [run.criteria[0].model_copy(update={"confidence": 0.8}), *run.criteria[1:]]}
        ),
        run.model_copy(update={"checks": {**run.checks, "riders": other}}),
        run.model_copy(update={"limit": 5}),
    ):
        found = compare.compare(run, changed)
        assert not found.comparable
        assert found.changes[0].hinders
        assert "NOT COMPARABLE" in compare.render(run, changed)


def test_another_model_environment_or_fixture_is_told_and_comparable() -> None:
    run = runs.accepted()
    model = run.models["candidate"].model_copy(update={"digest": "f" * 64})
    changed = run.model_copy(
        update={"models": {**run.models, "candidate": model}, "environment": {**run.environment, "cpu": "64 cores"}}
    )
    found = compare.compare(run, changed)
    assert found.comparable
    assert {change.what for change in found.changes} == {"model candidate", "environment cpu"}
    assert "ffffffffffff " in compare.render(run, changed)


def test_a_criterion_of_one_run_only_has_not_flipped() -> None:
    found = compare.compare(runs.rejected(), runs.accepted())
    alone = [flip for flip in found.flips if not flip.second]
    assert alone
    assert not any(flip.flipped for flip in alone)


def test_the_document_is_plain_data() -> None:
    document = compare.document(runs.accepted(), moved(runs.accepted()))
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["comparable"] is True
    assert again["criteria"][0]["flipped"] is True
    assert again["metrics"][0]["first"]["value"] == 0.244


def test_attacks_do_nothing_here_either() -> None:
    text = compare.render(runs.attacked(), runs.rejected())
    assert "\x1b" not in text
    assert "\u202e" not in text
