"""Extraction against counts made by hand and by sets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SuiteError
from harness.metrics.entity_f1 import entity_f1

Value = Callable[..., float]
GOLD = '{"person": ["Ada Lovelace", "Alan Turing"], "place": ["London"], "year": [1843]}'


def test_four_entities_by_hand(value: Value) -> None:
    """Three of four found, one invented, one under the wrong type: tp 2, fp 2, fn 2."""
    answer = '{"person": ["Ada Lovelace", "Charles Babbage"], "year": "London", "place": [], "x": null}'
    answer = answer.replace('"place": []', '"place": ["London"]')
    samples = [{"answer": answer, "targets": [GOLD], "valid": True}]
    assert dict(entity_f1(answer, [GOLD])) == {"tp": 2.0, "fp": 2.0, "fn": 2.0}
    assert value("entity_f1", samples) == pytest.approx(0.5)
    assert value("entity_f1", samples, measure="precision") == pytest.approx(0.5)
    assert value("entity_f1", samples, measure="recall") == pytest.approx(0.5)


entities = st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from("xyz")), max_size=5)


@given(data=st.lists(st.tuples(entities, entities), min_size=1, max_size=6), repeats=st.booleans())
@settings(max_examples=100, deadline=None)
def test_equals_counting_one_by_one(value: Value, data: list[tuple[list[Any], list[Any]]], repeats: bool) -> None:
    samples, tp, given_total, gold_total = [], 0, 0, 0
    for answer, gold in data:
        grouped: dict[str, list[str]] = {}
        for kind, text in answer:
            grouped.setdefault(kind, []).append(text)
        listed = json.dumps([{"type": kind, "text": text} for kind, text in gold])
        samples.append({"answer": json.dumps(grouped), "targets": [listed], "valid": True})
        one = list(answer) if repeats else list(dict.fromkeys(answer))
        other = list(gold) if repeats else list(dict.fromkeys(gold))
        given_total, gold_total = given_total + len(one), gold_total + len(other)
        for pair in one:
            if pair in other:
                other.remove(pair)
                tp += 1
    for measure, below in (("precision", given_total), ("recall", gold_total), ("f1", (given_total + gold_total) / 2)):
        found = value("entity_f1", samples, measure=measure, repeats=repeats)
        if below:
            assert found == pytest.approx(tp / below)
        elif given_total + gold_total:
            assert found == 0 or math.isnan(found)
        else:
            assert math.isnan(found)


@pytest.mark.parametrize(
    "answer", ["", "none", '{"person": ["Ada', "42", '{"person": {"name": "Ada"}}', "[[1]]", "[true]"]
)
def test_malformed_answers_miss_everything(answer: str) -> None:
    assert dict(entity_f1(answer, [GOLD])) == {"tp": 0.0, "fp": 0.0, "fn": 4.0}
    assert dict(entity_f1(answer, ["{}"])) == {"tp": 0.0, "fp": 1.0, "fn": 0.0}, "garbage is not the empty list"
    assert dict(entity_f1(GOLD, [GOLD], valid=False)) == {"tp": 0.0, "fp": 0.0, "fn": 4.0}


def test_forms_and_options() -> None:
    assert dict(entity_f1('Here: ```json\n["Ada"]\n```', ['["Ada", "Alan"]'])) == {"tp": 1.0, "fp": 0.0, "fn": 1.0}
    assert dict(entity_f1('{"P": "ada "}', ['{"p": ["Ada"]}'])) == {"tp": 0.0, "fp": 1.0, "fn": 1.0}
    assert dict(entity_f1('{"P": "ada "}', ['{"p": ["Ada"]}'], ignore_case=True))["tp"] == 1
    assert dict(entity_f1('{"q": "Ada"}', ['{"p": ["Ada"]}'], ignore_types=True))["tp"] == 1
    assert dict(entity_f1('["Ada"]', ['["Bob"]', '["Ada"]'])) == {"tp": 1.0, "fp": 0.0, "fn": 0.0}


def test_nothing_to_find_and_nothing_found_is_not_a_number(value: Value) -> None:
    assert math.isnan(value("entity_f1", [{"answer": "{}", "targets": ["{}"], "valid": True}]))


def test_wrong_targets_and_options_are_complained_of(value: Value) -> None:
    with pytest.raises(SuiteError, match=r"entity_f1 needs targets like .*: no JSON value in 'Ada Lovelace'"):
        entity_f1("{}", ["Ada Lovelace"])
    with pytest.raises(SuiteError, match=r"an entity without `text`: "):
        entity_f1("{}", ['[{"type": "person"}]'])
    with pytest.raises(SuiteError, match="entity_f1 measures f1, precision or recall, not 'f2'"):
        value("entity_f1", [{"answer": "{}", "targets": [GOLD], "valid": True}], measure="f2")
