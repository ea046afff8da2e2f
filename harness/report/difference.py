"""Which words of a text differ from another text."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST = 600
"""Words; above this a comparison takes longer than a reader would look at it."""


def marked(text: str, other: str) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it differs from `other`; too long a text comes back unmarked, in one piece.

    >>> marked("the red bus", "the blue bus")
    [('the ', False), ('red', True), (' bus', False)]
    """
    mine, theirs = _WORDS.findall(text), _WORDS.findall(other)
    if not theirs or len(mine) > LONGEST or len(theirs) > LONGEST:
        return [(text, False)] if text else []
    matcher = SequenceMatcher(None, [word.casefold() for word in mine], [word.casefold() for word in theirs], False)
    same = [False] * len(mine)
    for block in matcher.get_matching_blocks():
        same[block.a : block.a + block.size] = [True] * block.size
    pieces: list[tuple[str, bool]] = []
    for word, kept in zip(mine, same, strict=True):
        differs = not kept and not (word.isspace() and not (pieces and pieces[-1][1]))
        if pieces and pieces[-1][1] == differs:
            pieces[-1] = (pieces[-1][0] + word, differs)
        else:
            pieces.append((word, differs))
    return pieces


def cut(text: str, limit: int) -> tuple[str, int]:
    """The first `limit` characters of a text, and how many were left out."""
    return (text, 0) if len(text) <= limit else (text[:limit], len(text) - limit)
