"""Capitals and small letters mixed up"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, letters, scatter
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def random_case(text: str, rng: Random, protected: Sequence[Span] = (), *, rate: Share = 0.3) -> str:
    """The text wiTh soMe letters in the other case.

    Options:
        rate: share of the text's characters that change
    """
    edits = [Edit(at, at + 1, text[at].swapcase()) for at in letters(text, protected)]
    return scatter(text, rng, [edit for edit in edits if edit.text != text[edit.start]], rate)
