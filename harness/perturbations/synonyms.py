"""Other words for the same"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, both_ways, replace_phrases
from harness.perturbing.lexicon.meaning import SAME
from harness.perturbing.spans import Span

_TABLE = both_ways(dict(SAME))


@perturbation(keeps="meaning")
def synonyms(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.5) -> str:
    """The text with words of a small list replaced by ones that mean the same nearly everywhere.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, _TABLE, share)
