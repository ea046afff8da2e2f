"""Accents put on, or taken off"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, convert, letters, scatter
from harness.perturbing.lexicon.spelling import ACCENTS
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def diacritics(
    text: str, rng: Random, protected: Sequence[Span] = (), *, mode: Literal["add", "strip"] = "add",
    rate: Share = 0.05,
) -> str:  # fmt: skip
    """The text with áccents on some letters, or with none on any.

    Options:
        mode: add or strip
        rate: share of the text's characters that get one, where they are added
    """
    if mode == "strip":
        return convert(text, protected, _bare)
    found = [at for at in letters(text, protected) if text[at] in ACCENTS]
    return scatter(text, rng, [Edit(at, at + 1, rng.choice(ACCENTS[text[at]])) for at in found], rate)


def _bare(text: str) -> str:
    """Without the marks above and below Latin, Greek and Cyrillic letters; other scripts need theirs."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))
