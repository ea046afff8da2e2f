"""Favourable outcomes: correct, a label, or a small expression; and nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SuiteError
from harness.fair.favorable import Unreadable, favorable

LABELS = {"yes", "no", "not guilty", "x >= 5"}
METRICS = {"rouge", "exact_match"}


def holds(text: str, answer: str, **values: float) -> bool:
    return favorable(text, LABELS, METRICS).holds({"answer": answer, "correct": False, **values})


@pytest.mark.parametrize(
    ("text", "answer", "values", "found"),
    [
        ("yes", "yes", {}, True), ("yes", "no", {}, False), ("not guilty", "not guilty", {}, True),
        ("x >= 5", "x >= 5", {}, True), ("correct", "", {"correct": 1.0}, True),
        ("correct", "", {"correct": 0.0}, False),
        ('answer == "yes"', "yes", {}, True), ('answer in ["yes", "maybe"]', "maybe", {}, True),
        ('answer not in ("yes",)', "no", {}, True), ("number < 5", "4", {}, True), ("number < 5", "7.5", {}, False),
        ("1 <= number <= 4", "3", {}, True), ("number >= -1", "-0.5", {}, True),
        ("rouge >= 0.4", "", {"rouge": 0.5}, True), ("rouge >= 0.4 and correct", "", {"rouge": 0.5}, False),
        ("not (rouge >= 0.4) or number == 3", "3", {"rouge": 0.9}, True),
    ],
)  # fmt: skip
def test_what_is_favourable(text: str, answer: str, values: dict[str, float], found: bool) -> None:
    assert holds(text, answer, **values) is found


@pytest.mark.parametrize("answer", ["", "many", "nan", "inf", "0x10"])
@pytest.mark.parametrize("text", ["number < 5", "not (number > 5)", 'answer == "many" or number > 0'])
def test_an_answer_that_is_no_number_is_never_favourable(text: str, answer: str) -> None:
    with pytest.raises(Unreadable):
        holds(text, answer)


def test_only_decisions_say_what_was_deserved() -> None:
    assert favorable("yes", LABELS, METRICS).decides
    assert favorable("number < 5", LABELS, METRICS).decides
    assert not favorable("correct", LABELS, METRICS).decides
    assert not favorable("rouge >= 0.4", LABELS, METRICS).decides


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yess", "favorable 'yess': no answer of the task is 'yess'; did you mean 'yes'?"),
        ("rogue >= 0.4", "favorable 'rogue >= 0.4': nothing is called 'rogue'; did you mean 'rouge'?"),
        ("3 < 5", "it speaks of nothing, so it is always or never so"),
        ("5", "no answer of the task is '5'"),
        ("answer.__class__", "'answer.__class__' is not allowed here"),
        ("__import__('os')", "nothing is called '__import__'"),
        ("answer == open", "nothing is called 'open'"),
        ("[a for a in answer] == 1", "nothing is called 'a'"),
        ("(lambda: answer)() == 1", "is not allowed here"),
        ("number ** 999999 > 1", "'number ** 999999' is not allowed here"),
        ("answer[0] == 'y'", "'answer[0]' is not allowed here"),
        ("f'{answer}' == 'y'", "is not allowed here"),
        ("answer >= 5", "'yes' and 5 cannot be compared; put texts in quotes"),
        ("answer == ", "write correct, a label, or an expression"),
        ("answer == 'a'" * 200, "write correct, a label, or an expression"),
    ],
)
def test_anything_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(SuiteError) as caught:
        favorable(text, LABELS, METRICS).holds({"answer": "yes", "correct": True})
    assert said in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_a_complaint(text: str) -> None:
    with suppress(SuiteError, Unreadable):
        favorable(text, LABELS, METRICS).holds({"answer": "yes", "correct": True, "rouge": 0.5, "exact_match": 1.0})
