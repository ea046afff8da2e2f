"""Examples in another order"""

from __future__ import annotations

from random import Random

from harness.catalog import perturbation
from harness.perturbing.question import Question


@perturbation(keeps="meaning")
def few_shot_order(question: Question, shared: Random) -> Question:
    """The few-shot examples in another order, the same for every sample (Lu et al. 2022)."""
    old = question.task.examples
    rows = list(old)
    for _ in range(20):
        shared.shuffle(rows)
        if tuple(rows) != old:
            return question.with_examples(rows)
    return question
