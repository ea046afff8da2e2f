"""More punctuation than needed"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, gaps, some, written
from harness.perturbing.spans import Span

_ENDS = ("!", "...", "!!", "?!", " .", "??")
_MARKS = (",", "...", " -", ";")


@perturbation(keeps="meaning")
def punctuation_add(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.1) -> str:
    """The text with marks between some words and at its end.

    Options:
        share: share of the gaps between words that get a mark
    """
    if not text.strip():
        return text
    edits = [Edit(start, start, rng.choice(_MARKS)) for start, _ in some(gaps(text, protected), share, rng)]
    return written(text, edits).rstrip() + rng.choice(_ENDS)
