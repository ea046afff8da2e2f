"""The opposite word: the answer must change"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Share, replace_phrases, single
from harness.perturbing.lexicon.meaning import OPPOSITE
from harness.perturbing.spans import Span


@perturbation(keeps="nothing")
def antonym(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 1.0) -> str:
    """The text with words replaced by their opposites, so that the answer must change.

    Options:
        share: share of the words in the list that are replaced; at least one, where there is any
    """
    return replace_phrases(text, rng, protected, single(OPPOSITE), share)
