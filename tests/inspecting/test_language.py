"""Languages: real captions, one question in many languages, and texts that say too little."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.inspecting.language import guess

QUESTIONS = {
    "fr": "Je voudrais savoir quand part le dernier train pour l'aéroport",
    "es": "¿A qué hora sale el último autobús hacia el aeropuerto?",
    "it": "Vorrei sapere quando parte l'ultimo treno per l'aeroporto",
    "pt": "Gostaria de saber quando sai o último ônibus para o aeroporto",
    "nl": "Ik zou graag willen weten wanneer de laatste trein vertrekt",
    "sv": "Jag skulle vilja veta när det sista tåget går till flygplatsen",
    "no": "Jeg vil gjerne vite når det siste toget går til flyplassen",
    "pl": "Chciałbym wiedzieć, kiedy odjeżdża ostatni pociąg na lotnisko",
    "cs": "Chtěl bych vědět, kdy odjíždí poslední vlak na letiště",
    "ro": "Aș vrea să știu când pleacă ultimul tren spre aeroport",
    "hu": "Szeretném tudni, mikor indul az utolsó vonat a repülőtérre",
    "id": "Saya ingin tahu kapan kereta terakhir ke bandara berangkat",
    "vi": "Tôi muốn biết khi nào chuyến tàu cuối cùng đến sân bay",
    "ru": "Я хотел бы знать, когда уходит последний поезд в аэропорт",
    "uk": "Я хотів би знати, коли відправляється останній потяг до аеропорту",
    "bg": "Бих искал да знам кога тръгва последният влак за летището",
    "ar": "أود أن أعرف متى يغادر القطار الأخير إلى المطار",
    "fa": "می خواهم بدانم آخرین قطار به فرودگاه چه زمانی حرکت می کند",
    "ur": "میں جاننا چاہتا ہوں کہ ہوائی اڈے کے لیے آخری ٹرین کب روانہ ہوتی ہے",
    "el": "Θα ήθελα να μάθω πότε φεύγει το τρένο",
    "he": "מתי יוצאת הרכבת האחרונה",
    "ko": "마지막 기차는 언제 출발합니까",
    "zh": "最后一班火车什么时候开",
    "ja": "最終電車はいつ出ますか",
    "th": "รถไฟขบวนสุดท้ายออกเมื่อไหร่",
    "hi": "आखिरी ट्रेन कब निकलती है",
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_one_question_in_many_languages(language: str) -> None:
    found = guess(QUESTIONS[language])
    assert found.language == language
    assert found.is_not("en")
    assert not found.is_not(language)


def captions(shared: Path, language: str) -> list[str]:
    with gzip.open(shared / "data" / "multi30k" / f"val.{language}.gz", "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines]


def test_real_captions(shared: Path) -> None:
    """1,014 captions in both languages: no English one is taken for another language, most German ones are."""
    english, german = captions(shared, "en"), captions(shared, "de")
    assert sum(guess(text).is_not("en") for text in english) == 0
    assert sum(guess(text).is_not("de") for text in german) == 0
    assert sum(guess(text).is_not("en") for text in german) / len(german) > 0.9
    assert sum(guess(text).is_not("de") for text in english) / len(english) > 0.65


@pytest.mark.parametrize(
    "text", ["", "OK", "47?", "👍👍👍", "A student pass costs 41 dollars.", "Amber Park, Salt Market", "x" * 100_000]
)
def test_little_text_proves_nothing(text: str) -> None:
    assert not guess(text).is_not("en")


def test_slang_is_still_english() -> None:
    assert not guess("ok gotta stay late, whens the last 12").is_not("en")
    assert not guess("any idea where the 45 ends lol thx").is_not("en")
