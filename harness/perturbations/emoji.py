"""Emoji beside words"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, some, words, written
from harness.perturbing.lexicon.spoken import ANY_EMOJI, EMOJI
from harness.perturbing.spans import Span

_KNOWN = re.compile(rf"(?<!\w)(?:{'|'.join(EMOJI)})(?!\w)", re.IGNORECASE)


@perturbation(keeps="meaning")
def emoji(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 1.0) -> str:
    """The text with an emoji after words that have one; at its end where none has.

    Options:
        share: share of the words that have an emoji which get it; at least one, where there is any
    """
    if not text.strip() or share == 0:
        return text
    found = [word for word in words(text, protected, _KNOWN) if word[0].lower() in EMOJI]
    edits = [Edit(word.end(), word.end(), f" {EMOJI[word[0].lower()]}") for word in some(found, share, rng)]
    return written(text, edits) if edits else f"{text.rstrip()} {rng.choice(ANY_EMOJI)}"
