"""Missing scores: a candidate's own failures score worst, infrastructure's are taken both ways."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from harness.score import CANDIDATE, Scores

Case = Literal["worst", "best"]


def _fill(scores: Scores, case: Case) -> tuple[float, ...] | None:
    """The statistics of a failed (worst) or a flawless (best) sample; None where nobody knows them."""
    quantity, width = scores.quantity, scores.stats.shape[1]
    if case == "worst" and scores.worst_stats is not None:
        return scores.worst_stats if len(scores.worst_stats) == width else None
    if width != 1 or quantity.combine is not None:
        return None
    value = quantity.worst if case == "worst" else quantity.best
    if quantity.family == "quantile" and math.isinf(value):
        return (value,)
    return (value,) if math.isfinite(value) else None


def _filled(scores: Scores, rows: list[int], case: Case) -> Scores:
    row = _fill(scores, case)
    if not rows or (row is None and scores.extremes is None):
        return scores
    stats = scores.stats.copy()
    if scores.extremes is not None:
        stats[rows] = scores.extremes[0 if case == "worst" else 1][rows]
    else:
        stats[rows] = row
    return replace(scores, stats=stats, missing={at: why for at, why in scores.missing.items() if at not in set(rows)})


def count_failures(scores: Scores) -> Scores:
    """The same scores where the model's own failures score worst; where nobody knows the worst, they stay missing."""
    failed = [at for at, why in scores.missing.items() if why.blame == CANDIDATE]
    return _filled(scores, failed, "worst")


def impute(scores: Scores, case: Case) -> Scores:
    """The same scores with nothing missing: the model's failures worst, all others as `case` says.

    A row stays in `missing` where nobody knows what its statistics would be; nothing can then be claimed on that side.
    """
    counted = count_failures(scores)
    other = [at for at, why in counted.missing.items() if why.blame != CANDIDATE]
    return _filled(counted, other, case)
