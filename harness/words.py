"""How texts are compared: normalised, and split into the words of any script."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import cache, lru_cache
from typing import Any

_ASCII_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation))
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize(
    text: str, *, ignore_case: bool = False, ignore_punctuation: bool = False, ignore_articles: bool = False
) -> str:
    """`text` stripped, and without what is to be ignored; ignoring anything but case also joins runs of whitespace.

    Punctuation is that of ASCII (with its symbols: `$+<=>^|~` and the backtick) and every Unicode punctuation mark.
    A text of which nothing would be left keeps what it has: `a` is still an answer, and so is `?`.

    >>> normalize("  The bus, number 5. ", ignore_case=True, ignore_punctuation=True, ignore_articles=True)
    'bus number 5'
    >>> normalize("A.", ignore_case=True, ignore_punctuation=True, ignore_articles=True)
    'a'
    """
    result = text.strip()
    if ignore_case:
        result = result.casefold()
    if ignore_punctuation:
        result = _unless_empty(_without_punctuation(result), result)
    if ignore_articles:
        result = _unless_empty(_ARTICLES.sub(" ", result), result)
    return " ".join(result.split()) if ignore_punctuation or ignore_articles else result


def words(text: str) -> list[str]:
    """The words of `text` in any script, lower case: runs of letters, digits and marks.

    Scripts that write no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give one word a
    character.

    >>> words("It's 5 o'clock: Où est l'été? 東京です")
    ['it', 's', '5', 'o', 'clock', 'où', 'est', 'l', 'été', '東', '京', 'で', 'す']
    """
    lowered = text.lower()
    if lowered.isascii():
        return _ASCII_WORD.findall(lowered)
    spaced, before = [], ""
    for character in unicodedata.normalize("NFC", lowered):
        kind = _kind(character)
        apart = kind == "single" or (kind == "letter" and before == "single")
        spaced.append(f"{' ' if apart else ''}{character}" if kind else " ")
        before = before if kind == "mark" else kind
    return "".join(spaced).split()


def tokens(text: str) -> list[str]:
    """`text` split at whitespace, with every character of a script without spaces on its own.

    >>> tokens("bus 5, 東京")
    ['bus', '5,', '東', '京']
    """
    if text.isascii():
        return text.split()
    return "".join(f" {c} " if _kind(c) == "single" else c for c in text).split()


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The Porter stem of an English word (nltk's, as rouge_score uses it); a word with other letters stays as it is."""
    return str(_porter().stem(word)) if word.isascii() else word


_ASCII_WORD = re.compile(r"[a-z0-9]+")
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF),
)  # fmt: skip
"""Code points of Thai and Lao, Burmese, Khmer, kana and Han."""


@lru_cache(maxsize=1 << 14)
def _kind(character: str) -> str:
    """`letter` (also digits), `single` (a word of its own), `mark` (belongs to what stands before), or empty."""
    category = unicodedata.category(character)[0]
    if category == "M":
        return "mark"
    if category not in "LN":
        return ""
    return "single" if any(low <= ord(character) <= high for low, high in _UNSPACED) else "letter"


@cache
def _porter() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def _without_punctuation(text: str) -> str:
    text = text.translate(_ASCII_PUNCTUATION)
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c)[0] != "P")


def _unless_empty(result: str, before: str) -> str:
    return result if result.strip() else before
