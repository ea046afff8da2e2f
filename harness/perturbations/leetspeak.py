"""D1g1ts for l3tters"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.lexicon.spelling import LEET
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def leetspeak(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.1) -> str:
    """The text with digits for letters that look like them.

    Options:
        rate: share of the text's characters that change
    """
    found = [at for at in letters(text, protected) if text[at].lower() in LEET]
    return scatter(text, rng, [Edit(at, at + 1, LEET[text[at].lower()]) for at in found], rate)
