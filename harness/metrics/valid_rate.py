"""How many answers could be read at all."""

from __future__ import annotations

from harness.catalog import metric


@metric(better="higher", bounds=(0, 1), family="proportion")
def valid_rate(valid: bool) -> float:
    """1 if the answer could be read as the task's `parse` and `choices` say, else 0.

    A task without `parse` and `choices` takes every text as an answer; its rate is then 1. In every other metric an
    answer that could not be read is wrong.

    >>> valid_rate(True), valid_rate(False)
    (1.0, 0.0)
    """
    return float(valid)
