"""Uh, you know"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, gaps, some, written
from harness.perturbing.lexicon.spoken import FILLERS
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def fillers(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.2) -> str:
    """The text with, uh, fillers that say nothing of how sure somebody is.

    Options:
        share: share of the gaps between words that get one; at least one, where there is any
    """
    chosen = some(gaps(text, protected), share, rng)
    return written(text, [Edit(start, start, f", {rng.choice(FILLERS)},") for start, _ in chosen])
