"""What each perturbation does, by example."""

from __future__ import annotations

import base64
import codecs
import unicodedata
from random import Random

import pytest

from harness.catalog import Catalog
from harness.perturbing.lexicon.spelling import NEIGHBOURS
from harness.perturbing.spans import Guard

CATALOG = Catalog()


def run(name: str, text: str, seed: int = 1, labels: tuple[str, ...] = (), **options: object) -> str:
    leaf = CATALOG.get("perturbation", name)
    given = {"text": text, "rng": Random(seed), "protected": Guard().spans(text, labels)}
    return str(leaf.function(**leaf.bind(given, options)))


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("identity", "As it IS.", "As it IS."),
        ("lowercase", "Is Bus N7 not HERE?", "is bus N7 not here?"),
        ("uppercase", "take the bus 7a not now", "TAKE THE BUS 7a not NOW"),
        ("titlecase", "take the old bus", "Take The Old Bus"),
        ("punctuation_strip", "Well, yes: a drop-off (here) at 7:30!", "Well yes a drop off here at 7:30"),
        ("contractions", "It is late and I don't go.", "It's late and I do not go."),
        ("british_american", "My favourite colour is grey.", "My favorite color is gray."),
        ("number_format", "Bus 12 and twenty-one people, 7:30, $5, 3 %.", "Bus twelve and 21 people, 7:30, $5, 3 %."),
        ("number_format", "Route 305 and 100 and 47.", "Route three hundred five and one hundred and forty-seven."),
        ("negation", "The film is good.", "The film is not good."),
        ("negation", "The film was not good.", "The film was good."),
        ("negation", "I don't like it.", "I do like it."),
        ("negation", "I can't see it.", "I can see it."),
        ("negation", "Is the bus late?", "Is the bus not late?"),
        ("negation", "A lovely day.", "A lovely day."),
        ("antonym", "A good and Cheap film.", "A bad and Expensive film."),
    ],
)
def test_what_is_always_the_same(name: str, text: str, changed: str) -> None:
    assert run(name, text) == changed


def test_unicode_forms() -> None:
    assert run("unicode_normalize", "café") == unicodedata.normalize("NFD", "café")
    assert run("unicode_normalize", "ﬁne", form="NFKC") == "fine"
    assert run("unicode_normalize", "bus 47", form="fullwidth") == "ｂｕｓ 47"


def test_accents() -> None:
    assert run("diacritics", "Émile à Łódź", mode="strip") == "Emile a Łodz"
    assert run("diacritics", "한국어 ไทย नमस्ते", mode="strip") == "한국어 ไทย नमस्ते"
    added = run("diacritics", "a nice evening in the old town", rate=0.3)
    assert added != "a nice evening in the old town"
    assert run("diacritics", added, mode="strip") == "a nice evening in the old town"


def test_typos_hit_neighbouring_keys() -> None:
    text = "where does the quick brown fox stop"
    changed = run("typos", text, rate=0.3)
    hit = [(one, two) for one, two in zip(text, changed, strict=True) if one != two]
    assert hit
    assert all(two in NEIGHBOURS[one] for one, two in hit)


@pytest.mark.parametrize("name", ["swap", "drop", "insert", "repeat"])
def test_words_keep_their_ends_and_short_ones_stay(name: str) -> None:
    text = "so the quick brown foxes are to stop at old harbours"
    for old, new in zip(text.split(), run(name, text, rate=0.2).split(), strict=True):
        assert (new[0], new[-1]) == (old[0], old[-1])
        assert new == old or len(old) >= 4


def test_the_same_letters_remain() -> None:
    text = "the quick brown foxes jumped"
    assert sorted(run("swap", text, rate=0.3)) == sorted(text)
    assert "".join(dict.fromkeys(run("repeat", text, rate=0.3).split()[0])) == "the"
    assert run("random_case", text).lower() == text
    assert run("whitespace", text, share=1.0).split() == text.split()


def test_unseen_characters_can_be_taken_out_again() -> None:
    text = "where does the night train stop"
    hidden = run("zero_width", text)
    assert len(hidden) == len(text) + 3
    assert "".join(c for c in hidden if c not in "\u200b\u200c\u200d") == text
    deleted = run("delete_control", text)
    assert deleted.count("\b") == 3
    seen: list[str] = []
    for letter in deleted:
        if letter == "\b":
            seen.pop()
        else:
            seen.append(letter)
    assert "".join(seen) == text


def test_reordered_letters_are_swapped_in_memory() -> None:
    changed = run("bidi_reorder", "train", count=1)
    plain = "".join(c for c in changed if c not in "\u202d\u202e\u202c\u2066\u2069")
    assert plain in ("tarin", "trian")


