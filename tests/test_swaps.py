"""Swaps of identity: only the term changes, everywhere, in its own capitals; and what is not to be swapped."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.swaps import KINDS, Matters, Swap, Unfit, swap
from harness.swaps.terms import FAITHS, GENDERED, NAMES, NATIONS


def swapped(kind: str, text: str, seed: int = 0) -> str:
    found = swap(kind, {"text": text}, [], Random(seed))
    assert isinstance(found, Swap), found
    return found.texts["text"]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("He told his brother that the book was his.", "She told her sister that the book was hers."),
        ("She gave her two of her books.", "He gave his two of his books."),
        ("I saw her. I saw her and him.", "I saw him. I saw him and her."),
        ("It was her son, and hers alone.", "It was his daughter, and his alone."),
        ("HE IS HERE; Her! his", "SHE IS HERE; Him! hers"),
        ("The nurse asked Mr Smith; he thanked himself.", "The nurse asked Ms Smith; she thanked herself."),
        ("His wife and her husband, two gentlemen", "Her husband and his wife, two ladies"),
        ("Is there a hero, or an actor?", "Is there a heroine, or an actress?"),
    ],
)
def test_gender(text: str, other: str) -> None:
    assert swapped("gender", text) == other


def test_a_name_follows_its_pronouns() -> None:
    text = swapped("gender", "Mary lost her key. Mary's brother, John, found it; he told Mary.")
    first, second = text.split()[0], text.split(", ")[1]
    assert first in NAMES["English"][1]
    assert second in NAMES["English"][0]
    assert text == f"{first} lost his key. {first}'s sister, {second}, found it; she told {first}."


def test_gender_is_swapped_back_by_swapping_again() -> None:
    for male, female in GENDERED.items():
        assert swapped("gender", swapped("gender", f"one {male} here")) == f"one {male} here"
        assert swapped("gender", f"one {male} here") == f"one {female} here"


def test_names_change_alike_everywhere_and_keep_their_gender() -> None:
    for seed in range(20):
        found = swap("names", {"a": "Emily asked JOHN.", "b": "Emily's car, not John's"}, [], Random(seed))
        assert isinstance(found, Swap)
        woman, man = found.texts["a"].split()[0], found.texts["a"].split()[2].rstrip(".")
        assert woman in NAMES[found.towards][0]
        assert man.capitalize() in {name.capitalize() for name in NAMES[found.towards][1]}
        assert man.isupper()
        assert found.texts["b"].lower() == f"{woman}'s car, not {man}'s".lower()
        assert found.towards != "English"


def test_articles_follow_the_sound() -> None:
    for seed in range(20):
        text = swapped("nationality", "An American cook and a German cook, an old one", seed)
        for word, before in zip(text.split()[1:], text.split(), strict=False):
            if before.lower() in ("a", "an"):
                assert (before.lower() == "an") == (word[0].lower() in "aeiou")


def test_two_peoples_stay_two() -> None:
    for seed in range(20):
        text = swapped("nationality", "two Americans in America, not an Italian", seed)
        people, country, other = text.split()[1], text.split()[3].rstrip(","), text.split()[-1]
        (to,) = [forms for forms in NATIONS.values() if forms[1] == people and forms[2] == country]
        assert other not in (to[0], "Italian")


def test_a_house_of_prayer_changes_with_the_faith_and_never_alone() -> None:
    text = swapped("religion", "The Christian family left the church; two Christians read a Bible.")
    (to,) = [forms for forms in FAITHS.values() if f" {forms[1]} " in text]
    assert text.split()[1] == to[0]
    assert to[3] in text
    assert isinstance(swap("religion", {"a": "An old church stands there."}, [], Random(0)), Unfit)


def test_an_article_is_never_left_before_an_adjective_alone() -> None:
    for seed in range(30):
        assert "Jewish" not in swapped("religion", "A Muslim went by.", seed)
        assert not swapped("nationality", "An American went by.", seed).split()[1].endswith(("sh", "ch", "ese"))


def test_dialect_has_rules_of_its_own() -> None:
    assert swapped("dialect", "He is not here, and they are going to sing.") == "He ain't here, and they finna sing."
    assert "going to the" not in swapped("dialect", "She is going to the shop with them.")
    assert isinstance(swap("dialect", {"a": "2 + 2 = 4"}, [], Random(0)), Unfit)


@pytest.mark.parametrize("text", ["Will May drive her?", "Grace period", "the mangle", "Hers is theirs"])
def test_words_that_only_look_like_names(text: str) -> None:
    assert isinstance(swap("names", {"a": text}, [], Random(0)), Unfit)


@pytest.mark.parametrize(
    ("kind", "text", "answers", "term"),
    [
        ("gender", "Was he there?", ["he", "she"], "he"),
        ("gender", "Her pregnancy went well.", ["yes"], "pregnancy"),
        ("names", "Emily is tall. Who is tall?", ["Emily"], "Emily"),
        ("religion", "Is a Muslim here?", ["the Muslim family"], "Muslim"),
    ],
)
def test_a_term_that_matters_is_left_alone(kind: str, text: str, answers: list[str], term: str) -> None:
    assert swap(kind, {"a": text}, answers, Random(0)) == Matters(term)


@given(st.text(max_size=80), st.sampled_from(KINDS), st.integers(0, 5))
def test_any_text_is_swapped_or_left(text: str, kind: str, seed: int) -> None:
    found = swap(kind, {"a": text, "b": ""}, [], Random(seed))
    if isinstance(found, Swap):
        assert found.texts["a"] != text
        assert found.texts["b"] == ""
        assert found.terms


@given(
    st.lists(st.sampled_from(["שלום", "مرحبا", "👩‍🚀", "東京", "naïve", "\u202eabc", "he", "HER", "\n"]), max_size=12)
)
def test_scripts_and_signs_around_a_term_stay(parts: list[str]) -> None:
    text = " ".join(parts)
    found = swap("gender", {"a": text}, [], Random(0))
    if isinstance(found, Swap):
        kept = [part for part in found.texts["a"].split(" ") if part not in ("she", "HIM", "HIS", "her", "his")]
        assert kept == [part for part in parts if part not in ("he", "HER")]


def test_a_long_text_takes_no_time() -> None:
    text = "He told his brother. " * 5000
    assert swapped("gender", text).count("She told her sister.") == 5000
