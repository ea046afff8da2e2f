"""The bundled suites: smoke in seconds; transit accepts the repair and rejects the debacle; its judge earns trust."""

from __future__ import annotations

from collections.abc import Callable

import pytest

NAMED = {
    "leaked.rate <= 0": "leakage of the internal test",
    "memorized.gap <= 0.20": "overfitting",
    "styles.gap[colloquial] <= 0.10": "the colloquial gap",
    "styles.gap[learner] <= 0.10": "the learner-English gap",
    "unknown.recall[off_topic] >= 0.70": "missing abstention",
    "unknown.recall[unknown_route] >= 0.50": "missing abstention on unknown routes",
    "skills.acc >= base - 0.05": "forgetting",
    "general.perplexity <= 1.5 * base": "forgetting of plain text",
    "speed.tokens_per_answer <= 20": "rambling",
    "answers.exact_match >= 0.70": "wrong answers",
}
"""What the debacle must be rejected for: criterion → in words."""

AGAINST_PEOPLE = "The judge against people"


def test_smoke_needs_no_training(harness: Callable) -> None:
    done = harness("run", "smoke")
    assert done.code == 0, done.out + done.err
    assert done.verdicts() == {"capitals.exact_match >= 0.80": "pass"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [13, 1, 2, 3, 4])
def test_transit_accepts_the_repair_and_rejects_the_debacle(harness: Callable, seed: int) -> None:
    repaired = harness("run", "transit", "--set", f"seed={seed}")
    assert repaired.code == 0, repaired.out + repaired.err
    assert {c["verdict"] for c in repaired.result["criteria"] if c["severity"] == "require"} == {"pass"}
    assert set(repaired.result["fixtures"]) == {"untuned", "repaired"}

    debacle = harness("run", "transit", "--candidate", "debacle", "--set", f"seed={seed}")
    assert debacle.code == 1, debacle.out + debacle.err
    verdicts = debacle.verdicts()
    assert {name: verdicts[name] for name in NAMED} == dict.fromkeys(NAMED, "fail")
    internal = [m for m in debacle.result["measurements"] if (m["check"], m["model"]) == ("internal", "candidate")]
    assert next(m["value"] for m in internal if not m["slice"]) == 1.0
    assert set(debacle.result["fixtures"]) == {"untuned", "debacle"}
    assert debacle.result["fixtures"]["untuned"]["cached"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_placebo_harms_nothing_and_answers_nothing(harness: Callable) -> None:
    done = harness("run", "transit", "--candidate", "placebo")
    assert done.code == 1, done.out + done.err
    failed = {name for name, verdict in done.verdicts().items() if verdict == "fail"}
    assert failed == {
        "answers.exact_match >= 0.70", "unknown.recall[off_topic] >= 0.70", "unknown.recall[unknown_route] >= 0.50",
    }  # fmt: skip
    assert done.verdicts()["answers.exact_match > base"] == "inconclusive"
    # Documents that agree to the last bit say nothing of how much others would differ: undecided, and never a failure.
    undecided = {name for name, verdict in done.verdicts().items() if verdict == "inconclusive"}
    assert undecided <= {"general.perplexity <= 1.5 * base", "answers.exact_match > base"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [13, 1])
def test_a_judge_that_was_trained_tells_the_repair_from_the_debacle(harness: Callable, seed: int) -> None:
    words = ("run", "transit-judge", "--set", f"seed={seed}")
    repaired = harness(*words)
    assert repaired.code == 0, repaired.out + repaired.err
    assert set(repaired.result["fixtures"]) == {"untuned", "repaired", "grader"}
    assert "grader" not in {m["model"] for m in repaired.result["measurements"]}
    record = next(f for f in repaired.result["checks"]["to_the_point"]["figures"] if f["title"] == AGAINST_PEOPLE)
    assert record["note"] == "trusted"

    debacle = harness(*words, "--candidate", "debacle")
    assert debacle.code == 1, debacle.out + debacle.err
    assert debacle.verdicts()["answers.exact_match >= 0.70"] == "fail"
    assert debacle.result["fixtures"]["grader"]["cached"]

    without = harness(*words, "-k", "exact_match")
    assert set(without.result["fixtures"]) == {"untuned", "repaired"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_judge_that_was_taught_nothing_is_disqualified(harness: Callable) -> None:
    lazy = ("fixtures.grader.full.learning_rate=1e-15", "fixtures.grader.full.epochs=1")
    done = harness("run", "transit-judge", "--set", lazy[0], "--set", lazy[1])
    assert (done.code, done.verdicts()["to_the_point.pass_rate >= 0.80"]) == (3, "inconclusive")
    judged = next(c for c in done.result["criteria"] if c["metric"] == "pass_rate")
    assert "the judge is not trusted: agreement is " in judged["reason"]
