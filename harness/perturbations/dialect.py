"""A dialect of English"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, replace_phrases
from harness.perturbing.lexicon.spoken import DIALECT
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def dialect(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.5) -> str:
    """The text with features of African American English as it is written online.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, DIALECT, share)
