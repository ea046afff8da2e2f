"""A metric from 0 to 100: for tests of the loader."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.catalog import metric


@metric(better="higher", bounds=(0.0, 100.0))
def marks(
    answer: str,
    targets: list[str],
    *,
    top: Annotated[int, Field(gt=0)] = 3,
    variant: Literal["strict", "lenient"] = "strict",
) -> float:
    """100 where the answer is among the first targets, else 0.

    Options:
        top: how many targets count
        variant: how answers are compared
    """
    same = answer in targets[:top] or (variant == "lenient" and answer.lower() in targets[:top])
    return 100.0 * same
