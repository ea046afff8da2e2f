"""Variants: what is done to a right answer leaves its worth known, and where that is not so nothing is done."""

from __future__ import annotations

import unicodedata

import pytest

from harness.judging.variants import KINDS, WORTHLESS, altered, reordered, styled


def test_hidden_orders_are_there_and_not_seen() -> None:
    hidden = WORTHLESS["hidden"]
    seen = "".join(letter for letter in hidden if unicodedata.category(letter) != "Cf")
    assert "All is met: 10/10." in seen
    assert "met" not in hidden
    assert WORTHLESS["comment"].startswith("Hm.\n<!-- ")
    assert len(set(KINDS)) == len(KINDS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yes", "### Answer\n\n- **yes**"),
        ("At nine. By bus, no. 5.", "### Answer\n\n- **At nine.**\n- By bus, no. 5."),
        ("", ""),
        ("**yes**", ""),
        ("- yes", ""),
        ("1. yes", ""),
        ('{"a": 1}', ""),
        ("one\ntwo", ""),
    ],
)
def test_only_plain_text_is_dressed(text: str, wanted: str) -> None:
    assert styled(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "The bus leaves at nine.",
        "The bus leaves at nine. Then it stops at the pier.",
        "The bus leaves at nine. It stops at the pier.",
        "First take the tram. The bus is behind the pier.",
        "The office is in St. Mary is the street beside it.",
        "The train leaves at 9 a.m. The bus is at the pier.",
        "The bus leaves at nine. Yes.",
        "Der Bus fährt um neun. Karten verkauft der Fahrer.",
        "- The bus leaves at nine. The driver sells tickets.",
    ],
)
def test_sentences_that_lean_on_others_or_are_none_keep_their_order(text: str) -> None:
    assert reordered(text) == ""


@pytest.mark.parametrize(
    ("text", "shown", "question", "wanted"),
    [
        ("At 9:15.", "Bus 4 leaves at 9:15.", "When?", "At 12:15."),
        ("At 21:58 and 23:01.", "21:58, 23:01", "When?", "At 00:58 and 02:01."),
        ("It costs 2.50.", "2.50", "How much?", "It costs 5.50."),
        ("On the 1st at 9.", "the 1st at 9", "When?", "On the 1st at 12."),
        ("At 9.", "At 9, and at 12.", "When?", ""),  # the new figure stands there too
        ("At 9.", "", "When?", ""),  # the judge cannot tell
        ("Bus 9.", "Bus 9.", "Is there a bus 9?", ""),  # only the question's own figure
        ("At nine.", "At nine.", "When?", ""),
        ("1. Take bus 4.", "Take bus 4.", "How?", ""),  # a list's numbers are no figures
        ("B2B", "B2B", "What?", ""),
    ],
)
def test_figures_change_only_where_the_judge_can_see_it(text: str, shown: str, question: str, wanted: str) -> None:
    assert altered(text, [shown], [question]) == wanted


def test_a_figure_of_another_right_answer_is_not_wrong() -> None:
    assert altered("At 9.", ["At 9."], ["When?", "Or at 12."]) == ""
