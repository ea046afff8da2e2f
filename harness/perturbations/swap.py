"""Letters in the wrong order"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def swap(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with neighbouring letters inside of words swapped (DeepWordBug, Gao et al. 2018).

    Options:
        rate: share of the text's characters that change; each swap changes two
    """
    at = set(letters(text, protected, inner=True))
    pairs = [i for i in sorted(at) if i + 1 in at and text[i] != text[i + 1]]
    return scatter(text, rng, [Edit(i, i + 2, text[i + 1] + text[i]) for i in pairs], rate)
