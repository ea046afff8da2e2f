"""As a dictation hears it"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, gaps, some, words, written
from harness.perturbing.lexicon.spoken import FILLERS, HOMOPHONES
from harness.perturbing.spans import Span

_TWINS = HOMOPHONES | {twin: word for word, twin in HOMOPHONES.items()}
_MARK = re.compile(r"[.,;:!?\"()]")


@perturbation(keeps="meaning")
def speech(
    text: str, rng: Random, protected: Sequence[Span] = (), *, homophones: Share = 0.3, fillers: Share = 0.1
) -> str:
    """The text as a dictation writes it: small letters, no marks, words that sound alike, and fillers.

    Options:
        homophones: share of the words with a twin of the same sound that are mistaken for it
        fillers: share of the gaps between words that get a filler
    """
    edits = [Edit(mark.start(), mark.end(), "") for mark in words(text, protected, _MARK)]
    edits += [Edit(start, start, f" {rng.choice(FILLERS)}") for start, _ in some(gaps(text, protected), fillers, rng)]
    found = words(text, protected)
    heard = {word.start() for word in some([word for word in found if word[0].lower() in _TWINS], homophones, rng)}
    for word in found:
        said = word[0].lower()
        edits.append(Edit(word.start(), word.end(), _TWINS[said] if word.start() in heard else said))
    return written(text, edits)
