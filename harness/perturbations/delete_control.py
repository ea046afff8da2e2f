"""Letters that are deleted again"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from string import ascii_lowercase

from harness.catalog import perturbation
from harness.perturbing.edits import Count, Edit, letters, written
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def delete_control(text: str, rng: Random, protected: Sequence[Span] = (), *, count: Count = 3) -> str:
    """The text with letters put in, each followed by the character that deletes it (Boucher et al. 2022).

    Options:
        count: how many
    """
    inner = letters(text, protected, inner=True)
    chosen = rng.sample(inner, min(count, len(inner)))
    return written(text, [Edit(at, at, f"{rng.choice(ascii_lowercase)}\b") for at in chosen])
