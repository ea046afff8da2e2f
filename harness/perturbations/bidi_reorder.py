"""Letters in another order that look as before"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Count, Edit, letters, written
from harness.perturbing.spans import Span

_LRO, _RLO, _PDF, _LRI, _PDI = "\u202d", "\u202e", "\u202c", "\u2066", "\u2069"


@perturbation(keeps="meaning")
def bidi_reorder(text: str, rng: Random, protected: Sequence[Span] = (), *, count: Count = 2) -> str:
    """The text with letters swapped, and marks of direction that show them as before (Boucher et al. 2022).

    Options:
        count: how many pairs of letters
    """
    at = set(letters(text, protected, inner=True))
    pairs = [i for i in sorted(at) if i + 1 in at]
    edits = [Edit(i, i + 2, _swapped(text[i], text[i + 1])) for i in rng.sample(pairs, min(count, len(pairs)))]
    return written(text, edits)


def _swapped(one: str, two: str) -> str:
    return f"{_LRO}{_LRI}{_RLO}{_LRI}{two}{_PDI}{_LRI}{one}{_PDI}{_PDF}{_PDI}{_PDF}"
