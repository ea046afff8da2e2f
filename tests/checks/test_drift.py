"""Drift: like sets pass, plain speech in a fifth of 300 questions is caught, and the words that changed are shown."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from typing import Any

import pytest

import talk
from harness import stats
from harness.catalog import Catalog
from harness.errors import SuiteError
from harness.findings import Findings
from talk import leaf

WORDS = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "rstlnm"]


def log(n: int, seed: int, **more: Any) -> list[dict[str, Any]]:
    rng = Random(seed)
    return [
        {"id": f"{seed}-{at}", "input": " ".join(rng.choices(WORDS, k=rng.randint(5, 12))), **more} for at in range(n)
    ]


def compare(folder: Path, then: list[dict[str, Any]], now: list[dict[str, Any]], **options: Any) -> Findings:
    sides = talk.data(folder, then, "then.jsonl"), talk.data(folder, now, "now.jsonl")
    found = leaf("drift")(13, reference=sides[0], current=sides[1], **{"permutations": 99, **options})
    assert isinstance(found, Findings)
    return found


def value(found: Findings, name: str, confidence: float = 0.95) -> Any:
    return stats.level(found.scores[name], confidence=confidence, seed="x")


def test_like_sets_are_alike(tmp_path: Path) -> None:
    found = compare(tmp_path, log(300, 1), log(300, 2), permutations=999)
    assert value(found, "p").value > 0.05
    assert value(found, "auc").high < 0.6
    assert value(found, "psi").value < 0.1
    length, new = value(found, "length"), value(found, "new_terms")
    assert length.low < 1 < length.high
    assert new.low < 0 < new.high
    assert found.warnings == []


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_plain_speech_in_a_fifth_of_300_real_questions_is_caught(seed: int, tmp_path: Path, shared: Path) -> None:
    with (shared / "data" / "banking77" / "train.csv").open(encoding="utf-8") as lines:
        questions = Random(seed).sample([row["text"] for row in csv.DictReader(lines)], 600)
    then, now = ([{"input": text} for text in part] for part in (questions[:300], questions[300:]))
    assert value(compare(tmp_path, then, now), "p").value > 0.05
    spoken = [
        {"input": f"yo {row['input'].lower().rstrip('?')} lol"} if at % 5 == 0 else row for at, row in enumerate(now)
    ]
    found = compare(tmp_path, then, spoken, permutations=999)
    assert value(found, "p").value < 0.05
    assert value(found, "new_terms").low > 0
    told = next(figure for figure in found.figures if figure.title == "Words that tell the sets apart")
    assert {"lol", "yo"} <= {row[0] for row in told.rows[:4]}
    assert dict((row[0], row[1:]) for row in told.rows)["lol"] == ["current", 0.0, 0.2]


def test_another_topic_is_told_apart_by_everything(tmp_path: Path) -> None:
    other = [
        {**row, "input": " ".join(["other", "things", "said", "in", "some", "longer", "other", "way"] * 2)}
        for row in log(200, 2)
    ]
    found = compare(tmp_path, log(200, 1), other)
    assert value(found, "auc").low > 0.9
    assert value(found, "length").low > 1.25
    assert [value(found, name).value for name in ("p_auc", "p_mmd")] == [0.01, 0.01]
    assert value(found, "ks").value > 0.5
    assert value(found, "psi").value > 0.25


def test_categories_outputs_and_declined_answers(tmp_path: Path) -> None:
    then = [{**row, "intent": "ab"[at % 2], "said": "It leaves at nine."} for at, row in enumerate(log(200, 1))]
    now = [
        {**row, "intent": "a", "said": "Sorry, I do not know." if at % 2 else "At nine."}
        for at, row in enumerate(log(200, 2))
    ]
    found = compare(tmp_path, then, now, categories=["intent"], output="said")
    assert value(found, "p_categories").value == 0.01
    assert value(found, "psi").value > 0.25
    change = value(found, "abstention")
    assert change.value == pytest.approx(0.5)
    assert change.low > 0.4
    assert value(found, "output_length").value == pytest.approx(3.5 / 4)
    same = compare(tmp_path, then, then, categories=["intent"], output="said")
    assert value(same, "abstention").value == 0.0
    assert value(same, "p_categories").value > 0.9


def test_fields_of_an_accepted_run_may_have_other_names(tmp_path: Path) -> None:
    then = [{"prompt": row["input"], "resps": ["yes", "no"]} for row in log(60, 1)]
    found = compare(
        tmp_path, then, log(60, 2, said="yes"), reference_field="prompt", output="said", reference_output="resps"
    )
    assert value(found, "output_length").value == pytest.approx(0.5)


def test_rows_are_drawn_whatever_their_order_and_that_is_said(tmp_path: Path) -> None:
    then, now = log(300, 1), log(150, 2)
    one = compare(tmp_path, then, now, rows=100)
    two = compare(tmp_path, then[::-1], now, rows=100)
    assert set(one.scores["auc"].ids) == set(two.scores["auc"].ids)
    assert one.warnings == [
        "then.jsonl: 100 of 300 rows were drawn; `rows` sets how many",
        "now.jsonl: 100 of 150 rows were drawn; `rows` sets how many",
    ]


def test_too_few_rows_decide_nothing(tmp_path: Path) -> None:
    found = compare(tmp_path, log(100, 1), log(5, 2))
    assert value(found, "p").value is None
    assert value(found, "auc").value is None
    assert found.warnings == ["now.jsonl has 5 rows; at least 20 are needed"]


def test_odd_texts_do_no_harm(tmp_path: Path) -> None:
    odd = ["", "x" * 100_000, "שלום עולם", "👩‍🚀", "日本語", "a"] * 5
    now = [{"input": text} for text in odd] + [{"input": None}]
    found = compare(tmp_path, log(40, 1), now)
    assert 0 < value(found, "p").value <= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"field": "inputs"}, "no field 'inputs'; did you mean 'input'"),
        ({"categories": ["intent"]}, "no row of then.jsonl has anything in 'intent'"),
        ({"output": "said"}, "has anything in 'said'"),
        ({"patterns": ["("], "output": "id"}, "'\\(' of `patterns` is not a regular expression"),
        ({"rows": 5}, "20 and 99 are the least"),
        ({"permutations": 10}, "20 and 99 are the least"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=said):
        compare(tmp_path, log(30, 1), log(30, 2), **options)


def test_the_catalog_knows_it() -> None:
    entry = Catalog().get("check", "drift")
    assert all(option.text for option in entry.options.values())
    assert entry.facts["asks"] == "nobody"


def test_the_interval_of_the_auc_holds_its_level(tmp_path: Path) -> None:
    """Of 40 comparisons of like sets, the one-sided 95 % bounds miss 0.5 about as often as they may."""
    missed = 0
    for seed in range(40):
        found = compare(tmp_path, log(80, seed), log(80, 1000 + seed))
        estimate = value(found, "auc")
        missed += estimate.low > 0.5
    assert missed <= 6
