"""Precision, recall, F1, MCC and their relatives against scikit-learn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from harness.catalog import Catalog, quantity_of
from harness.errors import SuiteError
from harness.metrics.f1 import f1
from harness.score import Totals, table

Value = Callable[..., float]
LABELS = ["a", "b", "c", "d"]
UNPARSED = "(unparsed)"


def samples_of(gold: list[str], answers: list[str], choices: list[str] | None = None) -> list[dict[str, Any]]:
    return [
        {"answer": "" if a == UNPARSED else a, "targets": [g], "valid": a != UNPARSED, "choices": choices or []}
        for g, a in zip(gold, answers, strict=True)
    ]


pairs = st.lists(st.tuples(st.sampled_from(LABELS[:3]), st.sampled_from([*LABELS, UNPARSED])), min_size=2, max_size=40)


def oracle(name: str, gold: list[str], answers: list[str], average: str) -> float:
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[name]
    labels = None if average == "micro" else sorted(set(gold))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(score(gold, answers, average=average, labels=labels, zero_division=0))


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
@given(data=pairs)
@settings(max_examples=60, deadline=None)
def test_equals_sklearn(value: Value, name: str, average: str, data: list[tuple[str, str]]) -> None:
    gold, answers = [g for g, _ in data], [a for _, a in data]
    found = value(name, samples_of(gold, answers), average=average)
    assert found == pytest.approx(oracle(name, gold, answers, average), abs=1e-12)
    if average == "macro" and name == "f1":
        assert value("macro_f1", samples_of(gold, answers)) == pytest.approx(found, abs=1e-15)


@given(data=pairs)
@settings(max_examples=60, deadline=None)
def test_mcc_and_balanced_accuracy_equal_sklearn(value: Value, data: list[tuple[str, str]]) -> None:
    gold, answers = [g for g, _ in data], [a for _, a in data]
    found = value("mcc", samples_of(gold, answers))
    if len(set(gold)) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(sk.matthews_corrcoef(gold, answers), abs=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert value("balanced_accuracy", samples_of(gold, answers)) == pytest.approx(
            sk.balanced_accuracy_score(gold, answers), abs=1e-12
        )
    assert value("accuracy", samples_of(gold, answers)) == pytest.approx(sk.accuracy_score(gold, answers))


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
@given(data=pairs)
@settings(max_examples=40, deadline=None)
def test_binary_equals_sklearn(value: Value, name: str, data: list[tuple[str, str]]) -> None:
    gold, answers = [g for g, _ in data], [a for _, a in data]
    found = value(name, samples_of(gold, answers), average="binary", positive="a")
    nothing = {
        "precision": "a" not in [*gold, *answers],
        "recall": "a" not in gold,
        "f1": "a" not in [*gold, *answers],
    }[name]
    if nothing:
        assert math.isnan(found)
    else:
        score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[name]
        yes = [g == "a" for g in gold], [a == "a" for a in answers]
        assert found == pytest.approx(score(*yes, zero_division=0), abs=1e-12)


def test_answers_outside_the_choices_are_one_kind_of_miss(value: Value) -> None:
    """Ten different inventions weigh as much as ten times the same, and take no column each."""
    gold = ["a", "b"] * 5
    invented = samples_of(gold, [f"invention {i}" for i in range(10)], ["a", "b"])
    same = samples_of(gold, [UNPARSED] * 10, ["a", "b"])
    right = samples_of(gold, gold, ["a", "b"])
    for name in ("f1", "macro_f1", "mcc", "precision", "recall"):
        assert value(name, right + invented) == value(name, right + same)
    assert dict(f1("made up", ["a"], ["a", "b"])) == {"gold=a": 1.0, "other": 1.0}


def test_of_several_right_answers_the_given_one_is_gold() -> None:
    assert dict(f1("b", ["a", "b"])) == {"gold=b": 1.0, "pred=b": 1.0, "tp=b": 1.0}
    assert dict(f1("c", ["a", "b"])) == {"gold=a": 1.0, "pred=c": 1.0}
    assert dict(f1("c", ["x", "b"], ["b", "c"])) == {"gold=b": 1.0, "pred=c": 1.0}


def test_twenty_percent_garbage(value: Value) -> None:
    gold = ["a", "b"] * 50
    answers = [UNPARSED if i % 5 == 0 else g for i, g in enumerate(gold)]
    assert value("valid_rate", samples_of(gold, answers)) == pytest.approx(0.8)
    assert value("accuracy", samples_of(gold, answers)) == pytest.approx(0.8)
    assert value("f1", samples_of(gold, answers)) == pytest.approx(0.8)


def test_a_class_missing_from_a_resample_is_left_out_of_its_mean() -> None:
    entry = Catalog().get("metric", "macro_f1")
    quantity = quantity_of(entry, {})
    stats = table(quantity, "12", [entry.function("a", ["a"]), entry.function("b", ["b"])])
    assert quantity.combine is not None
    sums = np.asarray([[2.0, 0.0], [1.0, 1.0], [0.0, 0.0]]) @ stats.stats
    values = quantity.combine(Totals(sums, stats.names, np.asarray([2.0, 2.0, 0.0])))
    np.testing.assert_array_equal(values, [1.0, 1.0, math.nan])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"average": "makro"},
            "no average named 'makro'; did you mean 'macro'? (known: binary, macro, micro, weighted)",
        ),
        ({"average": "binary"}, "`average: binary` and `positive: LABEL` go together; write both or neither"),
        ({"positive": "a"}, "`average: binary` and `positive: LABEL` go together; write both or neither"),
        (
            {"average": "binary", "positive": "refun"},
            "the positive label 'refun' is not one of the choices; did you mean 'refund'? (known: cancel, refund)",
        ),
    ],
)
def test_wrong_options_are_complained_of(options: dict[str, str], message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        f1("refund", ["cancel"], ["refund", "cancel"], **options)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_exact_match_and_accuracy(value: Value) -> None:
    one = [{"answer": " Paris. ", "targets": ["London", "paris"], "valid": True}]
    assert value("exact_match", one) == 0
    assert value("exact_match", one, ignore_case=True) == 0
    assert value("exact_match", one, ignore_case=True, ignore_punctuation=True) == 1
    assert value("accuracy", [{"answer": " paris\n", "targets": ["London", "paris "], "valid": True}]) == 1
    question = [{"answer": "!", "targets": ["?"], "valid": True}]
    assert value("exact_match", question, ignore_punctuation=True) == 0, "nothing left is not the same as equal"


def test_token_f1_of_unspaced_and_of_bare_articles(value: Value) -> None:
    def f(answer: str, target: str) -> float:
        return value("token_f1", [{"answer": answer, "targets": [target], "valid": True}])

    assert f("東京駅", "東京") == pytest.approx(0.8)
    assert f("", "A") == 0
    assert f("the", "A") == 0
    assert f("a.", "A") == 1
    assert f("", "") == 1
    assert f("x", "") == 0


def squad_f1(answer: str, target: str) -> float:
    """SQuAD's definition, written from its description: lower case, no ASCII punctuation, no articles, bag of words."""
    import string
    from collections import Counter

    def bag(text: str) -> list[str]:
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [w for w in kept.split() if w not in ("a", "an", "the")]

    given_words, wanted = bag(answer), bag(target)
    if not given_words or not wanted:
        return float(given_words == wanted)
    same = sum((Counter(given_words) & Counter(wanted)).values())
    if not same:
        return 0.0
    precision, recall = same / len(given_words), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


sentences = st.lists(st.sampled_from(["bus", "Main", "St.", "the", "a", "5", "o'clock", "(late)"]), max_size=8).map(
    " ".join
)


@given(answer=sentences, target=sentences)
@settings(max_examples=150, deadline=None)
def test_token_f1_equals_squad(value: Value, answer: str, target: str) -> None:
    bare = {"", "the", "a"}
    if set(target.split()) <= bare or set(answer.split()) <= bare:
        return  # where SQuAD compares nothing with nothing
    found = value("token_f1", [{"answer": answer, "targets": [target], "valid": True}])
    assert found == pytest.approx(squad_f1(answer, target), abs=1e-12)
