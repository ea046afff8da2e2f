"""Sentences about criteria: what was found, what was wanted, and what would decide."""

from __future__ import annotations

import math

from harness.claim import Ruling
from harness.criterion import Criterion
from harness.estimate import Estimate
from harness.verdict import Verdict

_WANTED = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


def number(value: float | None, unit: str = "") -> str:
    """A number as a person writes it, three or four digits that matter, with its unit.

    >>> number(0.90625), number(1543.2), number(0.0213, "s"), number(None)
    ('0.906', '1543', '21.30 ms', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{_digits(value * 1000)} ms"
    return f"{_digits(value)} {unit}".strip()


def _digits(value: float) -> str:
    size = abs(value)
    if size == 0 or size >= 1000:
        return f"{value:.0f}"
    places = 1 if size >= 100 else 2 if size >= 10 else 3
    if size < 0.001:
        return f"{value:.2g}"
    shown = f"{value:.{places}f}"
    return shown.rstrip("0").rstrip(".") if float(shown) == int(float(shown)) else shown


def measured(estimate: Estimate) -> str:
    """`value [low, high] unit`, all three in one unit; a census is exact.

    >>> measured(Estimate(0.0187, 0.0183, None, 0.9, 40, unit="s"))
    '18.70 [18.30, ?] ms'
    """
    if estimate.method == "census" and estimate.known:
        return f"{number(estimate.value, estimate.unit)} (exact)"
    if estimate.low is None and estimate.high is None:
        return f"{number(estimate.value, estimate.unit)} (interval unknown)"
    ends = (estimate.value, estimate.low, estimate.high)
    small = estimate.unit == "s" and all(end is None or abs(end) < 1 for end in ends)
    scale, unit = (1000.0, "ms") if small else (1.0, estimate.unit)
    value, low, high = ("?" if end is None else _digits(end * scale) for end in ends)
    return f"{value} [{low}, {high}] {unit}".strip()


def limit(value: float, unit: str = "") -> str:
    """A bound as a person wrote it: no digits that say nothing.

    >>> limit(0.70), limit(0.3, "s"), limit(0.0125)
    ('0.7', '300 ms', '0.0125')
    """
    if unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1000:.6g} ms"
    return f"{value:.6g} {unit}".strip()


def wanted(criterion: Criterion, ruling: Ruling) -> str:
    """What the criterion asks for, in words.

    `at least 0.7`, `no more than 0.02 below base`, `between 0.8 and 1.25`.
    """
    unit, model = ruling.candidate.unit, criterion.model
    if criterion.op == "in":
        low, high = (limit(t, unit) for t in ruling.targets)
        return f"{model} plus {low} to {high}" if model else f"between {low} and {high}"
    word, target = _WANTED[criterion.op], ruling.targets[0]
    if not model:
        return f"{word} {limit(target, unit)}"
    factor = criterion.bounds[0].factor
    if factor != 1:
        return f"{word} {factor:g} times {model}"
    if target == 0:
        return f"{word} {model}"
    where = "above" if target > 0 else "below"
    lenient = (criterion.op in (">=", ">")) == (target < 0)
    size = limit(abs(target), unit)
    return f"no more than {size} {where} {model}" if lenient else f"{word} {size} {where} {model}"


def found(criterion: Criterion, ruling: Ruling) -> str:
    """What was measured: `accuracy is 0.906 [0.875, 0.932]`, or with the reference and the difference."""
    own, unit = ruling.candidate, ruling.candidate.unit
    name = f"{criterion.metric} of {ruling.label}" if ruling.label else criterion.metric
    if ruling.difference is None:
        return f"{name} is {measured(own)}"
    other = number(ruling.reference.value, unit) if ruling.reference else "unknown"
    gap, factor = ruling.difference, criterion.bounds[0].factor
    what = "difference" if factor == 1 else f"difference to {factor:g} times it"
    return f"{name} is {number(own.value, unit)}, {criterion.model} has {other}; {what} {measured(gap)}"


def reason(criterion: Criterion, ruling: Ruling) -> str:
    """One sentence with the numbers in it."""
    every = ""
    if criterion.slice.kind in ("worst", "each"):
        every = f" in every {criterion.slice.field}" if criterion.slice.field else " in every slice"
    text = f"{found(criterion, ruling)}; {wanted(criterion, ruling)} was wanted{every}"
    if criterion.on == "point":
        text += ", decided on the value alone"
    if ruling.verdict is Verdict.INCONCLUSIVE:
        text += f"; {undecided(criterion, ruling)}"
    return text


def undecided(criterion: Criterion, ruling: Ruling) -> str:
    """Why the evidence does not decide, and what would."""
    estimate = ruling.decided
    if ruling.close:
        return "the bound is too close to what was wanted for resampling to tell"
    if estimate.missing:
        return f"{estimate.missing} of {ruling.rows} samples are missing, and they could turn it either way"
    if not estimate.known and estimate.note:
        return estimate.note
    unit = "cluster" if estimate.n < ruling.rows else "sample"
    count = f"{estimate.n:,} {unit}{'' if estimate.n == 1 else 's'}"
    if ruling.n_needed is None:
        return f"{count} cannot tell"
    return f"{count} cannot tell, about {ruling.n_needed:,} samples would if the value stays what it is"
