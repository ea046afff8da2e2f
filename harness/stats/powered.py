"""Scores that a judge says, corrected by the mean of its errors on labelled answers: prediction-powered, λ = 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.stats.bounded import range_augmented_t
from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.proportion import z_of

if TYPE_CHECKING:
    from harness.score import Array

FEWEST = 200
"""Labels below which the correction says nothing of its error."""
FEWEST_OTHERS = 2
"""Answers without a label, at least."""
UNLIKE = 0.05
"""How improbable a difference between labelled and other verdicts must be to say that labels were not drawn at random.
One honest draw in twenty is refused by it, and then decides nothing."""
METHOD = "prediction_powered"


def prediction_powered(labels: Array, judged: Array, unlabelled: Array, *, normal: bool = False) -> Evidence:
    """Evidence of a human mean: the judge's mean on unlabelled answers plus its mean error on labelled ones.

    After Angelopoulos et al. 2023, with λ fixed at 1: one that is fitted to few labels is too sure of itself.

    The labels must be a random sample of the answers that are estimated. Both means have range-augmented t intervals,
    whose half-widths are squared and added: plain t is too sure where a judge errs rarely and then by much.

    Args:
        labels: (n) human scores, 0 to 1.
        judged: (n) the judge's scores of the same answers.
        unlabelled: (N) the judge's scores of other answers.
        normal: the textbook interval (normal quantile, divisor n) for any n and range, to compare with.
    """
    import numpy as np

    errors, others = (
        np.sort(np.asarray(labels, float) - np.asarray(judged, float)),
        np.sort(np.asarray(unlabelled, float)),
    )
    n, total = len(errors), len(others)
    value = float(others.mean() + errors.mean()) if n and total else None
    inside = None if value is None else min(1.0, max(0.0, value))
    if value is None or total < FEWEST_OTHERS:
        note = f"{total} answers have no label; this correction adds a mean error to at least {FEWEST_OTHERS} of them"
        return unknown(note, value=inside, n=n, method=METHOD)
    if normal:
        return Evidence(value, n, METHOD, lambda confidence: _normal(value, errors, others, confidence))
    if n < FEWEST:
        note = f"{n} labels are too few to correct a score by its mean error; at least {FEWEST} are needed"
        return unknown(note, value=inside, n=n, method=METHOD)
    one, two = range_augmented_t(errors, -1.0, 1.0), range_augmented_t(others, 0.0, 1.0)

    def ends(confidence: float) -> Ends:
        (low, high), (floor, ceiling) = one.bounds(confidence), two.bounds(confidence)
        mean, rest = one.value or 0.0, two.value or 0.0
        if low is None or high is None or floor is None or ceiling is None:
            return None, None
        return value - math.hypot(mean - low, rest - floor), value + math.hypot(high - mean, ceiling - rest)

    return Evidence(inside, n, METHOD, ends, (0.0, 1.0))


def _normal(value: float, errors: Array, others: Array, confidence: float) -> Ends:
    half = z_of(confidence) * math.sqrt(sum(float(part.var()) / len(part) for part in (errors, others)))
    return value - half, value + half


def corrected(verdicts: Array, said: Array, labels: Array) -> Evidence:
    """The same, where the labelled verdicts look like a random sample of all; else unknown, with the reason.

    Args:
        verdicts: (N) the judge's scores of the answers without a label.
        said: (n) its scores of the labelled ones.
        labels: (n) their labels, 0 to 1.
    """
    found = prediction_powered(labels, said, verdicts)
    if found.ends is None or (chance := alike(said, verdicts)) >= UNLIKE:
        return found
    note = (
        f"the judge gives labelled answers {_mean(said):.3g} and the others {_mean(verdicts):.3g} on average, which is "
        f"improbable of labels drawn at random (p = {chance:.2g}); `correction: strata` allows labels drawn by verdict"
    )
    return unknown(note, value=found.value, n=found.n, method=METHOD)


def alike(one: Array, two: Array) -> float:
    """Probability that the means of two large random samples of one population differ so much (two-sided, normal)."""
    from scipy.special import ndtr

    error = math.sqrt(sum(_variance(part) / len(part) for part in (one, two)))
    gap = abs(_mean(one) - _mean(two))
    if error <= 1e-12:
        return 1.0 if gap <= 1e-12 else 0.0
    return float(2 * ndtr(-gap / error))


def _mean(part: Array) -> float:
    return math.fsum(part.tolist()) / len(part)


def _variance(part: Array) -> float:
    mean = _mean(part)
    return math.fsum((value - mean) ** 2 for value in part.tolist()) / len(part)
