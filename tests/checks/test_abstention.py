"""Abstention: both sides of it, and a detector that is tried on gold answers first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.errors import CheckBroken, SuiteError
from harness.exchange import Request, Response, Scored
from harness.score import Totals
from harness.truth.declining import UNKNOWING as PATTERNS
from talk import CANDIDATE, CRASH, OUTAGE, data, drive, leaf, task

KNOWN = [{"id": f"k{at}", "input": f"known {at}", "target": f"at {at} o'clock", "line": "7"} for at in range(20)]
HOPELESS = [{"id": f"u{at}", "input": f"unknown {at}", "kind": "fare" if at % 2 else "place"} for at in range(20)]
SORRY = "I don't know."


def asked(folder: Path, say: Any, *, unanswerable: Any = HOPELESS, known: Any = KNOWN, **options: Any) -> Any:
    given = {key: options.pop(key) for key in ("patterns", "slices", "confidence") if key in options}
    made = task(folder, known, **options)
    rows = data(folder, unanswerable, "unanswerable.jsonl")
    return drive(leaf("abstention")(CANDIDATE, of=made, unanswerable=rows, **given), say)


def values(findings: Any) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, scores in findings.scores.items():
        if scores.quantity.combine is None:
            found[name] = stats.level(scores, confidence=0.95, seed="x").value
        else:
            totals = Totals(scores.present().stats.sum(axis=0), scores.names, np.asarray(1.0))
            found[name] = float(scores.quantity.combine(totals))
    return found


def test_it_looks_at_both_sides(tmp_path: Path) -> None:
    def say(request: Any) -> str:
        kind, at = request.prompt.split()
        return SORRY if (kind == "unknown" and int(at) < 15) or (kind == "known" and int(at) < 5) else "at noon"

    found = values(asked(tmp_path, say).findings)
    assert found == {"recall": 0.75, "hallucination_rate": 0.25, "false_abstention_rate": 0.25, "precision": 0.75}


@pytest.mark.parametrize(
    ("answer", "recall", "false"), [(SORRY, 1.0, 1.0), ("at noon", 0.0, 0.0)], ids=["always", "never"]
)
def test_one_answer_for_all_is_caught_on_one_side(answer: str, recall: float, false: float, tmp_path: Path) -> None:
    found = values(asked(tmp_path, lambda r: answer).findings)
    assert (found["recall"], found["false_abstention_rate"]) == (recall, false)
    assert found["hallucination_rate"] == 1.0 - recall


def test_slices_of_the_unanswerable_rows(tmp_path: Path) -> None:
    findings = asked(tmp_path, lambda r: SORRY, slices=["kind"]).findings
    assert set(findings.scores["recall"].groups["kind"]) == {"fare", "place"}


def test_clusters_and_slices_of_the_task_stay_with_the_answerable_rows(tmp_path: Path) -> None:
    made = task(tmp_path, KNOWN, cluster="line")
    rows = data(tmp_path, HOPELESS, "unanswerable.jsonl")
    findings = drive(leaf("abstention")(CANDIDATE, of=made, unanswerable=rows), lambda r: SORRY).findings
    assert findings.scores["false_abstention_rate"].clusters == ("7",) * 20
    assert findings.scores["recall"].clusters is None


def test_a_model_that_fails_neither_knows_nor_declines(tmp_path: Path) -> None:
    say = lambda r: {"u0": CRASH, "u1": OUTAGE, "k0": CRASH}.get(r.sample, SORRY)  # noqa: E731
    heard = asked(tmp_path, say)
    found = heard.findings.scores
    assert {at: why.blame for at, why in found["recall"].missing.items()} == {0: "candidate", 1: "infrastructure"}
    counted = stats.missing.count_failures
    assert counted(found["recall"]).stats[0, 0] == 0.0
    assert counted(found["hallucination_rate"]).stats[0, 0] == 1.0
    assert counted(found["false_abstention_rate"]).stats[0, 0] == 1.0
    assert len(found["precision"].missing) == 3
    assert len(heard.findings.warnings) == 3


def test_the_task_is_asked_as_it_asks_itself_and_the_others_with_its_prompt(tmp_path: Path) -> None:
    heard = asked(tmp_path, lambda r: SORRY, prompt="Q: {{ input }}\nA:", max_new_tokens=7)
    made = task(tmp_path, KNOWN, prompt="Q: {{ input }}\nA:", max_new_tokens=7)
    assert heard.rounds[0] == [r for s in made.samples() for r in made.requests(s, "causal")]
    assert heard.rounds[1][0].prompt == "Q: unknown 0\nA:"
    assert heard.rounds[1][0].max_new_tokens == 7


def test_parse_and_choices_of_the_task_do_not_hide_what_was_said(tmp_path: Path) -> None:
    known = [{"input": f"known {at}", "target": "yes" if at % 2 else "no"} for at in range(6)]
    options: dict[str, Any] = {"parse": "^(yes|no)$", "choices": ["yes", "no"], "output": "generate"}
    found = values(asked(tmp_path, lambda r: "I do not know", known=known, **options).findings)
    assert (found["recall"], found["false_abstention_rate"]) == (1.0, 1.0)


def test_the_detector_is_tried_on_gold_abstentions(tmp_path: Path) -> None:
    rows = [*HOPELESS, {"input": "unknown 99", "target": "Please ask the driver."}]
    with pytest.raises(CheckBroken, match=r"'Please ask the driver\.', gold answer of an unanswerable row, matches"):
        asked(tmp_path, lambda r: SORRY, unanswerable=rows)
    heard = asked(tmp_path, lambda r: "ask the driver", unanswerable=rows, patterns=["ask the driver"])
    assert values(heard.findings)["recall"] == 1.0


def test_the_detector_is_tried_on_gold_answers(tmp_path: Path) -> None:
    known = [*KNOWN, {"input": "known 99", "target": ["at noon", "not available on Sundays"]}]
    with pytest.raises(CheckBroken, match="'not available on Sundays' of task 'quiz' looks declined"):
        asked(tmp_path, lambda r: SORRY, known=known)
    with pytest.raises(CheckBroken, match="looks declined"):
        asked(tmp_path, lambda r: SORRY, patterns=[""])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"patterns": []}, "abstention: `patterns` is empty"),
        ({"patterns": ["ok", "(no"]}, "abstention: '(no' of `patterns` is not a regular expression"),
        ({"metrics": ["perplexity"]}, "abstention needs a task that generates text; 'quiz' has output 'perplexity'"),
        ({"slices": ["knid"]}, "unanswerable.jsonl:1: check 'quiz': the slice field 'knid' is missing; did you mean"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        asked(tmp_path, lambda r: SORRY, **options)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "declined"),
    [
        ("I don't know.", True),
        ("I don’t know that line.", True),
        ("Sorry, we cannot help with fares.", True),
        ("I'm not sure.", True),
        ("There is NO INFORMATION on this.", True),
        ("I am unable to answer that.", True),
        ("The bus leaves at ten.", False),
        ("You know the stop is there, and I have the map.", False),
        ("", False),
    ],
)
def test_the_usual_patterns(text: str, declined: bool, tmp_path: Path) -> None:
    found = values(asked(tmp_path, lambda r: text).findings)
    assert found["recall"] == float(declined), PATTERNS


def test_invented_answers_are_shown(tmp_path: Path) -> None:
    table, kinds, invented = asked(tmp_path, lambda r: "at <b>noon</b>").findings.figures
    assert table.rows == [["answerable", 0, 20, 0, 0], ["unanswerable", None, 20, 0, 0]]
    assert kinds.rows == [["fare", 10, 0, 0.0], ["place", 10, 0, 0.0]]
    assert (invented.total, len(invented.items)) == (20, 8)
    assert invented.items[0].candidate == "at <b>noon</b>"
    assert invented.items[0].target == "(nobody can know)"


def test_right_and_wrong_and_declined_answers_are_told_apart(tmp_path: Path) -> None:
    def say(request: Any) -> str:
        kind, at = request.prompt.split()
        if kind == "unknown":
            return SORRY if at in ("1", "3") else "at noon"
        return f"at {at} o'clock" if int(at) < 12 else SORRY if int(at) < 15 else "at noon"

    table, kinds, _ = asked(tmp_path, say).findings.figures
    assert table.columns == ["questions", "right", "wrong", "declined", "no response"]
    assert table.rows == [["answerable", 12, 5, 3, 0], ["unanswerable", None, 18, 2, 0]]
    assert kinds.rows == [["fare", 10, 2, 0.2], ["place", 10, 0, 0.0]]


def test_risk_and_coverage_of_what_was_answered(tmp_path: Path) -> None:
    """Sure of its right answers and unsure of invented ones; declined questions are not covered."""

    def say(request: Any) -> Any:
        kind, at = request.prompt.split()
        if request.kind == "score":
            return Response(scores=(Scored(-0.2 if kind == "known" else -4.0, 2),))
        return SORRY if kind == "unknown" and int(at) < 5 else f"at {at} o'clock"

    heard = asked(tmp_path, say, confidence=True)
    assert len(heard.rounds) == 3
    assert len(heard.rounds[2]) == 35
    assert heard.rounds[2][0] == Request("score", "known 0", (" at 0 o'clock",))
    found = values(heard.findings)
    assert found["auroc"] == 1.0
    risks = [0.0] * 20 + [15 / 35] * 15
    assert found["aurc"] == pytest.approx(sum(risks) / 35)


def test_an_answer_that_cannot_be_weighed_is_missing(tmp_path: Path) -> None:
    heard = asked(tmp_path, lambda r: OUTAGE if r.kind == "score" else "at noon", confidence=True)
    assert set(heard.findings.scores["aurc"].missing) == set(range(40))
    assert "the server is away" in heard.findings.scores["aurc"].missing[0].reason
