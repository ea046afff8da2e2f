"""Words cut short"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, replace_phrases, single
from harness.perturbing.lexicon.spoken import ABBREVIATED
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def abbreviations(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.5) -> str:
    """The text with words abbreviated as in a short message.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, single(ABBREVIATED), share)
