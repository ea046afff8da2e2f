"""pairwise: both orders always; ties, places and equal answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CheckBroken, SuiteError
from harness.exchange import Request, Response
from harness.findings import Findings
from talk import BASE, CANDIDATE, CRASH, OUTAGE, Say, drive, leaf, task

ROWS = [{"id": f"q{at}", "input": f"question {at}", "target": "worth 9"} for at in range(24)]
RECORDED = {"judge": "replay"}
LABELS = [
    {"question": f"asked {at}", "answers": [f"worth {at % 2 + 1}", f"worth {2 - at % 2}"], "label": at % 2}
    for at in range(100)
]


def worth(request: Request, name: str) -> int:
    found = re.search(rf"begin {name}\nworth (\d+)", request.prompt)
    return int(found[1]) if found else -1


def judge(request: Request) -> str:
    first, second = worth(request, "first"), worth(request, "second")
    return json.dumps({"evidence": "", "better": "tie" if first == second else "first" if first > second else "second"})


def said(request: Request) -> Response | str:
    """The candidate wins two of three and ties the third."""
    return "worth 4" if request.to == "base" or int(request.sample[1:]) % 3 == 0 else "worth 7"


def findings(
    folder: Path, answers: Say = said, judged: Say = judge, model: Any = CANDIDATE,
    backends: Any = RECORDED, **options: Any,
) -> Findings:  # fmt: skip
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LABELS), encoding="utf-8")
    of = task(folder, ROWS, metrics=["exact_match"])
    given = {"of": of, "judge": "judge", "labels": "labels.jsonl", **options}
    talk = leaf("pairwise")(model, (CANDIDATE, BASE), folder, 5, backends, **given)
    return drive(talk, lambda request: judged(request) if request.to == "judge" else answers(request)).findings


def test_wins_and_ties_are_counted_over_both_orders(tmp_path: Path) -> None:
    found = findings(tmp_path).scores
    assert found["raw_win_rate"].stats[:, 0].tolist() == [1.0 if at % 3 else 0.5 for at in range(24)]
    assert found["swap_consistency"].stats[:, 0].tolist() == [1.0] * 24
    assert found["first_wins"].stats[:, 0].sum() == 16  # of 32 that were decided
    assert found["win_rate"].withheld == ""


def test_a_model_against_itself_is_even_and_asks_nobody(tmp_path: Path) -> None:
    found = findings(tmp_path, lambda request: pytest.fail("asked"), model=BASE)
    assert set(found.scores) == {"raw_win_rate"}
    assert found.scores["raw_win_rate"].stats[:, 0].tolist() == [0.5] * 24


def test_a_judge_of_places_is_not_believed(tmp_path: Path) -> None:
    found = findings(tmp_path, judged=lambda request: json.dumps({"evidence": "", "better": "first"}))
    assert found.scores["swap_consistency"].stats[:, 0].tolist() == [0.0] * 24
    for told in ("says another thing of 24 of 24 pairs", "the answer shown first wins 48 of 48 times"):
        assert told in found.scores["win_rate"].withheld


def test_equal_answers_must_tie(tmp_path: Path) -> None:
    def picky(request: Request) -> str:
        return judge(request).replace("tie", "second")

    assert "it prefers one of two equal answers in" not in findings(tmp_path).scores["win_rate"].withheld
    found = findings(tmp_path, judged=picky).scores["win_rate"].withheld
    assert "says another thing of 8 of 24 pairs" in found


def test_lost_answers_are_missing_by_whose_fault_it_is(tmp_path: Path) -> None:
    def fails(request: Request) -> Response | str:
        if request.sample == "q1" and request.to == "candidate":
            return CRASH
        return OUTAGE if request.sample == "q2" and request.to == "base" else said(request)

    missing = findings(tmp_path, fails).scores["raw_win_rate"].missing
    assert {at: (m.reason, m.blame) for at, m in missing.items()} == {
        1: ("out of memory", "candidate"),
        2: ("the other model failed: the server is away", "infrastructure"),
    }


def test_a_pair_heard_in_one_order_only_has_no_score(tmp_path: Path) -> None:
    def half(request: Request) -> Response | str:
        lost = request.sample == "q5" and worth(request, "first") > worth(request, "second")
        return OUTAGE if lost else judge(request)

    found = findings(tmp_path, judged=half).scores
    assert list(found["raw_win_rate"].missing) == [5]
    assert len(found["swap_consistency"].ids) == 23


def test_win_rates_may_be_corrected_by_the_mean_error(tmp_path: Path) -> None:
    found = findings(tmp_path, correction="prediction_powered").scores
    assert found["win_rate"].quantity.family == "prediction_powered"
    assert found["raw_win_rate"].quantity.family == "mean"


def test_pairs_are_put_to_a_server_twice_in_both_orders(tmp_path: Path) -> None:
    found = findings(tmp_path, backends={"judge": "endpoint"})
    (table,) = [figure for figure in found.figures if figure.title.startswith("Asked twice")]
    assert table.rows[0][:3] == ["judge", 10, 1.0]  # type: ignore[union-attr]


def test_a_judge_that_likes_padding_is_not_believed(tmp_path: Path) -> None:
    def wordy(request: Request) -> str:
        first = request.prompt.split("begin first")[1]
        padded = [part.split("#")[0].count("pleasant day") for part in (first, first.split("begin second")[1])]
        return (
            judge(request)
            if padded[0] == padded[1]
            else judge(request).replace("tie", "first" if padded[0] else "second")
        )

    told = "it prefers an answer to the same one in plain words in 5 of 5 pairs (padded twin)"
    assert told in findings(tmp_path, judged=wordy).scores["win_rate"].withheld


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="pairwise: no model named 'bass' takes part; did you mean 'base'"):
        findings(tmp_path, against="bass")
    with pytest.raises(SuiteError, match="pairwise: at least one judge"):
        findings(tmp_path, judge=[])
    with pytest.raises(CheckBroken, match="no sample was answered by both models; first: out of memory"):
        findings(tmp_path, lambda request: CRASH)
