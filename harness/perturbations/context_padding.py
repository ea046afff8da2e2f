"""The same in the middle of much else"""

from __future__ import annotations

from random import Random
from typing import Annotated

from pydantic import Field

from harness.catalog import perturbation
from harness.perturbing.edits import Share
from harness.perturbing.lexicon.meaning import UNRELATED


@perturbation(keeps="meaning")
def context_padding(
    text: str, rng: Random, *, words: Annotated[int, Field(ge=1, le=100_000)] = 500, depth: Share = 1.0
) -> str:
    """The text at some depth of a long irrelevant one; what matters is found, or it is not (Levy et al. 2024).

    Options:
        words: how many words of padding
        depth: how much of the padding stands before the text: 0 none of it, 1 all
    """
    before, after = round(words * depth), words - round(words * depth)
    return "\n\n".join(part for part in (_padding(before, rng), text, _padding(after, rng)) if part)


def _padding(words: int, rng: Random) -> str:
    """Whole sentences, as many as come to that number of words or just above."""
    said: list[str] = []
    while words > 0:
        for sentence in rng.sample(UNRELATED, len(UNRELATED)):
            if words <= 0:
                break
            said.append(sentence)
            words -= len(sentence.split())
    return " ".join(said)
