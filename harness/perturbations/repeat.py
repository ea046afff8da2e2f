"""Letters typed twice"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def repeat(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with letters inside of words typed twice.

    Options:
        rate: letters put in, as a share of the text's characters
    """
    return scatter(text, rng, [Edit(at, at, text[at]) for at in letters(text, protected, inner=True)], rate)
