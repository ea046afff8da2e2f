"""Slips on a keyboard"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, like, scatter
from harness.perturbing.lexicon.spelling import NEIGHBOURS
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def typos(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with letters replaced by their neighbours on the keyboard.

    Options:
        rate: share of the text's characters that change
    """
    edits = []
    for at in letters(text, protected):
        if near := NEIGHBOURS.get(text[at].lower()):
            edits.append(Edit(at, at + 1, like(rng.choice(near), text[at])))
    return scatter(text, rng, edits, rate)
