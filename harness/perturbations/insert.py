"""Letters that do not belong there"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from string import ascii_lowercase

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def insert(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text with random letters put inside of words (DeepWordBug, Gao et al. 2018).

    Options:
        rate: letters put in, as a share of the text's characters
    """
    inner = letters(text, protected, inner=True)
    return scatter(text, rng, [Edit(at, at, rng.choice(ascii_lowercase)) for at in inner], rate)
