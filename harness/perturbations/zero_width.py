"""Characters without a width"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Count, Edit, letters, written
from harness.perturbing.spans import Span

_NOTHING = "\u200b\u200c\u200d"


@perturbation(keeps="meaning")
def zero_width(text: str, rng: Random, protected: Sequence[Span] = (), *, count: Count = 3) -> str:
    """The text with characters inside of words that nobody sees (Boucher et al. 2022).

    Options:
        count: how many
    """
    inner = letters(text, protected, inner=True)
    chosen = rng.sample(inner, min(count, len(inner)))
    return written(text, [Edit(at, at, rng.choice(_NOTHING)) for at in chosen])
