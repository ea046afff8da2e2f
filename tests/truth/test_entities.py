"""Entities: one spelling for what is written in many ways, and nothing where there is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.truth.entities import Entity, Gazetteer, capitalised, entities, of_value, readings


def shown(text: str, *names: tuple[str, str], labels: tuple[str, ...] = ()) -> list[str]:
    known = Gazetteer(frozenset(labels))
    for kind, name in names:
        known.add(kind, name)
    return [f"{kind} {value}" for kind, value in entities(text, known)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("at 7:05 pm", ["time 19:05"]),
        ("at 7.05 PM.", ["time 19:05"]),
        ("at 7 p.m. sharp", ["time 19:00"]),
        ("at 12 am and 12pm", ["time 00:00", "time 12:00"]),
        ("at 7:05 or 19:30", ["time 07:05?", "time 19:30"]),
        ("at noon", ["time 12:00"]),
        ("at midnight", ["time 00:00"]),
        ("for $2.50", ["price USD 2.50"]),
        ("for 2.5 dollars, or €3", ["price USD 2.50", "price EUR 3.00"]),
        ("75 cents", ["price USD 0.75"]),
        ("£1,200", ["price GBP 1200.00"]),
        ("30 EUR", ["price EUR 30.00"]),
        ("1,200 people and 3.50 km, -4 °C", ["number 1200", "number 3.5", "number -4"]),
        ("007 and 7", ["number 7", "number 7"]),
        ("route 47, bus B12, v2.0.1", ["number 47"]),
        ("", []),
        ("no numbers at all", []),
        ("25:99", ["number 25", "number 99"]),
    ],
)
def test_one_spelling(text: str, wanted: list[str]) -> None:
    assert shown(text) == wanted


def test_known_names_are_found_longest_first_and_whatever_their_case() -> None:
    names = (("stop", "Five Points"), ("stop", "Five Points North"), ("line", "red"))
    assert shown("From FIVE points north to five points on the Red line", *names) == [
        "stop five points north", "stop five points", "line red",
    ]  # fmt: skip
    assert shown("fivepoints, reds and five pointsmen", *names) == []


def test_a_label_makes_a_number_more_than_a_number() -> None:
    assert shown("Route 47 and routes 12, or 9 stops", labels=("route",)) == ["route 47", "route 12", "number 9"]


def test_what_a_cell_stands_for() -> None:
    known = Gazetteer(frozenset({"route"}))
    assert of_value("route", 47, known) == {Entity("route", "47"), Entity("number", "47")}
    assert Entity("price", "USD 2.50") in of_value("fare", "$2.50", known)


def test_a_time_may_be_said_without_the_half_of_the_day() -> None:
    def said(value: str) -> set[str]:
        return {entity.value for entity in readings(Entity("time", value))}

    assert said("19:05") == {"19:05", "07:05?"}
    assert said("07:05") == {"07:05", "07:05?"}
    assert said("07:05?") == {"07:05?", "07:05", "19:05"}
    assert said("12:00") == {"12:00", "12:00?"}
    assert said("00:10") == {"00:10", "00:10?", "12:10?"}
    assert readings(Entity("number", "7")) == {Entity("number", "7")}


def test_names_by_their_capital_letters() -> None:
    assert capitalised("It stops at Elm Street, then Oak. Then it ends.") == ["elm street", "oak"]
    assert capitalised("Go to New York City! I know.") == ["new york city"]
    assert capitalised("nothing here") == []


@given(st.text(max_size=60))
def test_any_text_has_entities_or_none(text: str) -> None:
    for kind, value in entities(text, Gazetteer(frozenset({"route"}))):
        assert kind in ("time", "price", "number", "route")
        assert value
    capitalised(text)
