"""Text from outside is shown, never obeyed, and nothing of it is dropped."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runs
from harness.report import plain

ANY = st.text(st.characters(codec=None, exclude_categories=[]))


@given(ANY)
def test_nothing_that_a_terminal_or_xml_obeys_is_left(text: str) -> None:
    shown = plain.visible(text)
    for letter in shown:
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(letter))
        assert letter not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2060\ufffe\uffff"


@given(ANY)
def test_showing_twice_changes_nothing_more(text: str) -> None:
    assert plain.visible(plain.visible(text)) == plain.visible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u180e")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain.visible(text) == text


def test_joiners_stay_where_they_shape_letters_and_show_where_they_hide() -> None:
    assert plain.visible("می\u200cخواهم 👨\u200d👩") == "می\u200cخواهم 👨\u200d👩"
    assert plain.visible("pass\u200dword") == "pass⟪ZWJ⟫word"
    assert plain.visible("\u200cab") == "⟪ZWNJ⟫ab"


def test_tag_characters_that_only_a_tokenizer_reads_are_shown() -> None:
    assert plain.visible("ok" + "".join(chr(0xE0000 + ord(c)) for c in "hi")) == "ok⟪U+E0068⟫⟪U+E0069⟫"


@pytest.mark.parametrize("text", runs.ATTACKS)
def test_a_line_is_one_line_of_bounded_length(text: str) -> None:
    shown = plain.line(text, 12)
    assert "\n" not in shown
    assert "\r" not in shown
    assert len(shown) <= 12


def test_markdown_is_inert() -> None:
    shown = plain.markdown("![x](http://a.b) <img src=x> @org #12 www.a.b `code` | **b** &amp; GH-1")
    for live in ("![", "](", "<img", "@org", "#12", "http://", "www.a", " `c", " | ", "**b", "GH-1"):
        assert live not in shown, live
    assert "&amp;amp;" in shown


@given(ANY)
def test_nothing_leaves_a_code_span_or_a_fence(text: str) -> None:
    span = plain.code(text)
    ticks = len(span) - len(span.lstrip("`"))
    inner = span[ticks:-ticks]
    assert span.endswith("`" * ticks)
    assert "`" * ticks not in inner
    assert "\n" not in span
    assert "|" not in inner.replace("\\|", "")
    block = plain.fence(text).split("\n")
    fence = block[0].removesuffix("text")
    assert block[-1] == fence
    assert all(fence not in row for row in block[1:-1])


def test_a_fence_says_how_much_it_left_out() -> None:
    assert "(990 more characters)" in plain.fence("a" * 1000, 10)


def test_no_line_reads_as_a_command_of_an_actions_log() -> None:
    assert "::" not in plain.unhooked("::error::x ##[group]")
    assert "##[" not in plain.unhooked("::error::x ##[group]")
