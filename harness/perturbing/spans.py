"""Protected spans: what a perturbation must leave as it is, so that the right answer stays right."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from harness.errors import Complaint, SuiteError

KINDS = ("numbers", "entities", "labels", "negations")
"""Numbers with their units, prices and times; names that the suite lists, and addresses; choices and targets; words
that turn a statement around."""
LONGEST_LABEL = 200
"""Characters from which on a target is a text of its own and no label."""


class Span(NamedTuple):
    """Characters `start` to `stop` of a text, and what they are: one of `KINDS`."""

    start: int
    stop: int
    kind: str


_NUMERIC = "0-9\u00b2\u00b3\u00b9\u00bc-\u00be\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u2070-\u2079\u2080-\u2089"
_NUMERIC += "\u2150-\u218b\u2460-\u249b\uff10-\uff19"
_WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty",
    "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million", "billion",
    "dozen", "half", "quarter", "third", "fourth", "fifth", "first", "second", "once", "twice", "noon",
    "midnight",
]  # fmt: skip
_NUMBER = re.compile(
    rf"(?:[$€£¥₹]\s)?(?<![A-Za-z$€£¥₹#+−-])[A-Za-z$€£¥₹#+−-]*[{_NUMERIC}](?:[A-Za-z{_NUMERIC}.,:/+−'’-]*[A-Za-z{_NUMERIC}])?"
    r"(?:\s?[%‰°€$£¥₹])?(?:\s?(?:[AaPp]\.?[Mm]\b\.?|o['’]clock\b))?"
)
"""A run of letters, digits and the marks that join them which holds a digit, with its currency, unit or half of day.

It may not begin inside such a run: that each place is looked at once keeps long texts cheap."""
_LETTER = re.compile(r"(?<![\w'’])[B-HJ-Z](?![\w'’])")
"""A letter that stands alone names something: an option, a line."""
_NUMBER_WORDS = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?:[- ](?:{'|'.join(_WORDS)}))*(?!\w)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]+@[\w-]+\.\w[\w.]*|(?<!\w)@\w+")
_NEGATION = re.compile(
    r"(?<!\w)(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|barely|unless|except|"
    r"\w+n['’]t|ain['’]t|(?:do|does|did|is|are|was|were|wo|would|could|should|has|have|had|ca)nt)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Which spans of a text are protected."""

    kinds: frozenset[str] = frozenset(KINDS)
    entities: tuple[str, ...] = ()
    """Names to protect, case ignored."""

    def spans(self, text: str, labels: Iterable[str] = ()) -> tuple[Span, ...]:
        """The protected spans of a text, by where they begin; they may overlap."""
        found: list[Span] = []
        if "numbers" in self.kinds:
            found += _all("numbers", text, _NUMBER, _NUMBER_WORDS, _LETTER)
        if "entities" in self.kinds:
            found += _all("entities", text, _ADDRESS, *_phrases(self.entities))
        if "labels" in self.kinds:
            found += _all("labels", text, *_phrases(tuple(name for name in labels if len(name) <= LONGEST_LABEL)))
        if "negations" in self.kinds:
            found += _all("negations", text, _NEGATION)
        return tuple(sorted(set(found)))


def _all(kind: str, text: str, *patterns: re.Pattern[str]) -> list[Span]:
    found = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            lead = len(match[0]) - len(match[0].lstrip())
            if match[0].strip():
                found.append(Span(match.start() + lead, match.end(), kind))
    return found


@lru_cache(maxsize=4096)
def _phrases(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """One pattern that finds any of the names as whole words; none where there are no names."""
    plain = sorted({name.strip() for name in names} - {""}, key=lambda name: (-len(name), name))
    if not plain:
        return ()
    return (re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, plain))})(?!\w)", re.IGNORECASE),)


def held(text: str, protected: Sequence[Span], *, but: Collection[str] = ()) -> bytearray:
    """(len(text)): 1 where a character is protected; spans of the kinds in `but` are left out."""
    mask = bytearray(len(text))
    for start, stop, kind in protected:
        if kind not in but:
            mask[start:stop] = b"\x01" * (min(stop, len(text)) - start)
    return mask


def read_gazetteer(path: Path) -> tuple[str, ...]:
    """The names in a file, one a line; empty lines and lines that begin with `#` are left out.

    Raises:
        SuiteError: it cannot be read, is not UTF-8, or holds no name.
    """
    names: list[str] = []
    number = 0
    try:
        for raw in path.read_bytes().splitlines():
            number += 1
            line = raw.decode("utf-8-sig").strip()
            if line and not line.startswith("#"):
                names.append(line)
    except UnicodeDecodeError as error:
        raise SuiteError([Complaint(str(path), number, f"the gazetteer is not UTF-8: {error.reason}")]) from error
    except OSError as error:
        raise SuiteError(f"the gazetteer {path} cannot be read: {error.strerror}") from error
    if not names:
        raise SuiteError([Complaint(str(path), 0, "the gazetteer holds no name; write one a line")])
    return tuple(dict.fromkeys(names))
