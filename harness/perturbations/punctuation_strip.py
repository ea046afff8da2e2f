"""No punctuation"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, words, written
from harness.perturbing.spans import Span

_JOINED = re.compile(r"(?<=\w)[-/–—](?=\w)")
_MARK = re.compile(r"[^\w\s\u0300-\u036f\u200b-\u200f\ufe0f]|_")


@perturbation(keeps="meaning")
def punctuation_strip(text: str, protected: Sequence[Span] = ()) -> str:
    """The text without its punctuation; a blank where a mark joined two words."""
    joined = {match.start() for match in _JOINED.finditer(text)}
    found = words(text, protected, _MARK)
    edits = [Edit(m.start(), m.end(), " " if m.start() in joined else "") for m in found if _is_mark(m[0])]
    return written(text, edits)


def _is_mark(letter: str) -> bool:
    """Whether a character is punctuation or a symbol of ASCII, not an emoji."""
    import unicodedata

    return unicodedata.category(letter).startswith("P") or letter in "$+<=>^`|~"
