"""Accuracy: how many answers are right."""

from __future__ import annotations

from harness.catalog import metric


@metric(better="higher", bounds=(0, 1), family="proportion")
def accuracy(answer: str, targets: list[str], valid: bool = True) -> float:
    """1 if the answer is one of the right ones, else 0; compared exactly but for white space around it.

    An answer that could not be parsed is wrong, even where an empty answer would be right.

    >>> accuracy(" refund ", ["refund"]), accuracy("Refund", ["refund"])
    (1.0, 0.0)
    """
    return float(valid and answer.strip() in {target.strip() for target in targets})
