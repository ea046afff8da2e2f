"""The same in another language"""

from __future__ import annotations

from harness.catalog import File, perturbation
from harness.perturbing.pairs import Pairs
from harness.perturbing.question import Question


@perturbation(keeps="meaning")
def translate(question: Question, pairs: Pairs, variant: int, target: str, *, file: File) -> Question:
    """The row as somebody translated it, from a file paired by id; with the target too, where the file says it.

    Options:
        file: rows with the `id` of a sample, the fields translated, and the target where it differs
    """
    return pairs.put(question, variant, target)
