"""Human ratings: read strictly, held to the answers given now, averaged by sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.findings import Findings
from harness.stats.agreement import alpha_of
from talk import BASE, CANDIDATE, drive, leaf, task

ROWS = [{"id": f"q{at}", "input": f"question {at}", "target": "x"} for at in range(24)]


def rating(at: int, rater: str = "ann", **more: Any) -> dict[str, Any]:
    return {"id": f"q{at}", "rater": rater, "score": 1.0, "candidate": f"mine {at}", "other": f"theirs {at}", **more}


def findings(folder: Path, ratings: list[dict[str, Any]], model: Any = CANDIDATE, word: str = "mine") -> Findings:
    (folder / "ratings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ratings), encoding="utf-8")
    of = task(folder, ROWS, metrics=["exact_match"])
    talk = leaf("human")(model, folder, of=of, ratings="ratings.jsonl")
    return drive(talk, lambda request: f"{word} {request.sample.removeprefix('q')}").findings


def test_the_win_rate_is_the_mean_over_samples_not_over_ratings(tmp_path: Path) -> None:
    found = findings(
        tmp_path, [rating(0), rating(0, "ben"), rating(0, "eve"), rating(1, score=0.0), rating(2, score=0.5)]
    )
    assert found.scores["win_rate"].ids == ("q0", "q1", "q2")
    assert found.scores["win_rate"].stats[:, 0].tolist() == [1.0, 0.0, 0.5]


def test_only_rated_samples_are_asked_and_the_other_model_gets_the_rest(tmp_path: Path) -> None:
    found = findings(tmp_path, [rating(3), rating(4, score=0.25)], BASE, "theirs")
    assert found.scores["win_rate"].stats[:, 0].tolist() == [0.0, 0.75]
    assert set(found.scores) == {"win_rate"}


def test_ratings_of_another_answer_do_not_count(tmp_path: Path) -> None:
    found = findings(tmp_path, [rating(0), rating(1, candidate="what it said before")])
    (missing,) = found.scores["win_rate"].missing.values()
    assert "people rated another answer than the one given now" in missing.reason
    assert missing.blame == "infrastructure"


def test_winners_by_name(tmp_path: Path) -> None:
    rows = [
        {"id": f"q{at}", "rater": "ann", "winner": winner}
        for at, winner in enumerate(["candidate", "base", "tie", "unsure"])
    ]
    found = findings(tmp_path, rows)
    assert found.scores["win_rate"].stats[:, 0].tolist() == [1.0, 0.0, 0.5, 0.5]
    assert "1 ratings say that nobody can tell; they count as ties" in found.warnings
    assert any("do not say which answer was rated" in text for text in found.warnings)


def test_agreement_controls_and_repeats(tmp_path: Path) -> None:
    rows = [rating(0), rating(0, "ben"), rating(1), rating(1, "ben", score=0.0), rating(1, "eve")]
    rows += [rating(2, kind="gold", score=0.0), rating(3, kind="gold"), rating(0, kind="swapped", score=0.0)]
    found = findings(tmp_path, rows)
    assert found.scores["agreement"].stats[:, 0].tolist() == [1.0, pytest.approx(1 / 3)]
    assert found.scores["controls"].stats[:, 0].tolist() == [0.0, 1.0]
    table = found.figures[0]
    assert table.rows[0] == ["ann", 2, 1.0, 0, "0 of 1", "1 of 2"]
    assert "ann rated 1 of 2 controls wrongly" in found.warnings


def test_raters_who_disagree_totally_are_named(tmp_path: Path) -> None:
    rows = [
        rating(at, rater, score=float((at + turn) % 2)) for at in range(20) for turn, rater in enumerate(["ann", "ben"])
    ]
    found = findings(tmp_path, rows)
    alpha = alpha_of([[float((at + turn) % 2) for at in range(20)] for turn in range(2)], "interval")
    assert alpha == pytest.approx(-0.95)
    assert any(f"no more than by chance (Krippendorff's α = {alpha:.2f})" in text for text in found.warnings)
    assert found.scores["win_rate"].stats[:, 0].tolist() == [0.5] * 20


def test_lost_samples_are_shown_with_their_notes(tmp_path: Path) -> None:
    found = findings(tmp_path, [rating(0), rating(5, score=0.0, note="wrong bus")])
    (pairs,) = [figure for figure in found.figures if figure.kind == "pairs"]
    assert (pairs.items[0].left, pairs.items[0].right, pairs.items[0].note) == (
        "theirs 5",
        "mine 5",
        "ann: 0 (wrong bus)",
    )


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"id": "q99", "rater": "ann", "score": 1}, "no sample 'q99' in the data; did you mean"),
        ({"rater": "ann", "score": 1}, "a rating needs the `id` of its sample"),
        ({"id": "q0", "score": 1}, "a rating needs a `rater`"),
        ({"id": "q0", "rater": "ann"}, "a rating needs a `score` from 0 to 1, or a `winner`"),
        ({"id": "q0", "rater": "ann", "score": 7}, "the score 7 is not a number from 0 to 1"),
        ({"id": "q0", "rater": "ann", "score": True}, "the score True is not a number from 0 to 1"),
        (
            {"id": "q1", "rater": "ann", "score": 1},
            "'ann' rated sample 'q1' before, in line 1; keep the last word only",
        ),
    ],
)
def test_rows_that_are_no_ratings_are_named_with_their_line(tmp_path: Path, row: dict[str, Any], text: str) -> None:
    with pytest.raises(SuiteError) as told:
        findings(tmp_path, [rating(1), row])
    assert "ratings.jsonl:2: " in str(told.value)
    assert text in str(told.value)


def test_an_empty_file_holds_no_ratings(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"ratings.jsonl holds no ratings"):
        findings(tmp_path, [])
