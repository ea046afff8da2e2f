"""The same in somebody's own words"""

from __future__ import annotations

from harness.catalog import File, perturbation
from harness.perturbing.pairs import Pairs
from harness.perturbing.question import Question


@perturbation(keeps="meaning")
def paraphrase(question: Question, pairs: Pairs, variant: int, target: str, *, file: File) -> Question:
    """The row as somebody rewrote it, from a file of paraphrases paired by id.

    Options:
        file: rows with the `id` of a sample and the fields they rewrite; several of one id are variants
    """
    return pairs.put(question, variant, target)
