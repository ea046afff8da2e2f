"""The rehearsal: options that do not fit their data are found before anything is made or asked, each at its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import Complaint, SuiteError
from harness.rehearsal import ROWS, rehearse
from harness.store import Store
from harness.suite import load
from harness.watch import Silent
from harness.workshop import Workshop

TICKETS = [
    {"input": f"ticket {at} about a refund", "target": "yes" if at % 2 else "no", "lang": "de" if at < ROWS else "fr"}
    for at in range(ROWS + 60)
]
CHOICES = {"choices": ["yes", "no"], "slices": ["lang"]}
HEAD = "suite: rehearsed\nmodels: {candidate: {replay: said.jsonl}}\n"


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., list[Complaint]]:
    """What the rehearsal says of a suite with a task and one more check, in line 5."""
    (tmp_path / "said.jsonl").write_text('{"prompt": "q", "response": "no"}\n', encoding="utf-8")
    (tmp_path / "facts.jsonl").write_text('{"stop": "Elm Street", "fare": 3}\n', encoding="utf-8")

    def run(
        kind: str, options: dict[str, Any], that: str, *, fixtures: str = "", rows: Any = TICKETS, task: Any = CHOICES
    ) -> list[Complaint]:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        quiz = {"task": {"data": "rows.jsonl", **task}}
        checks = f"checks:\n  quiz: {json.dumps(quiz)}\n  extra: {json.dumps({kind: {'of': 'quiz', **options}})}\n"
        text = f"{HEAD}{checks}{fixtures}accept: {json.dumps([f'extra.{that} <= 0.5'])}\n"
        (tmp_path / "suite.yaml").write_text(text, encoding="utf-8")
        suite = load(tmp_path / "suite.yaml")
        return rehearse(suite, Workshop(suite, Store(tmp_path / "store"), Silent()), tuple(suite.checks.values()))

    return run


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("fairness", {"group": "language"}, "disparate_impact", "'language' is missing in sample"),
    ("fairness", {"group": "lang", "privileged": "it"}, "disparate_impact", "'it', the privileged (known: de, fr)"),
    ("fairness", {"group": "lang", "favorable": "yess"}, "disparate_impact", "did you mean 'yes'?"),
    ("calibration", {"slices": ["language"]}, "ece", "'language' is not among the `slices` of task 'quiz'"),
    ("calibration", {"bins": 0}, "ece", "two are the least"),
    ("grounding", {"knowledge": "facts.jsonl"}, "unsupported_rate", "needs a task that generates text"),
    ("robustness", {"perturbations": ["typos"], "fields": ["inputs"]}, "drop", "did you mean 'input'?"),
    ("prompt_sensitivity", {"templates": ["{{ inptu }}"]}, "spread", "did you mean 'input'?"),
    ("prompt_sensitivity", {"templates": ["{{ input"]}, "spread", "the template is not valid"),
    ("slice_gap", {"slice": "lang", "reference": "dee"}, "gap", "did you mean 'de'?"),
]


@pytest.mark.parametrize(("kind", "options", "metric", "said"), WRONG)
def test_what_does_not_fit_the_data_is_said_at_its_line(
    kind: str, options: dict[str, Any], metric: str, said: str, told: Callable[..., list[Complaint]]
) -> None:
    with pytest.raises(SuiteError) as caught:
        told(kind, options, metric)
    (complaint,) = caught.value.complaints
    assert said in complaint.text
    assert complaint.text.startswith("check 'extra': ")
    assert (Path(complaint.file).name, complaint.line) == ("suite.yaml", 5)


def test_what_only_later_rows_hold_is_no_complaint(told: Callable[..., list[Complaint]]) -> None:
    assert told("fairness", {"group": "lang", "privileged": "fr"}, "disparate_impact") == []


def test_checks_whose_data_is_not_made_yet_wait(told: Callable[..., list[Complaint]]) -> None:
    fixtures = "fixtures: {parts: {split: {from: rows.jsonl, ratios: [0.5, 0.5]}}}\n"
    assert told("overfit", {"train": "$parts.train", "metric": "accuracy"}, "gap", fixtures=fixtures) == []


def test_what_cannot_be_measured_is_a_warning(told: Callable[..., list[Complaint]]) -> None:
    rows = [{"input": "What is the fare?", "target": "It is $9.", "lang": "de"}]
    said = told("grounding", {"knowledge": "facts.jsonl", "names": ["stop"]}, "unsupported_rate", rows=rows, task={})
    (complaint,) = said
    assert complaint.severity == "warning"
    assert "check 'extra': cannot be measured: grounding: the gold answer 'It is $9.'" in complaint.text
