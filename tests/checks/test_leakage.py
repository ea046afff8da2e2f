"""Leakage: planted copies are found at their planted rate, templates are not, real data as counted by others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.catalog import Catalog
from harness.checks.leakage import leakage
from harness.data import Dataset, open_data
from harness.errors import NothingSelected, SuiteError
from harness.findings import Findings
from harness.fixtures.split import split


def save(folder: Path, name: str, rows: list[dict[str, Any]]) -> Dataset:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return open_data(name, root=folder)


def rates(findings: Findings) -> dict[str, float]:
    return {name: float(scores.stats[:, 0].mean()) for name, scores in findings.scores.items()}


def questions(start: int, stop: int) -> list[dict[str, Any]]:
    """Every one with words and a target of its own."""
    return [
        {"id": f"q{n}", "input": " ".join(f"w{n * 31 + k * 17}x{k}" for k in range(20)), "target": f"t{n}"}
        for n in range(start, stop)
    ]


def test_planted_copies_are_found_at_their_rate(tmp_path: Path) -> None:
    test = questions(0, 100)
    planted = [{**row, "input": f"  {row['input'].upper()} ?"} for row in test[:7]]
    nearly = [{**row, "input": row["input"][:-2] + "zz"} for row in test[7:12]]
    found = leakage(
        train=save(tmp_path, "train.jsonl", questions(100, 400) + planted + nearly),
        test=save(tmp_path, "test.jsonl", test),
    )
    assert rates(found) == pytest.approx({"rate": 0.12, "exact": 0.07, "near": 0.05, "ngram": 0.12})
    assert found.scores["rate"].ids == tuple(row["id"] for row in test)
    assert found.scores["exact"].stats[:, 0].tolist() == [1.0] * 7 + [0.0] * 93
    counts, pairs = found.figures
    assert [row[1] for row in counts.rows] == [7, 5, 12, 0, 12, 0]  # type: ignore[union-attr]
    assert len(pairs.rows) == 12  # type: ignore[union-attr]
    assert pairs.rows[0][:3] == ["q0", test[0]["input"], "train.jsonl:301"]  # type: ignore[union-attr]
    assert [row[4] for row in pairs.rows][:8] == [1.0] * 7 + [pairs.rows[7][4]]  # type: ignore[union-attr]
    assert 0.8 <= pairs.rows[-1][4] <= pairs.rows[7][4] < 1  # type: ignore[union-attr, operator]
    assert found.rows[0]["doc_id"] == "q0"
    assert found.rows[0]["rate"] == 1.0


def test_a_clean_test_set_is_clean(tmp_path: Path) -> None:
    train, test = save(tmp_path, "train.jsonl", questions(0, 300)), save(tmp_path, "test.jsonl", questions(300, 400))
    found = leakage(train=train, test=test)
    assert rates(found) == {"rate": 0, "exact": 0, "near": 0, "ngram": 0}
    assert found.warnings == []


def test_a_template_is_near_but_no_leak(tmp_path: Path) -> None:
    def rows(start: int, stop: int) -> list[dict[str, Any]]:
        return [{"input": f"When is the first bus on route {n}?", "target": f"at {n}"} for n in range(start, stop)]

    train, test = save(tmp_path, "train.jsonl", rows(100, 200)), save(tmp_path, "test.jsonl", rows(200, 260))
    assert rates(leakage(train=train, test=test))["rate"] == 0
    assert rates(leakage(train=train, test=test, target=None))["near"] == 1


def test_an_equal_input_with_another_target_is_told_not_counted(tmp_path: Path) -> None:
    train = save(tmp_path, "train.jsonl", [{"input": "Is it free?", "target": "no"}] * 2)
    test = save(tmp_path, "test.jsonl", [{"input": "is it free", "target": "yes"}, {"input": "else", "target": "no"}])
    found = leakage(train=train, test=test)
    assert rates(found)["rate"] == 0
    assert found.warnings[0].startswith("1 test inputs stand in the training data with another target")
    assert rates(leakage(train=train, test=test, target=None))["exact"] == 0.5


def test_one_shared_reference_is_enough(tmp_path: Path) -> None:
    train = save(tmp_path, "train.jsonl", [{"input": "capital?", "target": "Paris"}])
    test = save(tmp_path, "test.jsonl", [{"input": "Capital", "target": ["paris", "the city of Paris"]}])
    assert rates(leakage(train=train, test=test))["exact"] == 1


def test_a_test_input_inside_a_training_document_counts_for_ngram(tmp_path: Path) -> None:
    test = questions(0, 10)
    document = {"input": f"Preface. {test[3]['input']} {test[4]['input'][:40]} and so on", "target": "none"}
    train = save(tmp_path, "train.jsonl", [*questions(50, 60), document])
    found = leakage(train=train, test=save(tmp_path, "test.jsonl", test))
    assert rates(found) == {"rate": 0, "exact": 0, "near": 0, "ngram": 0.1}
    assert found.scores["ngram"].stats[3, 0] == 1


def test_texts_too_short_for_a_passage_are_told(tmp_path: Path) -> None:
    short = [{"input": f"short {n}", "target": "x"} for n in range(5)]
    found = leakage(train=save(tmp_path, "a.jsonl", short[:1]), test=save(tmp_path, "b.jsonl", short[1:]))
    assert rates(found)["ngram"] == 0
    assert "no test input has 13 words" in found.warnings[-1]


def test_what_split_divides_holds_no_exact_leak(tmp_path: Path) -> None:
    rows = [{"text": f"Question {n % 150}" + "?" * (n % 3), "label": str(n % 2)} for n in range(600)]
    split(tmp_path, from_=save(tmp_path, "rows.jsonl", rows), input="text", target="label")
    parts = {name: open_data(f"{name}.jsonl", root=tmp_path) for name in ("train", "test")}
    assert rates(leakage(train=parts["train"], test=parts["test"]))["exact"] == 0
    assert rates(leakage(train=parts["train"], test=parts["train"]))["exact"] == 1


def test_empty_sides_and_wrong_options(tmp_path: Path) -> None:
    some, empty = save(tmp_path, "some.jsonl", questions(0, 2)), save(tmp_path, "empty.jsonl", [])
    for train, test in ((some, empty), (empty, some)):
        with pytest.raises(NothingSelected, match=r"empty\.jsonl has no rows"):
            leakage(train=train, test=test)
    for options in ({"near_duplicate": 0.0}, {"near_duplicate": 1.1}, {"contained": 0.0}, {"ngram": 0}):
        with pytest.raises(SuiteError, match=f"{next(iter(options))} .* of leakage"):
            leakage(train=some, test=some, **options)  # type: ignore[arg-type]
    with pytest.raises(SuiteError, match=r"some\.jsonl:1: the row has no field 'question'.*set `input`"):
        leakage(train=some, test=some, input="question")


def test_the_catalog_knows_it() -> None:
    entry = Catalog().get("check", "leakage")
    assert entry.facts["asks"] == "nobody"
    assert entry.given == ()
    assert entry.options["train"].reference == entry.options["test"].reference == "data"
    assert all(option.text for option in entry.options.values())
    assert {q.family for q in entry.facts["measures"].values()} == {"census"}
    assert {q.better for q in entry.facts["measures"].values()} == {"lower"}


def sentences(folder: Path, name: str, encoding: str) -> Dataset:
    long_form = {"path": name, "format": "lines", "encoding": encoding, "columns": ["target", "input"]}
    return open_data(long_form, root=folder)


def test_sst2_test_sentences_in_the_movie_reviews(shared: Path) -> None:
    """866 of the 1,821 test sentences stand in the older set with the same label."""
    folder = shared / "data" / "sentconv"
    train, test = sentences(folder, "rt-polarity.all", "latin-1"), sentences(folder, "stsa.binary.test", "utf-8")
    found = leakage(train=train, test=test)
    assert found.scores["exact"].n == 1821
    assert found.scores["exact"].stats[:, 0].sum() == 866
    assert rates(found)["rate"] == rates(found)["exact"] + rates(found)["near"]
    # an independent count of the sentences with nothing but letters and blanks gives the same number
    letters = {re.sub("[^a-z ]", "", row["input"].lower()).strip() for row in train.rows()}
    assert sum(re.sub("[^a-z ]", "", row["input"].lower()).strip() in letters for row in test.rows()) == 866