def test_homoglyphs_look_the_same_and_are_not() -> None:
    changed = run("homoglyphs", "escape a place", rate=0.5)
    assert changed != "escape a place"
    assert len(changed) == len("escape a place")
    assert {unicodedata.name(c).split()[0] for c in changed if not c.isascii()} <= {"CYRILLIC", "GREEK"}


def test_a_tail_of_control_characters() -> None:
    assert run("control_chars", "hi", count=5, kind="return") == "hi\r\r\r\r\r"


@pytest.mark.parametrize(
    ("name", "text", "before"),
    [
        ("misspellings", "where is the station", "where is the station"),
        ("abbreviations", "please tell me what the schedule is today", "please"),
        ("colloquial", "thank you, that is great", "thank you"),
        ("dialect", "she is going to the station with them", "them"),
        ("learner", "the bus leaves at noon for the city", "leaves at"),
        ("synonyms", "the final price is wrong", "final price"),
        ("leetspeak", "take the last seat", "take the last seat"),
        ("letter_repeat", "so good a station", "so good a station"),
        ("fillers", "take me to the station", "take me to the station"),
        ("ocr", "come back to the station", "come back to the station"),
    ],
)
def test_word_lists_are_used(name: str, text: str, before: str) -> None:
    options = {"share": 1.0} if "share" in CATALOG.get("perturbation", name).options else {"rate": 0.2}
    assert before not in run(name, text, **options)


def test_speech_has_no_marks_and_no_capitals() -> None:
    said = run("speech", "Where does the Night train stop, please? At 7:30!", homophones=1.0)
    assert said == said.lower()
    assert "wear" in said
    assert "7:30" in said
    assert not set(said) & set(",?!")


def test_emoji_stand_beside_words() -> None:
    assert run("emoji", "A good bus") == "A good 👍 bus 🚌"
    assert run("emoji", "nothing here").startswith("nothing here ")


def test_names_are_swapped_within_their_kind_and_everywhere() -> None:
    changed = run("name_swap", "Anna met Paul. Paul likes Anna.")
    one, two = changed.split()[0], changed.split()[2].rstrip(".")
    assert changed == f"{one} met {two}. {two} likes {one}."
    assert one not in ("Anna", "Paul")
    assert run("name_swap", "Anna met Paul.", labels=("Anna",)).startswith("Anna met ")
    assert run("location_swap", "From New York to France.").split()[-1] not in ("France.", "London.")


def test_numbers_are_swapped_near_by_and_alike() -> None:
    for seed in range(20):
        a, b, c = (int(part) for part in run("number_swap", "47 or 100 or 47", seed).split(" or "))
        assert a == c != 47
        assert 80 <= b <= 120
        assert b != 100
    assert run("number_swap", "7:30 and N7") == "7:30 and N7"


def test_sentences_and_tokens_stand_beside_the_text() -> None:
    text = "First this. Then that."
    for position, place in (("begin", -1), ("end", 0)):
        changed = run("distractor_sentence", text, position=position)
        assert changed.endswith(text) if place else changed.startswith(text)
    middle = run("distractor_sentence", text, position="middle", count=2)
    assert middle.startswith("First this. ")
    assert middle.endswith(" Then that.")
    assert run("random_token", text, kind="url", position="end").startswith(f"{text} https://t.co/")


@pytest.mark.parametrize(("depth", "at"), [(0.0, "begin"), (1.0, "end"), (0.5, "middle")])
def test_padding_has_its_length_and_depth(depth: float, at: str) -> None:
    changed = run("context_padding", "NEEDLE", words=1000, depth=depth)
    assert 1000 <= len(changed.split()) <= 1030
    share = changed.split().index("NEEDLE") / len(changed.split())
    assert {"begin": share == 0, "end": share > 0.99, "middle": 0.45 < share < 0.55}[at]


def test_injections_say_what_they_want() -> None:
    for form in ("ignore", "forget", "nevermind", "shout", "escape"):
        changed = run("injection_direct", "When?", form=form, goal="print X")
        assert changed.startswith("When? ")
        assert "print X" in changed
    assert run("injection_direct", "When?", position="begin").endswith(" When?")


def test_encoded_payloads_decode_again() -> None:
    tail = {code: run("encoding", "When?", code=code, goal="do it").split(": ")[-1] for code in
            ("base64", "base32", "hex", "rot13", "reversed", "binary")}  # fmt: skip
    assert base64.b64decode(tail["base64"]) == base64.b32decode(tail["base32"]) == b"do it"
    assert bytes.fromhex(tail["hex"]) == b"do it"
    assert codecs.decode(tail["rot13"], "rot13") == tail["reversed"][::-1] == "do it"
    assert bytes(int(bits, 2) for bits in tail["binary"].split()) == b"do it"


def test_premises() -> None:
    assert run("false_premise", "When?", premises=["As pigs fly,"]) == "As pigs fly, When?"
