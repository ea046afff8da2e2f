"""The gap of a mean between two sets of samples (train and test, one slice and the others), reference minus other.

Rows carry (reference, reference_n, other, other_n): a value in the column of their set, and a one beside it. The two
sets are independent, so that their variances add (MOVER; Newcombe for two proportions).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.score import Quantity, Scores
from harness.stats.evidence import Evidence, unknown
from harness.stats.pair import pair


def level(scores: Scores, between: Callable[[Scores, Scores], Evidence]) -> Evidence:
    """Evidence of reference mean − other mean; `between` gives that of two independent sets."""
    reference, other = sides(scores)
    empty = next((name for name, side in (("reference", reference), ("other", other)) if not side.ids), "")
    if empty:
        return unknown(f"the {empty} set has no samples", n=len(scores.ids), method="mover")
    return replace(between(reference, other), limits=scores.quantity.bounds)


def difference(
    candidate: Scores,
    reference: Scores,
    within: Callable[[Scores, Scores], Evidence],
    mover: Callable[[Evidence, Evidence], Evidence],
) -> Evidence:
    """Evidence of the candidate's gap − a multiple of the other model's gap: a difference in differences.

    Within each set the models are paired by sample (`within`); the sets are independent of each other (`mover`).
    """
    matched = pair(candidate, reference)
    if matched.unmatched:
        return unknown(
            f"{len(matched.unmatched)} samples were asked of one model only ({', '.join(matched.unmatched[:3])})",
            n=len(candidate.ids), method="mover",
        )  # fmt: skip
    new, old = sides(matched.candidate), sides(matched.reference)
    if not all(side.ids for side in (*new, *old)):
        return unknown("one of the two sets has no samples", n=len(candidate.ids), method="mover")
    first, second = (within(a, _like(b, a)) for a, b in zip(new, old, strict=True))
    return mover(first, second)


def sides(scores: Scores) -> tuple[Scores, Scores]:
    """The reference rows and the other rows, each as scores of a plain mean."""
    first = [row for row in range(len(scores.ids)) if scores.stats[row, 1] > 0]
    second = [row for row in range(len(scores.ids)) if scores.stats[row, 3] > 0]
    return _side(scores, first, 0), _side(scores, second, 2)


def _side(scores: Scores, rows: list[int], column: int) -> Scores:
    import numpy as np

    part = scores.take(rows)
    width = scores.quantity.bounds[1]
    values = part.stats[:, [column]]
    binary = width == 1.0 and bool(np.isin(values, (0.0, 1.0)).all())
    family = "proportion" if binary else "mean" if np.isfinite(width) else "unbounded"
    better = "higher" if scores.quantity.better == "lower" else "lower"
    low = 0.0 if np.isfinite(width) else -np.inf
    quantity = Quantity(scores.quantity.name, family, better, (low, width), scores.quantity.unit)
    return Scores(quantity, part.ids, values, ("value",), part.missing, clusters=part.clusters)


def _like(scores: Scores, other: Scores) -> Scores:
    """The same scores under the other's quantity, so that right-or-wrong answers pair with graded ones."""
    return replace(scores, quantity=other.quantity)
