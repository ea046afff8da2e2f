"""A jury: the verdicts of several judges put together, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from harness.judging.hearing import Compared
from harness.judging.rubric import Rubric
from harness.judging.verdict import Verdict
from harness.stats.agreement import alpha_of

FEWEST_SHARED = 10


def together(verdicts: Sequence[Verdict], rubric: Rubric) -> tuple[float | None, bool | None, str]:
    """Score (the mean) and whether it passes (the majority), or why there is neither.

    More than half of the judges must have a verdict; a tied vote does not pass.
    """
    known = [verdict.score for verdict in verdicts if verdict.score is not None]
    if 2 * len(known) <= len(verdicts):
        return None, None, next((verdict.fault for verdict in verdicts if verdict.fault), "no verdict")
    return fmean(known), 2 * sum(rubric.passes(score) for score in known) > len(known), ""


def compared(found: Sequence[Compared]) -> tuple[float | None, str]:
    """How much better the first answer is, by the mean of the judges that compared both orders; or why nobody knows."""
    known = [one.score for one in found if one.score is not None]
    if 2 * len(known) <= len(found):
        return None, next((one.fault for one in found if one.fault), "no verdict")
    return fmean(known), ""


def alpha(scores: Sequence[Sequence[float | None]]) -> float | None:
    """Krippendorff's α of judges × cases; None where they share too few, or all say the same thing of all."""
    if len(scores) < 2:
        return None
    shared = [row for row in zip(*scores, strict=True) if sum(value is not None for value in row) > 1]
    if len(shared) < FEWEST_SHARED or len({value for row in shared for value in row if value is not None}) < 2:
        return None
    return alpha_of([list(column) for column in zip(*shared, strict=True)], "interval")
