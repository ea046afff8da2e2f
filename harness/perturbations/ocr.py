"""Letters misread by a scanner"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, scatter, words
from harness.perturbing.lexicon.spelling import SCANNED
from harness.perturbing.spans import Span

_PAIRS = re.compile("|".join(key for key in SCANNED if len(key) > 1))
_LETTERS = re.compile("[" + "".join(key for key in SCANNED if len(key) == 1) + "]")


@perturbation(keeps="meaning")
def ocr(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.05) -> str:
    """The text as a scanner reads it: rn for m, 0 for o.

    Options:
        rate: share of the text's characters that change
    """
    found = words(text, protected, _PAIRS) + words(text, protected, _LETTERS)
    edits = [Edit(match.start(), match.end(), rng.choice(SCANNED[match[0]])) for match in found]
    return scatter(text, rng, edits, rate)
