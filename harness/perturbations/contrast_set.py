"""A small change by an expert that changes the answer"""

from __future__ import annotations

from harness.catalog import File, perturbation
from harness.perturbing.pairs import Pairs
from harness.perturbing.question import Question


@perturbation(keeps="nothing")
def contrast_set(question: Question, pairs: Pairs, variant: int, target: str, *, file: File) -> Question:
    """The row with a small change that changes the answer, from a file paired by id (Gardner et al. 2020).

    Options:
        file: rows with the `id` of a sample, the fields they change, and the target that is right now
    """
    return pairs.put(question, variant, target)
