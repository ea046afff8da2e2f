"""Letters left out"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def drop(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with letters inside of words left out (DeepWordBug, Gao et al. 2018).

    Options:
        rate: share of the text's characters that are left out
    """
    return scatter(text, rng, [Edit(at, at + 1, "") for at in letters(text, protected, inner=True)], rate)
