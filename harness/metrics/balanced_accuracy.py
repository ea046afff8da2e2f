"""Balanced accuracy: the mean of every class's recall."""

from __future__ import annotations

from collections.abc import Mapping

from harness import confusion
from harness.catalog import metric


@metric(better="higher", bounds=(0, 1), family="corpus", combine=confusion.recall)
def balanced_accuracy(
    answer: str, targets: list[str], choices: list[str] | None = None, valid: bool = True
) -> Mapping[str, float]:
    """Mean over the classes of the share of their samples that is answered right, every class alike.

    The classes are the gold answers; an answer that was not parsed or is no class is a miss of its gold class.

    >>> dict(balanced_accuracy("refund", ["refund"]))
    {'gold=refund': 1.0, 'pred=refund': 1.0, 'tp=refund': 1.0}
    """
    return confusion.outcome(answer, targets, valid, choices or ())
