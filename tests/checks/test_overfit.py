"""Overfitting: training rows against test rows, the same training rows for every model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import SuiteError
from talk import BASE, CANDIDATE, data, drive, leaf, task

TEST = [{"id": f"t{at}", "input": f"test {at}", "target": "yes"} for at in range(40)]
TRAIN = [{"input": f"train {at}", "target": "yes"} for at in range(60)]


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_a_model_that_knows_only_its_training_rows(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST), data(tmp_path, TRAIN, "train.jsonl")
    heard = drive(
        leaf("overfit")(CANDIDATE, of=made, train=train), lambda r: "yes" if r.prompt.startswith("train") else "no"
    )
    scores = heard.findings.scores
    assert [level(scores[name]).value for name in ("gap", "train", "test")] == [1.0, 1.0, 0.0]
    assert level(scores["gap"]).low > 0.8
    assert scores["gap"].quantity.better == "lower"
    assert {row["prompt"] for row in heard.findings.rows} == {row["input"] for row in TRAIN}


def test_a_model_that_is_as_good_on_both(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST), data(tmp_path, TRAIN, "train.jsonl")
    findings = drive(
        leaf("overfit")(CANDIDATE, of=made, train=train), lambda r: "yes" if int(r.prompt.split()[1]) % 2 else "no"
    ).findings
    assert level(findings.scores["gap"]).value == pytest.approx(0.0)


def test_test_rows_are_asked_exactly_as_the_task_asks_them(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST), data(tmp_path, TRAIN, "train.jsonl")
    heard = drive(leaf("overfit")(CANDIDATE, of=made, train=train), lambda r: "yes")
    wanted = [request for sample in made.samples() for request in made.requests(sample, "causal")]
    assert heard.rounds[0] == wanted, "so that the pool answers them once"


def test_the_same_training_rows_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    made = task(tmp_path, TEST, seed=3)

    def chosen(rows: list[dict[str, Any]], most: int) -> set[str]:
        train = data(tmp_path, rows, "train.jsonl")
        heard = drive(leaf("overfit")(CANDIDATE, of=made, train=train, rows=most), lambda r: "yes")
        return {request.prompt for request in heard.rounds[1]}

    some = chosen(TRAIN, 10)
    assert len(some) == 10
    assert chosen(TRAIN[::-1], 10) == some
    grown = chosen([*TRAIN, {"input": "train 99", "target": "yes"}], 10)
    assert len(grown & some) >= 9, "a new row takes the place of one at most"
    assert chosen(TRAIN, 1000) == {row["input"] for row in TRAIN}


def test_a_limited_run_asks_few_training_rows(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST, limit=5), data(tmp_path, TRAIN, "train.jsonl")
    heard = drive(leaf("overfit")(CANDIDATE, of=made, train=train), lambda r: "yes")
    assert [len(requests) for requests in heard.rounds] == [5, 5]


def test_against_base_it_is_a_difference_in_differences(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST), data(tmp_path, TRAIN, "train.jsonl")

    def gap(who: Any, knows: int) -> Any:
        def say(request: Any) -> str:
            easy = request.prompt.startswith("train") and int(request.prompt.split()[1]) < knows
            return "yes" if easy else "no"

        return drive(leaf("overfit")(who, of=made, train=train), say).findings.scores["gap"]

    difference = stats.difference(gap(CANDIDATE, 45), gap(BASE, 30), confidence=0.95, seed="x")
    assert difference.value == pytest.approx(45 / 60 - 30 / 60)


def test_it_needs_a_metric_that_is_an_average(tmp_path: Path) -> None:
    measures = Catalog().get("check", "overfit").facts["measures"]
    made = task(tmp_path, TEST, metrics=["token_f1", "exact_match"])
    known = {m.quantity.name: m.quantity for m in made.measures}
    assert list(measures(known, "exact_match")) == ["gap", "train", "test"]
    train = data(tmp_path, TRAIN, "train.jsonl")
    with pytest.raises(SuiteError, match="no metric 'exact'; did you mean 'exact_match'"):
        next(leaf("overfit")(CANDIDATE, of=made, train=train, metric="exact"))


def test_a_training_row_without_a_target_is_named(tmp_path: Path) -> None:
    made, train = task(tmp_path, TEST), data(tmp_path, [*TRAIN, {"input": "x"}], "train.jsonl")
    with pytest.raises(SuiteError, match=r"train.jsonl:61: check 'quiz': the row has no field 'target'"):
        drive(leaf("overfit")(CANDIDATE, of=made, train=train), lambda r: "yes")
