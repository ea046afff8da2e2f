"""Letters of other scripts that look the same"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.lexicon.spelling import LOOK_ALIKE
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def homoglyphs(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with Latin letters replaced by Cyrillic and Greek ones that look the same (Boucher et al. 2022).

    Options:
        rate: share of the text's characters that change
    """
    found = [at for at in letters(text, protected) if text[at] in LOOK_ALIKE]
    return scatter(text, rng, [Edit(at, at + 1, LOOK_ALIKE[text[at]]) for at in found], rate)
