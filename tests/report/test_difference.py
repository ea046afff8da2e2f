"""Word differences: exactly the words that the other text does not have, and every character kept."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.report.difference import LONGEST, cut, marked

WORDS = st.text(alphabet="ab ,é漢\n", max_size=60)


@given(WORDS, WORDS)
def test_the_pieces_are_the_text(text: str, other: str) -> None:
    pieces = marked(text, other)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(a[1] != b[1] for a, b in pairwise(pieces))


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not any(differs for _, differs in marked(text, text))


def test_case_is_no_difference_and_numbers_are() -> None:
    assert marked("The Bus at 05:10", "the bus at 05:25") == [("The Bus at 05:", False), ("10", True)]


def test_neighbouring_words_are_marked_together() -> None:
    assert marked("a b c d", "a d") == [("a ", False), ("b c ", True), ("d", False)]


def test_very_long_texts_are_not_compared() -> None:
    long = "word " * LONGEST
    assert marked(long, "word") == [(long, False)]


def test_cut_says_how_much_is_gone() -> None:
    assert cut("abcdef", 4) == ("abcd", 2)
    assert cut("abc", 4) == ("abc", 0)
