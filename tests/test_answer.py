"""Reading answers out of text."""

from __future__ import annotations

import doctest
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import answer as answers
from harness.answer import find_json, parse, parser, write_json


def test_examples() -> None:
    found = doctest.testmod(answers)
    assert found.attempted >= 2
    assert found.failed == 0


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        (None, "  the text itself \n", "the text itself"),
        (None, "", ""),
        ("answer is ([0-9]+)", "The answer is 42, the answer is 43.", "42"),
        ("[0-9]+", "route 17", "17"),
        ("[0-9]*", "route 17", "17"),
        ("(?:bus|tram) ([0-9]+)|([A-Z]) line", "the A line", "A"),
        ({"regex": "#### (-?[0-9.,]+)", "take": "last", "remove": ",$"}, "#### 1\n#### 1,234", "1234"),
        ({"positive": "(?i)\\bgood\\b", "negative": "(?i)\\bbad\\b"}, "It is Good.", "positive"),
        ({"labels": {"json": "J", "regex": "R"}}, "R!", "regex"),
        ({1: "one", 2: "two"}, "two", "2"),
        ("json", 'Sure: {"b": 1, "a": [true, null]} - done', '{"a":[true,null],"b":1}'),
        ("json", '"plain"', "plain"),
        ({"json": "label"}, '```json\n{"label": "refund", "why": "…"}\n```', "refund"),
        ({"json": "a.1.b"}, '{"a": [0, {"b": 2.50}]}', "2.5"),
        ({"json": "ok"}, '{"ok": false}', "false"),
        ({"json": ""}, "[1]", "[1]"),
    ],
    ids=str,
)
def test_reads(spec: Any, text: str, expected: str) -> None:
    assert parse(text, spec) == (expected, True)


@pytest.mark.parametrize(
    ("spec", "text", "reason"),
    [
        ("answer is ([0-9]+)", "I do not know", "'answer is ([0-9]+)' is not found in 'I do not know'"),
        ({"good": "good", "bad": "bad"}, "neither", "no label is found in 'neither'"),
        ({"good": "good", "bad": "bad"}, "good or bad", "'good' and 'bad' are all found in 'good or bad'"),
        ("json", "{broken", "no JSON value in '{broken'"),
        ("json", '{"a": 1, "a": 2}', 'no JSON value in \'{"a": 1, "a": 2}\''),
        ("json", '{"a": NaN}', "no JSON value in '{\"a\": NaN}'"),
        ("json", '{"a": 1e999}', "no JSON value in '{\"a\": 1e999}'"),
        ("json", '{"a": "\\ud800"}', 'no JSON value in \'{"a": "\\\\ud800"}\''),
        ({"json": "label"}, '{"lable": "x"}', 'no label in the JSON of \'{"lable": "x"}\''),
        ({"json": "label"}, '{"label": null}', "no label in the JSON of '{\"label\": null}'"),
        ({"json": "a.5"}, '{"a": [1]}', "no a.5 in the JSON of '{\"a\": [1]}'"),
    ],
    ids=str,
)
def test_what_cannot_be_read_says_why(spec: Any, text: str, reason: str) -> None:
    found = parser(spec)(text)
    assert (found.text, found.valid, found.reason) == ("", False, reason)
    assert parse(text, spec) == ("", False)


def test_choices_must_be_met_exactly() -> None:
    assert parser()("refund\n", ["refund", "cancel"]).valid
    found = parser()("Refund!", ["refund", "cancel"])
    assert (found.text, found.valid, found.reason) == ("", False, "'Refund!' is not one of the choices")


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("(", "parse regex: '(' is not a regular expression: missing ), unterminated subpattern at position 0"),
        (7, "parse is a regular expression, `json` or a map of label to pattern, not 7"),
        ({}, "parse is a regular expression, `json` or a map of label to pattern, not {}"),
        ({"a": 5}, "parse of label 'a' needs a regular expression in quotes, not 5"),
        ({"labels": {}}, "parse needs at least one label with its pattern"),
        ({"json": 3}, "parse json names a field such as `answer.label`, not 3"),
        (
            {"regex": "x", "tkae": "last"},
            "no option of parse regex named 'tkae'; did you mean 'take'? (known: regex, remove, take)",
        ),
        ({"regex": "x", "take": "middle"}, "parse take is `first` or `last`, not 'middle'"),
        ({"regex": "x", "remove": 1}, "parse remove is a string of characters, not 1"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_parse_is_complained_of(spec: Any, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        parser(spec)
    assert str(caught.value) == complaint


texts = st.text(st.characters(codec="utf-8"), max_size=8)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
containers = st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4)


@given(value=containers, pad=st.text("x \n.:", max_size=9))
@settings(max_examples=100, deadline=None)
def test_json_is_found_inside_prose_and_written_one_way(value: Any, pad: str) -> None:
    text = json.dumps(value)
    assert find_json(pad + text + pad) == value
    assert find_json(f"{pad}\n```json\n{text}\n```{pad}") == value
    read = parser("json")
    assert read(pad + json.dumps(value, indent=1)).text == read.target(text) == write_json(value)


@given(text=st.text())
@settings(max_examples=100, deadline=None)
def test_no_text_makes_a_reader_crash(text: str) -> None:
    for spec in (None, "json", {"json": "a.0"}, "(.)", {"a": "a", "b": "b"}):
        found, valid = parse(text, spec)
        assert valid or not found


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 100_000, "```" * 100_000, "```" + "\n" * 200_000, "[1," * 100_000]
)
def test_hostile_json_is_refused_quickly(text: str) -> None:
    began = time.perf_counter()
    assert parse(text, "json") == ("", False)
    assert time.perf_counter() - began < 3


def test_a_target_that_is_no_json_stays_as_it_is() -> None:
    assert parser("json").target("not { json") == "not { json"
    assert parser("json").target(' {"b": 1, "a": 2} ') == '{"a":2,"b":1}'
    assert parser().target(' {"b": 1} ') == ' {"b": 1} '
