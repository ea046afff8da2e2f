"""rubric: verdicts as scores, what is missing stays missing, and no word of a judge that nobody agrees with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.exchange import Request, Response
from harness.findings import Findings
from harness.stats import level
from talk import CANDIDATE, CRASH, OUTAGE, Say, drive, leaf, task

RUBRIC = "question: Is it right?\nitems:\n  - {id: right, ask: Is it right?}\n  - {id: short, ask: Is it short?}\n"
ROWS = [{"id": f"q{at}", "input": f"question {at}", "target": f"fact {at}", "lang": "en"} for at in range(24)]
RECORDED = dict.fromkeys(("judge", "one", "two", "three"), "replay")
LABELS = [
    {"question": f"asked {at}", "answer": f"fact {at}" if at % 2 else "rumour", "label": at % 2} for at in range(100)
]


def judge(request: Request) -> str:
    question = re.search(r"begin question\n\D*(\d+)\n", request.prompt)
    answer = re.search(r"begin answer\n(?:### Answer\n\n- \*\*)?(.*?)\n#", request.prompt, re.DOTALL)
    right = bool(question and answer and answer[1].startswith(f"fact {question[1]}"))
    return json.dumps({name: {"evidence": "", "met": right} for name in ("right", "short")})


def said(request: Request) -> Response | str:
    """A candidate whose every sixth answer is a rumour."""
    at = int(request.sample[1:])
    return f"fact {at}" if at % 6 else "rumour"


def findings(
    folder: Path, candidate: Say = said, judged: Say = judge, text: str = RUBRIC, backends: Any = RECORDED,
    **options: Any,
) -> Findings:  # fmt: skip
    (folder / "rubric.yaml").write_text(text, encoding="utf-8")
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LABELS), encoding="utf-8")
    of = task(folder, ROWS, metrics=["exact_match"], slices=["lang"])
    given = {"of": of, "judge": "judge", "rubric": "rubric.yaml", "labels": "labels.jsonl", **options}
    talk = leaf("rubric")(CANDIDATE, folder, 5, backends, **given)
    return drive(talk, lambda request: judged(request) if request.to else candidate(request)).findings


def test_answers_are_graded_and_corrected(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert set(found.scores) == {"pass_rate", "score", "raw_pass_rate", "raw_score", "verdict_rate"}
    assert found.scores["raw_pass_rate"].stats[:, 0].tolist() == [float(at % 6 != 0) for at in range(24)]
    assert found.scores["pass_rate"].withheld == ""
    assert len(found.scores["pass_rate"].ids) == 24 + 100
    assert list(found.scores["raw_score"].groups) == ["lang"]
    assert found.warnings == []
    assert found.figures[0].title == "The judge against people"


def test_answers_that_are_not_there_are_missing_by_whose_fault_it_is(tmp_path: Path) -> None:
    def fails(request: Request) -> Response | str:
        return {"q1": CRASH, "q2": OUTAGE}.get(request.sample) or said(request)

    found = findings(tmp_path, fails).scores
    assert {k: (m.reason, m.blame) for k, m in found["raw_pass_rate"].missing.items()} == {
        1: ("out of memory", "candidate"),
        2: ("the server is away", "infrastructure"),
    }
    assert found["verdict_rate"].stats[1:3, 0].tolist() == [0.0, 0.0]


def test_verdicts_that_are_not_there_are_missing_and_told(tmp_path: Path) -> None:
    def silent(request: Request) -> Response | str:
        return OUTAGE if request.sample in ("q3", "q4") else judge(request)

    found = findings(tmp_path, judged=silent)
    assert {m.reason for m in found.scores["raw_score"].missing.values()} == {
        "the judge gave no answer: the server is away"
    }
    assert "2 of 24 answers have no verdict: the judge gave no answer: the server is away (first: q3)" in found.warnings


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"labels": None}, "0 human labels, where 100 are declared"),
        ({"least_labels": 500}, "100 human labels, where 500 are declared"),
        ({"agreement": 0.99}, "agreement is 1, and only 0.97"),
    ],
)
def test_what_is_declared_must_be_shown(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    found = findings(tmp_path, **options)
    assert told in found.scores["pass_rate"].withheld
    assert found.scores["pass_rate"].withheld in found.warnings
    assert found.scores["raw_pass_rate"].withheld == ""


def test_without_probes_it_is_said(tmp_path: Path) -> None:
    assert "the judge was not probed: whether worthless answers win with it is not known" in (
        findings(tmp_path, probe=0).warnings
    )


def test_a_jury_shows_how_far_its_judges_agree(tmp_path: Path) -> None:
    found = findings(tmp_path, judge=["one", "two", "three"])
    assert found.scores["pass_rate"].withheld == ""
    assert found.scores["raw_pass_rate"].stats[:, 0].sum() == 20


def test_words_can_be_weighed(tmp_path: Path) -> None:
    def weighs(request: Request) -> str:
        assert request.kind == "score"
        return "yes" if '"met": true' in judge(request) else "no"

    found = findings(tmp_path, judged=weighs, by="scoring")
    assert found.scores["raw_pass_rate"].stats[:, 0].sum() == 20


def test_scores_may_be_corrected_by_the_mean_error_and_rates_never(tmp_path: Path) -> None:
    for correction, family in (("strata", "judged"), ("prediction_powered", "prediction_powered")):
        found = findings(tmp_path, correction=correction).scores
        assert found["score"].quantity.family == family
        assert found["pass_rate"].quantity.family == "judged"
        assert found["raw_score"].quantity.family == "mean"
    estimate = level(found["score"], confidence=0.95, seed="s")
    assert (estimate.low, estimate.high) == (None, None)
    assert "100 labels are too few to correct a score by its mean error; at least 200 are needed" in estimate.note


def test_a_server_is_asked_about_some_answers_twice(tmp_path: Path) -> None:
    found = findings(tmp_path, backends={"judge": "endpoint"})
    (table,) = [figure for figure in found.figures if figure.title.startswith("Asked twice")]
    assert table.rows[0][:3] == ["judge", 10, 1.0]  # type: ignore[union-attr]
    assert found.warnings == []
    found = findings(tmp_path, backends={"judge": "endpoint"}, retest=0)
    assert found.warnings == ["whether judge says the same again is not known (retest: 0)"]


def test_a_rubric_says_what_it_does_not_settle(tmp_path: Path) -> None:
    found = findings(tmp_path, text=f"{RUBRIC}not_probed: [off topic, padded reference]\n")
    (table,) = [figure for figure in found.figures if figure.title.startswith("Probes")]
    kinds = {row[0] for row in table.rows}  # type: ignore[union-attr]
    assert {"reference", "Markdown reference", "hidden"} <= kinds
    assert not {"off topic", "padded reference"} & kinds


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"retest": 1.5}, "rubric: `retest` is a share of the answers, from 0 to 1; found 1.5"),
        ({"judge": []}, "rubric: at least one judge and one label are needed"),
        ({"least_labels": 0}, "at least one judge and one label are needed"),
        ({"probe": -1}, "`probe` is at least 0"),
        ({"text": f"{RUBRIC}needs: [context]\n", "labels": None}, "needs the field 'context'; sample q0 has none"),
        ({"rubric": "helpfulnes"}, "no rubric 'helpfulnes'"),
    ],
)
def test_what_cannot_be_judged_is_the_suites_fault(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SuiteError) as error:
        findings(tmp_path, **options)
    assert told in str(error.value)


def test_the_reference_is_the_target(tmp_path: Path) -> None:
    seen = []

    def looks(request: Request) -> str:
        seen.append(request.prompt)
        return judge(request)

    findings(tmp_path, judged=looks, text=f"{RUBRIC}needs: [reference]\n", labels=None)
    assert re.search(r"begin reference\nfact 0\n#", seen[0])
