"""A perplexity: for tests of the loader."""

from __future__ import annotations

from harness.catalog import metric


@metric(better="lower", bounds=(1.0, float("inf")), family="unbounded", suits=("perplexity",))
def surprise_perplexity(answer: str, targets: list[str]) -> float:
    """A number above 1."""
    return 1.0 + len(answer)
