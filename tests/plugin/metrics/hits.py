"""Whether the answer is the target: a metric for tests of the loader."""

from __future__ import annotations

from harness.catalog import metric


@metric(better="higher", family="proportion")
def hits(answer: str, targets: list[str], *, strip: bool = True) -> float:
    """1 where the answer is a target, else 0.

    Options:
        strip: ignore blanks around the answer
    """
    return float((answer.strip() if strip else answer) in targets)
