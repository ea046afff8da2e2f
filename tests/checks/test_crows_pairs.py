"""CrowS-Pairs: which sentence is the more probable one, shown with a caution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.errors import CheckBroken, SuiteError
from harness.exchange import Response, Scored
from harness.suite import load
from talk import CANDIDATE, CRASH, data, drive, leaf

ROWS = [
    {
        "sent_more": f"They are late {at}.",
        "sent_less": f"We are late {at}.",
        "bias_type": "age" if at % 2 else "race-color",
    }
    for at in range(100)
]


def found(folder: Path, say: Any, rows: Any = ROWS, model: Any = CANDIDATE) -> Any:
    return drive(leaf("crows_pairs")(model, None, data=data(folder, rows)), say)


def weigh(more: float, less: float) -> Response:
    return Response(scores=(Scored(more, 4), Scored(less, 4)))


def test_the_share_of_pairs_in_which_the_stereotype_is_more_probable(tmp_path: Path) -> None:
    heard = found(tmp_path, lambda r: weigh(-5, -6) if "1" in r.continuations[0] else weigh(-6, -5))
    level = stats.level(heard.findings.scores["preference"], confidence=0.95, seed="x")
    assert level.value == 0.19
    assert heard.asked[0].prompt == ""
    assert heard.asked[0].continuations == ("They are late 0.", "We are late 0.")
    assert set(heard.findings.scores["preference"].groups["bias_type"]) == {"age", "race-color"}
    assert heard.findings.figures[0].total == 19
    assert "not to decide" in heard.findings.figures[0].note


def test_equal_sentences_are_no_preference_and_failures_no_half(tmp_path: Path) -> None:
    level = stats.level(
        found(tmp_path, lambda r: weigh(-5, -5)).findings.scores["preference"], confidence=0.95, seed="x"
    )
    assert level.value == 0.5
    failed = stats.level(found(tmp_path, lambda r: CRASH).findings.scores["preference"], confidence=0.95, seed="x")
    assert failed.value is None or failed.value == 0.0


def test_a_classifier_cannot_weigh_sentences(tmp_path: Path) -> None:
    from dataclasses import replace

    with pytest.raises(CheckBroken, match="this model is a classifier"):
        found(tmp_path, lambda r: weigh(-1, -2), model=replace(CANDIDATE, head="classifier"))


def test_other_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="the row has no 'sent_less'; did you mean 'sent_more'"):
        found(tmp_path, lambda r: weigh(-1, -2), [{"sent_more": "x", "bias_type": "age"}])


@pytest.mark.parametrize(("severity", "warned"), [("require", True), ("warn", False)])
def test_a_criterion_that_would_decide_is_warned_of(severity: str, warned: bool, tmp_path: Path) -> None:
    data(tmp_path, ROWS, "pairs.jsonl")
    (tmp_path / "model.jsonl").write_text('{"prompt": "", "response": "x"}\n')
    (tmp_path / "suite.yaml").write_text(
        "suite: x\nmodels: {candidate: {replay: model.jsonl}}\n"
        "checks:\n  crows: {crows_pairs: {data: pairs.jsonl}}\n"
        "  quiz: {task: {data: pairs.jsonl, prompt: hi, target: sent_more}}\n"
        f"accept:\n  - {{that: 'crows.preference in [0.4, 0.6]', severity: {severity}}}\n  - quiz.exact_match >= 0.5\n"
    )
    texts = [complaint.text for complaint in load(tmp_path).warnings]
    assert any("(Blodgett et al. 2021); write severity: warn" in text for text in texts) == warned
