"""Edits of a text: which places may change, how many of them do, and the text that comes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Annotated, NamedTuple, TypeVar

from pydantic import Field

from harness.perturbing.spans import Span, held

Share = Annotated[float, Field(ge=0, le=1)]
"""An option between 0 and 1: a share of places, or a rate per character."""
Count = Annotated[int, Field(ge=1, le=100_000)]
"""An option that counts something."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
"""A word: letters of any script, with apostrophes inside."""

T = TypeVar("T")


class Edit(NamedTuple):
    """Characters `start` to `stop` become `text`."""

    start: int
    stop: int
    text: str


def written(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; of two that overlap, the one that begins first."""
    pieces, at = [], 0
    for edit in sorted(edits):
        if edit.start >= at:
            pieces += [text[at : edit.start], edit.text]
            at = edit.stop
    return "".join([*pieces, text[at:]])


def about(expected: float, rng: Random) -> int:
    """A whole number whose mean is `expected`: 2.3 is 2, or 3 in three cases of ten."""
    whole = math.floor(expected)
    return whole + (rng.random() < expected - whole)


def some(items: Sequence[T], share: float, rng: Random) -> list[T]:
    """That share of the items, at least one where there are any, in their order; none where the share is 0."""
    if not items or share <= 0:
        return []
    count = min(len(items), max(1, about(share * len(items), rng)))
    return [items[at] for at in sorted(rng.sample(range(len(items)), count))]


def scatter(text: str, rng: Random, edits: Sequence[Edit], rate: float) -> str:
    """The text with as many of the edits, drawn at random, as change a share `rate` of its characters.

    The mean of the share is `rate` as long as there are edits enough; none of them overlap.
    """
    budget = rate * len(text)
    taken: list[Edit] = []
    used = bytearray(len(text) + 1)
    for at in rng.sample(range(len(edits)), len(edits)):
        edit = edits[at]
        if budget <= 0:
            break
        stop = max(edit.stop, edit.start + 1)
        if any(used[edit.start : stop]):
            continue
        cost = max(edit.stop - edit.start, len(edit.text)) if edit.start < edit.stop else len(edit.text)
        if budget < cost and rng.random() >= budget / cost:
            break
        budget -= cost
        used[edit.start : stop] = b"\x01" * (stop - edit.start)
        taken.append(edit)
    return written(text, taken)


def letters(text: str, protected: Sequence[Span], *, inner: bool = False) -> list[int]:
    """Where the letters are that may change; with `inner`, only those inside words of four letters or more."""
    mask = held(text, protected)
    found: list[int] = []
    for word in WORD.finditer(text):
        start, stop = word.span()
        if inner and stop - start < 4:
            continue
        span = range(start + 1, stop - 1) if inner else range(start, stop)
        found += [at for at in span if not mask[at] and text[at].isalpha()]
    return found


def words(
    text: str, protected: Sequence[Span], pattern: re.Pattern[str] = WORD, *, but: Collection[str] = ()
) -> list[re.Match[str]]:
    """What a pattern finds, where it touches no protected character."""
    mask = held(text, protected, but=but)
    return [found for found in pattern.finditer(text) if not any(mask[found.start() : found.end()])]


def gaps(text: str, protected: Sequence[Span]) -> list[tuple[int, int]]:
    """The blanks between words, where neither they nor what stands beside them is protected."""
    mask = held(text, protected)
    return [
        (found.start(), found.end())
        for found in re.finditer(r"(?<=\S)\s+(?=\S)", text)
        if not any(mask[found.start() - 1 : found.end() + 1])
    ]


def convert(text: str, protected: Sequence[Span], change: Callable[[str], str]) -> str:
    """The text with `change` made to everything between protected spans."""
    mask = held(text, protected)
    pieces, at = [], 0
    for block in re.finditer(b"\x01+", mask):
        pieces += [change(text[at : block.start()]), text[block.start() : block.end()]]
        at = block.end()
    return "".join([*pieces, change(text[at:])])


def replace_phrases(
    text: str,
    rng: Random,
    protected: Sequence[Span],
    table: Mapping[str, Sequence[str]],
    share: float = 1.0,
    *,
    but: Collection[str] = (),
) -> str:
    """The text with a share of the table's phrases replaced by one of what the table has for them, case kept.

    Keys are lower case; an apostrophe in a key matches the typographic one as well.
    """
    found = words(text, protected, _phrases(tuple(table)), but=but)
    edits = []
    known = [(match, table.get(" ".join(match[0].casefold().replace("’", "'").split()))) for match in found]
    for match, choices in some([(match, choices) for match, choices in known if choices], share, rng):
        edits.append(Edit(match.start(), match.end(), like(choices[rng.randrange(len(choices))], match[0])))
    return written(text, edits)


def both_ways(pairs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """A table that leads from left to right and from right to left."""
    table: dict[str, tuple[str, ...]] = {right: (left,) for left, right in pairs.items()}
    return table | {left: (right,) for left, right in pairs.items()}


def single(pairs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """A table with one replacement for each phrase."""
    return {left: (right,) for left, right in pairs.items()}


def like(new: str, old: str) -> str:
    """`new` in the case of `old`: all capitals, a first capital, or as it is."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


@lru_cache(maxsize=128)
def _phrases(keys: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(keys, key=lambda key: (-len(key), key))
    plain = "|".join(re.escape(key).replace("'", "['’]").replace("\\ ", r"\s") for key in longest)
    return re.compile(rf"(?<![\w'’])(?:{plain})(?!\w)", re.IGNORECASE)
