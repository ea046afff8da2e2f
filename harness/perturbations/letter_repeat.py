"""Looong vowels"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, some, words, written
from harness.perturbing.spans import Span

_VOWEL = re.compile(r"(?<=[^\W\d_])[aeiouAEIOU](?=[^\W\d_])")


@perturbation(keeps="meaning")
def letter_repeat(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.2) -> str:
    """The text with a vowel drawn out in some wooords.

    Options:
        share: share of the words with a vowel inside that are drawn out; at least one, where there is any
    """
    vowels = [[vowel.start() for vowel in _VOWEL.finditer(text, *word.span())] for word in words(text, protected)]
    chosen = [rng.choice(places) for places in some([places for places in vowels if places], share, rng)]
    return written(text, [Edit(at, at, text[at] * rng.randint(2, 4)) for at in chosen])
