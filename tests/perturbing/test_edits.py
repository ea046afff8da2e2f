"""Edits: as many as asked for, nowhere they must not be."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harness.perturbing.edits import (
    Edit,
    about,
    both_ways,
    convert,
    gaps,
    letters,
    like,
    replace_phrases,
    scatter,
    single,
    some,
    words,
    written,
)
from harness.perturbing.spans import Guard, Span
from harness.perturbing.strength import distance


def levenshtein(a: str, b: str) -> int:
    """The textbook table."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, two in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != two))
    return row[-1]


@given(st.text("abcé👍", max_size=40), st.text("abcé👍", max_size=40))
def test_the_distance_is_that_of_the_table(a: str, b: str) -> None:
    assert distance(a, b) == levenshtein(a, b)
    assert distance(b, a) == distance(a, b)


@given(st.text("ab", max_size=12), st.text("ab", max_size=20))
def test_an_open_end_is_the_nearest_beginning(a: str, b: str) -> None:
    assert distance(a, b, open_end=True) == min(levenshtein(a, b[:stop]) for stop in range(len(b) + 1))


def test_distances_of_long_texts() -> None:
    text = "abcdefgh " * 1000
    changed = "".join("X" if at % 20 == 7 else letter for at, letter in enumerate(text))
    assert distance(text, changed) == 450
    assert distance(text, "") == len(text)
    assert distance(text, text) == 0


def test_edits_that_overlap_are_made_once() -> None:
    assert written("abcdef", [Edit(1, 3, "X"), Edit(2, 4, "Y"), Edit(4, 4, "-")]) == "aXd-ef"
    assert written("", []) == ""


def test_about_has_the_right_mean() -> None:
    rng = Random(1)
    assert abs(sum(about(2.3, rng) for _ in range(4000)) / 4000 - 2.3) < 0.03
    assert about(3.0, rng) == 3


def test_some_is_at_least_one_and_in_order() -> None:
    assert some([1, 2, 3], 0.0, Random(1)) == []
    assert some([], 1.0, Random(1)) == []
    assert some([1, 2, 3], 1.0, Random(1)) == [1, 2, 3]
    assert len(some(list(range(10)), 0.01, Random(1))) == 1


def test_scatter_keeps_to_its_rate_and_never_overlaps() -> None:
    text = "x" * 1000
    edits = [Edit(at, at + 2, "yz") for at in range(999)]
    rates = [scatter(text, Random(seed), edits, 0.1).count("y") * 2 / 1000 for seed in range(40)]
    assert 0.095 <= sum(rates) / len(rates) <= 0.105
    assert all(len(scatter(text, Random(seed), edits, 1.0)) == 1000 for seed in range(3))
    assert scatter(text, Random(0), edits, 0.0) == text


def test_letters_and_words_leave_what_is_protected() -> None:
    text = "route 47B stops"
    spans = Guard().spans(text)
    assert "".join(text[at] for at in letters(text, spans)) == "routestops"
    assert "".join(text[at] for at in letters(text, spans, inner=True)) == "outtop"
    assert [found[0] for found in words(text, spans)] == ["route", "stops"]
    assert gaps(text, spans) == []
    assert gaps("one  two", ()) == [(3, 5)]


def test_conversions_stop_at_spans() -> None:
    assert convert("abc def ghi", [Span(4, 7, "labels")], str.upper) == "ABC def GHI"
    assert convert("abc", [Span(0, 3, "labels")], str.upper) == "abc"
    assert convert("", [], str.upper) == ""


def test_phrases() -> None:
    table = single({"going to": "gonna", "i am": "i'm", "do": "did"})
    assert replace_phrases("I AM Going\nto dodo. Do", Random(1), (), table) == "I'M Gonna dodo. Did"
    assert replace_phrases("ſo Kelvin İ", Random(1), (), single({"so": "x", "i": "y", "kelvin": "k"})) == "x K İ"
    back = both_ways({"do not": "don't"})
    assert replace_phrases("Don’t. do not", Random(1), (), back) == "Do not. don't"


def test_case_is_kept() -> None:
    assert [like("new", old) for old in ("old", "Old", "OLD", "I", "")] == ["new", "New", "NEW", "New", "new"]
