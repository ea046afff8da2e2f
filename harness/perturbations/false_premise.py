"""Something false is taken for granted"""

from __future__ import annotations

from random import Random

from harness.catalog import perturbation
from harness.perturbing.lexicon.meaning import FALSEHOODS


@perturbation(keeps="meaning")
def false_premise(text: str, rng: Random, *, premises: list[str] | None = None) -> str:
    """The text after a premise that is false and changes nothing of the right answer.

    Options:
        premises: what is taken for granted, one drawn for each sample; general falsehoods unless said
    """
    return f"{rng.choice(premises or list(FALSEHOODS))} {text}"
