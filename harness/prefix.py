"""What prompts have in common at their beginning, and what keeps them from sharing more.

Whatever stands at the beginning of several prompts is computed once. A date, a counter or examples in another order
before each question undo that without a word; a check that asks so is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LOOKED_AT = 300
"""Prompts of a check that are looked at, at most."""
FEWEST = 20
"""Prompts that say something of a habit."""
LOST = 2.0
"""How many times as much could be shared before anything is said."""
WORTH = 200
"""Characters of each prompt that could be shared and are not, before anything is said."""

_MOVING = re.compile(
    r"\d+|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
"""What differs between prompts that are alike around it: numbers, and the names of days and months."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How often each character of prompts is asked, where it is computed once."""

    now: float
    """Characters of all prompts over those that are left when each common beginning is counted once."""
    unmoved: float
    """The same, if numbers, dates and times were the same everywhere."""
    ordered: float
    """The same, if paragraphs that several prompts have stood in one order at their beginning."""


def sharing(prompts: Sequence[str]) -> Sharing:
    """How much prompts share, and how much they could.

    >>> found = sharing([f"Now: 12:{at:02}. Answer well, and briefly. What is {w}?" for at, w in enumerate("abcdefgh")])
    >>> round(found.now, 1), round(found.unmoved, 1)
    (1.2, 6.1)
    """
    return Sharing(_ratio(prompts), _ratio([_MOVING.sub("0", prompt) for prompt in prompts]), _paragraphs(prompts))


def warning(check: str, prompts: Iterable[str]) -> str:
    """One sentence where a habit of a check's prompts costs at least half of what they could share; else empty."""
    distinct = list(dict.fromkeys(prompts))
    # neighbours of the data's own order: prompts that are far apart may have little to do with each other
    some = distinct[:LOOKED_AT]
    if len(some) < FEWEST:
        return ""
    found = sharing(some)
    length = sum(map(len, some)) / len(some)

    def lost(could: float) -> bool:
        return could >= LOST * found.now and length * (1 / found.now - 1 / could) >= WORTH

    if lost(found.unmoved):
        return (
            f"check {check!r}: a number, date or time that differs stands near the beginning of each prompt "
            f"({_differing(some)}), so that all after it is computed anew for each: every token is asked "
            f"{found.now:.1f} times, and could be {found.unmoved:.1f} times with it at the end of the prompt"
        )
    if lost(found.ordered):
        return (
            f"check {check!r}: paragraphs that many prompts have (examples, passages) stand in another order, or "
            "others of them, before each question, so that little is shared: every token is asked "
            f"{found.now:.1f} times, and could be {found.ordered:.1f} times with the same ones in the same order "
            "before all (in lm-eval's task files: `fewshot_config: {sampler: first_n}`)"
        )
    return ""


def common(one: str, other: str) -> int:
    """Length of the common beginning, in a few comparisons of slices.

    >>> common("abcd", "abxd"), common("", "a"), common("ab", "ab")
    (2, 0, 2)
    """
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _ratio(texts: Sequence[str]) -> float:
    """Characters over characters that are left when each common beginning is counted once."""
    ordered = sorted(texts)
    left = len(ordered[0]) + sum(len(b) - common(a, b) for a, b in pairwise(ordered))
    return sum(map(len, ordered)) / max(1, left)


def _paragraphs(texts: Sequence[str]) -> float:
    """The same, if each paragraph of a text that other texts have too stood first."""
    counted: dict[str, int] = {}
    for text in texts:
        for part in dict.fromkeys(text.split("\n\n")):
            counted[part] = counted.get(part, 0) + 1
    return sum(map(len, texts)) / max(1, sum(map(len, counted)))


def _differing(prompts: Sequence[str]) -> str:
    """What differs first between two prompts that are otherwise alike, with a few words around it."""
    plain = sorted(prompts, key=lambda prompt: _MOVING.sub("0", prompt))
    one, other = min(pairwise(plain), key=lambda pair: common(*pair))
    at = common(one, other)
    return repr(one[max(0, at - 20) : at + 20])
