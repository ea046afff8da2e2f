"""Plain speech"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, replace_phrases
from harness.perturbing.lexicon.spoken import COLLOQUIAL
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def colloquial(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.5) -> str:
    """The text with words as people say them among friends.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, COLLOQUIAL, share)
