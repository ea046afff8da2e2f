"""Colour and color"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.edits import Share, both_ways, replace_phrases, single
from harness.perturbing.lexicon.spelling import AMERICAN
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def british_american(
    text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 1.0,
    to: Literal["american", "british", "other"] = "american",
) -> str:  # fmt: skip
    """The text in American English, or in British.

    Options:
        share: share of the words in the list that change; at least one, where there is any
        to: american, british, or each word to the other of the two
    """
    back = {american: british for british, american in reversed(AMERICAN.items())}
    tables = {"american": single(AMERICAN), "british": single(back), "other": both_ways(AMERICAN)}
    return replace_phrases(text, rng, protected, tables[to], share)
