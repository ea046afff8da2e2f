"""Ratios of sums on the log scale (perplexity, bits per byte): a jackknife over documents."""

from __future__ import annotations

import math

from harness.stats.evidence import Ends, Evidence, unknown
from harness.stats.resample import Statistic, Units, leave_one_out

FEWEST = 30
"""Documents below which nothing is said of the error."""


def _jackknife(left_out: object, weights: object, n: int) -> float:
    """Jackknife standard error from leave-one-out values."""
    import numpy as np

    values, counts = np.asarray(left_out), np.asarray(weights)
    middle = float(counts @ values) / n
    return math.sqrt((n - 1) / n * float(counts @ (values - middle) ** 2))


def _checked(units: Units, value: float, left_out: object, method: str) -> Evidence | None:
    import numpy as np

    if not math.isfinite(value):
        return unknown("the value is not defined on these documents (0/0, or not above 0)", n=units.n, method=method)
    if units.n < FEWEST:
        note = f"{units.n} documents are too few for the error of a ratio; at least {FEWEST} are needed"
        return unknown(note, value=value, n=units.n, method=method)
    if not np.isfinite(np.asarray(left_out)).all():
        return unknown("one document alone carries the value", value=value, n=units.n, method=method)
    return None


def log_jackknife(units: Units, statistic: Statistic, *, limits: tuple[float, float]) -> Evidence:
    """Evidence of a positive ratio: the log of the value ± t times its jackknife error, exponentiated."""
    import numpy as np

    method = "log_jackknife"
    if not units.n:
        return unknown("no document was scored", method=method)
    sums, size = units.totals
    value = float(statistic(sums, np.asarray(size)))
    if not value > 0:
        return unknown(f"the value is {value:g}, which has no logarithm", n=units.n, method=method)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = np.log(leave_one_out(units, statistic)) if units.n > 1 else np.array([math.nan])
    if bad := _checked(units, value, left_out, method):
        return bad
    return _around(
        math.log(value), _jackknife(left_out, units.counts, units.n), units.n, value, method, limits, math.exp
    )


def _around(middle, error, n, value, method, limits, back) -> Evidence:  # type: ignore[no-untyped-def]
    from scipy.special import stdtrit

    if error <= 1e-12:
        return unknown(
            "all documents agree exactly, so that the error cannot be estimated", value=value, n=n, method=method
        )

    def ends(confidence: float) -> Ends:
        half = float(stdtrit(n - 1, confidence)) * error
        return back(middle - half), back(middle + half)

    return Evidence(value, n, method, ends, limits)


def ratio_difference(
    units: Units, candidate: Statistic, reference: Statistic, *, factor: float, offset: bool
) -> Evidence:
    """Evidence of candidate − factor·reference over the same documents.

    Without an offset the question is whether candidate / reference is above or below `factor`, so the interval is made
    for the log of that ratio and shown as reference·(ratio − factor), which crosses zero where the ratio crosses
    `factor`. With an offset the difference itself is jackknifed.
    """
    import numpy as np

    method = "log_jackknife"
    if not units.n:
        return unknown("no document was scored by both", method=method)
    sums, size = units.totals
    new, old = float(candidate(sums, np.asarray(size))), float(reference(sums, np.asarray(size)))
    value = new - factor * old
    if not (new > 0 and old > 0):
        return unknown("a value is not above 0, so that no ratio can be formed", n=units.n, method=method)
    with np.errstate(divide="ignore", invalid="ignore"):
        if units.n == 1:
            left_out = np.array([math.nan])
        elif offset:
            left_out = leave_one_out(units, candidate) - factor * leave_one_out(units, reference)
        else:
            left_out = np.log(leave_one_out(units, candidate)) - np.log(leave_one_out(units, reference))
    if bad := _checked(units, value, left_out, method):
        return bad
    error = _jackknife(left_out, units.counts, units.n)
    everywhere = (-math.inf, math.inf)
    if offset:
        return _around(value, error, units.n, value, "jackknife", everywhere, lambda end: end)
    return _around(
        math.log(new / old), error, units.n, value, method, everywhere, lambda end: old * (math.exp(end) - factor)
    )
