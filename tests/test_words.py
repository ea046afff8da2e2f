"""Normalisation, and words of many scripts."""

from __future__ import annotations

import doctest

from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer

from harness import words as module
from harness.words import normalize, stem, tokens, words


def test_examples() -> None:
    found = doctest.testmod(module)
    assert found.attempted >= 4
    assert found.failed == 0


def test_words_of_many_scripts() -> None:
    assert words("Über-schön 5°") == ["über", "schön", "5"]
    assert words("हिन्दी भाषा") == ["हिन्दी", "भाषा"]
    assert words("บัส5 ok") == ["บั", "ส", "5", "ok"]
    assert words("e\u0301te\u0301") == words("été")
    assert words("👍 …") == []
    assert tokens("bus 東京 5") == ["bus", "東", "京", "5"]


@given(text=st.text(st.characters(max_codepoint=127)))
@settings(max_examples=100)
def test_words_of_plain_text_do_not_depend_on_the_path(text: str) -> None:
    assert words(text) == words(text + " é")[:-1]


@given(text=st.text())
@settings(max_examples=100)
def test_normalizing_twice_changes_nothing(text: str) -> None:
    for options in ({}, {"ignore_punctuation": True}, {"ignore_case": True, "ignore_punctuation": True}):
        once = normalize(text, **options)
        assert normalize(once, **options) == once
        assert bool(once) == bool(text.strip())


def test_stems_are_nltks() -> None:
    for word in ("running", "flies", "oed", "generalization", "5", "été"):
        assert stem(word) == (PorterStemmer().stem(word) if word.isascii() else word)
