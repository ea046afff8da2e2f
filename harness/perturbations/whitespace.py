"""Blanks, tabs and empty lines where one blank was"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Count, Edit, Share, gaps, some, written
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def whitespace(
    text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.3, most: Count = 3, join: bool = False
) -> str:
    """The text with other white space between some words.

    Options:
        share: share of the gaps between words that change
        most: how many blanks one may become
        join: whether words may also be joined
    """
    kinds = ["blanks", "tab", "newline", *(["nothing"] if join else [])]
    edits = []
    for start, stop in some(gaps(text, protected), share, rng):
        kind = rng.choice(kinds)
        blanks = " " * rng.randint(min(2, most), most)
        edits.append(Edit(start, stop, {"blanks": blanks, "tab": "\t", "newline": "\n", "nothing": ""}[kind]))
    return written(text, edits)
