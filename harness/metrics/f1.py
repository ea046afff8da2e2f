"""F1: the harmonic mean of precision and recall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness import confusion
from harness.catalog import metric


@metric(better="higher", bounds=(0, 1), family="corpus", combine=confusion.f1)
def f1(
    answer: str,
    targets: list[str],
    choices: list[str] | None = None,
    valid: bool = True,
    *,
    average: Literal["micro", "macro", "weighted", "binary"] = "micro",
    positive: str = "",
) -> Mapping[str, float]:
    """Harmonic mean of the precision and the recall of a class, averaged over classes.

    The classes are the gold answers; an answer that was not parsed or is no class is a miss of its gold class.
    With one answer a sample, `micro` is the accuracy; `macro` shows classes that fail.

    Options:
        average: micro (all answers alike), macro (all classes alike), weighted (classes by size) or binary
        positive: the class that counts, for binary

    >>> dict(f1("refund", ["cancel"]))
    {'gold=cancel': 1.0, 'pred=refund': 1.0}
    """
    return confusion.outcome(answer, targets, valid, choices or (), average=average, positive=positive)
