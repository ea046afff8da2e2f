"""Words as people often misspell them"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, replace_phrases
from harness.perturbing.lexicon.spelling import MISSPELLED
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def misspellings(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.3) -> str:
    """The text with common words misspelled as people do.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, MISSPELLED, share)
