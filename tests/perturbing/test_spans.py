"""Protected spans: what is found, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.perturbing.spans import Guard, held, read_gazetteer


def kept(text: str, guard: Guard | None = None, labels: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(text[s.start : s.stop], s.kind) for s in (guard or Guard()).spans(text, labels)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("the bus on route 47B leaves", "47B"),
        ("it leaves at 7:30 pm today", "7:30 pm"),
        ("it leaves at 7 p.m. today", "7 p.m."),
        ("at 9 o'clock sharp", "9 o'clock"),
        ("it costs $12.50, I think", "$12.50"),
        ("it costs 1,200 € a year", "1,200 €"),
        ("a rise of 12 % is much", "12 %"),
        ("on 2026-11-21, a Saturday", "2026-11-21"),
        ("twenty-one tickets", "twenty-one"),
        ("Two hundred people", "Two hundred"),
        ("take the N7 bus", "N7"),
        ("half ½ and", "½"),
        ("٤٧ الحافلة", "٤٧"),
        ("line D is late", "D"),
        ("at noon we eat", "noon"),
    ],
)
def test_numbers_with_what_belongs_to_them(text: str, number: str) -> None:
    assert (number, "numbers") in kept(text)


@pytest.mark.parametrize("text", ["I saw A dog", "someone alone", "tone bones", "the bus", "", "快速的狐狸", "I'D"])
def test_what_is_no_number(text: str) -> None:
    assert not [found for found in kept(text) if found[1] == "numbers"]


@pytest.mark.parametrize("word", ["not", "never", "don't", "don’t", "cannot", "NOBODY", "without", "isn't", "dont"])
def test_negations(word: str) -> None:
    assert (word, "negations") in kept(f"we {word} go")


@pytest.mark.parametrize("word", ["knot", "nose", "another", "note", "want"])
def test_what_is_no_negation(word: str) -> None:
    assert kept(f"we {word} go") == []


def test_entities_labels_and_addresses() -> None:
    text = "Is Lantern square (see www.rail.example or ann@rail.example) positive?"
    found = kept(text, Guard(entities=("Lantern Square",)), ("positive", "negative"))
    assert [word for word, kind in found if kind == "entities"] == [
        "Lantern square", "www.rail.example", "ann@rail.example",
    ]  # fmt: skip
    assert ("positive", "labels") in found


def test_a_label_is_a_whole_word_and_no_long_text() -> None:
    assert kept("nowhere to go", Guard(frozenset({"labels"})), ("no", "now")) == []
    assert kept("a" * 300, Guard(frozenset({"labels"})), ("a" * 300,)) == []


def test_kinds_may_be_left_out() -> None:
    assert kept("not 47", Guard(frozenset({"numbers"}))) == [("47", "numbers")]
    assert kept("not 47", Guard(frozenset())) == []


def test_the_mask() -> None:
    text = "not 47"
    spans = Guard().spans(text)
    assert bytes(held(text, spans)) == b"\1\1\1\0\1\1"
    assert bytes(held(text, spans, but=("negations",))) == b"\0\0\0\0\1\1"


def test_a_gazetteer(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("\ufeff# stops\nLantern Square\n\nOld Mill\nOld Mill\n".encode())
    assert read_gazetteer(path) == ("Lantern Square", "Old Mill")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# nothing\n", "the gazetteer holds no name; write one a line"),
        (b"ok\n\xff\xfe\n", "names.txt:2: the gazetteer is not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_gazetteer(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(SuiteError) as caught:
        read_gazetteer(path)
    assert said in str(caught.value)


def test_a_gazetteer_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="cannot be read"):
        read_gazetteer(tmp_path)
