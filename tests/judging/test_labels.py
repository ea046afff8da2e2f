"""Human labels: every bad row named with its line, and each kind of label read as what it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.judging.labels import Labelled, read
from harness.judging.rubric import Item, Rubric

ITEMS = Rubric("r", "Good?", items=(Item("polite", "P?"), Item("right", "R?", 3.0)), pass_at=1.0)
LEVELS = Rubric("r", "Good?", levels=("bad", "fair", "good"), pass_at=0.5)
NEEDY = Rubric("r", "Good?", items=ITEMS.items, needs=("context",))


def row(**more: Any) -> dict[str, Any]:
    return {"question": "When?", "answer": "Noon.", "label": 1, **more}


def rows(folder: Path, *given: Any, rubric: Rubric = ITEMS, pair: bool = False) -> list[Labelled]:
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in given]
    (folder / "labels.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read(folder / "labels.jsonl", rubric, pair=pair)


@pytest.mark.parametrize(
    ("label", "rubric", "value", "passing"),
    [
        (1, ITEMS, 1.0, 1.0),
        (False, ITEMS, 0.0, 0.0),
        (0.6, ITEMS, 0.6, 1.0),
        (0.4, ITEMS, 0.4, 0.0),
        ({"polite": True, "right": True}, ITEMS, 1.0, 1.0),
        ({"polite": False, "right": True}, ITEMS, 0.75, 0.0),
        (1, LEVELS, 0.0, 0.0),
        (2, LEVELS, 0.5, 1.0),
        (3, LEVELS, 1.0, 1.0),
    ],
)
def test_what_a_label_means(tmp_path: Path, label: Any, rubric: Rubric, value: float, passing: float) -> None:
    (found,) = rows(tmp_path, row(label=label), rubric=rubric)
    assert (found.label, found.passing(rubric)) == (value, passing)


def test_several_raters_are_averaged(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, row(labels={"ann": 1, "ben": 0, "eve": {"polite": True, "right": True}}))
    assert (found.label, found.passing(ITEMS)) == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_pairs_ties_and_what_the_rubric_needs(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, {"question": "When?", "answers": ["a", "b"], "label": 0.5}, pair=True)
    assert (found.case.answers, found.label) == (("a", "b"), 0.5)
    (found,) = rows(tmp_path, row(context="c"), rubric=NEEDY)
    assert dict(found.case.shown) == {"context": "c"}


def test_a_line_separator_inside_an_answer_ends_no_line(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, row(answer="one\u2028two\x85three"))
    assert found.case.answers == ("one\u2028two\x85three",)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("[1]", "a row is a mapping, this is a list"),
        ({"answer": "a", "label": 1}, "a row needs its `question`"),
        ({"question": "q", "label": 1}, "a row needs its `answer`"),
        ({"question": "q", "answer": 7, "label": 1}, "a row needs its `answer`"),
        ({"question": "q", "answer": "a"}, "a row needs a `label`, or `labels: {rater: label}`"),
        (row(labels={}), "a row needs a `label`"),
        (row(labels=[1]), "a row needs a `label`"),
        (row(label="good"), "the label 'good' is no number"),
        (row(label=None), "the label None is no number"),
        (row(label=7), "the label 7 is not from 0 to 1"),
        (row(label=-0.1), "the label -0.1 is not from 0 to 1"),
        ('{"question": "q", "answer": "a", "label": NaN}', "not JSON: NaN is no number"),
        (row(label={"polit": True}), "the item 'polit', which the rubric has not; did you mean 'polite'"),
        (row(label={"polite": True}), "the label lacks right"),
        (row(label={"polite": 1, "right": True}), "the label of item 'polite' is 1, neither true nor false"),
    ],
)
def test_rows_that_are_no_labels(tmp_path: Path, given: Any, told: str) -> None:
    with pytest.raises(SuiteError) as error:
        rows(tmp_path, row(question="before"), given)
    (complaint,) = error.value.complaints
    assert complaint.line == 2
    assert told in complaint.text


@pytest.mark.parametrize(
    ("given", "rubric", "pair", "told"),
    [
        (row(label=0), LEVELS, False, "the label 0 is no level from 1 to 3"),
        (row(label=4), LEVELS, False, "the label 4 is no level from 1 to 3"),
        (row(label=1.5), LEVELS, False, "the label 1.5 is no level from 1 to 3"),
        (row(label={"polite": True}), LEVELS, False, "only a rubric of items, on one answer, is labelled item by item"),
        (row(), NEEDY, False, "the rubric 'r' needs context in each row"),
        (row(), ITEMS, True, "a row needs `answers: [first, second]`"),
        ({"question": "q", "answers": ["a"], "label": 1}, ITEMS, True, "a row needs `answers: [first, second]`"),
        ({"question": "q", "answers": ["a", "b"], "label": "first"}, ITEMS, True, "the label 'first' is no number"),
    ],
)
def test_labels_that_do_not_fit_the_rubric(
    tmp_path: Path, given: Any, rubric: Rubric, pair: bool, told: str
) -> None:  # fmt: skip
    with pytest.raises(SuiteError) as error:
        rows(tmp_path, given, rubric=rubric, pair=pair)
    assert told in str(error.value)


def test_an_answer_is_labelled_in_one_row(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"labels.jsonl:2: this answer was labelled before, in line 1"):
        rows(tmp_path, row(), row(label=0))


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as error:
        rows(tmp_path, *["{"] * 50)
    assert len(error.value.complaints) == 21
    assert "and 30 more" in str(error.value)


def test_labels_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"the labels .*gone.jsonl cannot be read"):
        read(tmp_path / "gone.jsonl", ITEMS, pair=False)
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9"}')
    with pytest.raises(SuiteError, match=r"latin.jsonl cannot be read"):
        read(tmp_path / "latin.jsonl", ITEMS, pair=False)


def rating(rater: str, score: float | None, **more: Any) -> dict[str, Any]:
    winner = {None: "unsure", 1.0: "candidate", 0.0: "base", 0.5: "tie"}[score]
    return {"id": "q1", "rater": rater, "kind": "fresh", "winner": winner, "score": score, "question": "When?",
            "candidate": "At noon.", "other": "Never.", **more}  # fmt: skip


def test_what_reviewers_said_becomes_labels_of_pairs(tmp_path: Path) -> None:
    given = [
        rating("ann", 1.0), rating("ben", 0.5), rating("cy", None), rating("ann", 0.0, kind="repeat"),
        rating("ann", 1.0, kind="gold", candidate="x"), {**rating("ann", 0.0, question="And back?"), "score": None},
    ]  # fmt: skip
    first, second = rows(tmp_path, *given, pair=True)
    assert (first.case.question, first.case.answers) == ("When?", ("At noon.", "Never."))
    assert (first.labels, first.label, first.line) == ({"ann": 1.0, "ben": 0.5}, 0.75, 1)
    assert (second.case.question, second.labels) == ("And back?", {"ann": 0.0})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([rating("ann", 1.0), rating("ann", 0.0)], "2: 'ann' rated this pair before, in line 1 or after it"),
        ([rating("ann", 1.0), {"question": "When?", "answers": ["At noon.", "Never."], "label": 1}],
         "2: this answer was labelled before, in line 1; put all raters into one row's `labels`"),
        ([rating("ann", 1.0, other=None)], "1: a row needs `answers: [first, second]`"),
        ([{**rating("ann", 1.0), "score": 7}], "1: the score 7 is not a number from 0 to 1"),
    ],
)  # fmt: skip
def test_reviewers_who_contradict_themselves_are_named(tmp_path: Path, given: list[Any], text: str) -> None:
    with pytest.raises(SuiteError) as error:
        rows(tmp_path, *given, pair=True)
    assert text in str(error.value)


def test_a_needy_rubric_says_what_ratings_lack(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="the rubric 'r' needs context in each row"):
        rows(tmp_path, rating("ann", 1.0), rubric=NEEDY, pair=True)
