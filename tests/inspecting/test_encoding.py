"""Encoding: what was damaged is found, what only looks strange is not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.inspecting.encoding import faults

SOUND = [
    "", "plain ASCII & more", "Ça va, « très » bien — naïve façade", "CAFÉ À LA CRÈME", "Größe, ÄÖÜ, „so“",
    "日本語のテキスト", "שלום עולם", "مرحبا بالعالم", "می\u200cخواهم", "👩\u200d🚀 👍🏽 🇩🇪", "क्षेत्र", "русский текст",
    "€5 – 20 °C ± 1 µm ½ ®", "ação coração São", "Ελληνικά", "5\u00a0€ «\u00a0prix\u00a0»", "naïveté",
    "tab\tand\nline\r\n",
]  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_sound_texts(text: str) -> None:
    assert faults(text) == {}


@pytest.mark.parametrize("codec", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "text", ["café", "It’s “here”", "Größe", "20 °C", "coração", "日本語", "русский", "👍", "naïve …"]
)
def test_utf8_read_as_something_else(text: str, codec: str) -> None:
    damaged = text.encode().decode(codec, errors="ignore" if codec == "cp1252" else "strict")
    if damaged.encode(codec) == text.encode():
        assert faults(f"so {damaged} it was").get("mojibake", 0) >= 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("caf\ufffd", "replacement"), ("pass\u200bword", "zero_width"), ("a\u200db", "zero_width"),
        ("x\ufeffy", "zero_width"),
        ("abc\u202edef", "bidi"), ("bell\x07", "control"), ("next\x85line", "control"), ("Tom &amp; Jerry", "entity"),
        ("it&#39;s", "entity"), ("half \ud83d", "surrogate"),
    ],
)  # fmt: skip
def test_each_kind(text: str, kind: str) -> None:
    assert faults(text) == {kind: 1}


@pytest.mark.parametrize("language", ["en", "de"])
def test_real_captions_are_sound_and_their_damage_is_found(shared: Path, language: str) -> None:
    with gzip.open(shared / "data" / "multi30k" / f"val.{language}.gz", "rt", encoding="utf-8") as lines:
        texts = [line.strip() for line in lines]
    assert [text for text in texts if faults(text)] == []
    accented = [text for text in texts if not text.isascii()]
    damaged = [text.encode().decode("latin-1") for text in accented]
    assert all(faults(text) for text in damaged)
    assert language == "en" or len(damaged) > 300
