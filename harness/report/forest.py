"""The forest plot's geometry: every criterion as a signed distance to its own threshold, right is better."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.report import words
from harness.run import CriterionRecord, EstimateRecord

_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Margin:
    """Distances to the threshold in the metric's unit; positive is on the passing side."""

    value: float
    low: float | None
    """The end of the interval that is worse for the candidate; None where it is unknown."""
    high: float | None
    base: float | None
    """Where the model it is compared with stands."""
    zone: float
    """Width of the non-inferiority zone to the right of the threshold; 0 without one."""
    span: float
    """The row is drawn from −span to +span."""


def margin(criterion: CriterionRecord, beside: EstimateRecord | None = None) -> Margin | None:
    """Where a criterion's estimate stands against its bound; None where there is no value to draw.

    `beside` is what the other model reached where the criterion sets an absolute bound.
    """
    found = words.judged(criterion)
    if found is None or found.value is None:
        return None
    value = words.gap(criterion, found.value)
    low, high = _ends(criterion, found)
    base = _base(criterion, beside)
    zone = base if criterion.bound.model and base is not None and base > 0 else 0.0
    shown = [abs(end) for end in (value, low, high, zone) if end is not None]
    if base is not None and abs(base) <= 4 * max(shown):
        shown.append(abs(base))
    return Margin(value, low, high, base, zone, _nice(1.08 * max(shown)))


def _ends(criterion: CriterionRecord, found: EstimateRecord) -> tuple[float | None, float | None]:
    """Worst and best distance within the interval."""
    ends = [None if end is None else words.gap(criterion, end) for end in (found.low, found.high)]
    band = criterion.bound.value
    if isinstance(band, tuple) and found.low is not None and found.high is not None:
        known = [end for end in ends if end is not None]
        inside = found.low <= (band[0] + band[1]) / 2 <= found.high
        return min(known), (band[1] - band[0]) / 2 if inside else max(known)
    return (ends[1], ends[0]) if criterion.bound.op in ("<=", "<") else (ends[0], ends[1])


def _base(criterion: CriterionRecord, beside: EstimateRecord | None) -> float | None:
    """Distance of the other model: of its own value, or of no difference at all in a comparison."""
    wanted = criterion.bound
    if not wanted.model:
        return None if beside is None or beside.value is None else words.gap(criterion, beside.value)
    if wanted.factor == 1:
        return words.gap(criterion, 0.0)
    own = criterion.reference.estimate if criterion.reference else None
    return None if own is None or own.value is None else words.gap(criterion, (1 - wanted.factor) * own.value)


def _nice(size: float) -> float:
    """The smallest round number that is not below `size`; 1 for nothing at all."""
    if not 0 < size < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return next(step for step in (*_STEPS, 10.0) if step * power >= size * (1 - 1e-9) or step == 10.0) * power


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that cover [low, high], some `about` steps apart.

    >>> ticks(0.03, 0.94)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-300):
        pad = abs(low) / 2 if abs(low) > 1e-300 else 0.5
        low, high = low - pad, high + pad
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= raw * (1 - 1e-9)) * power
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    places = max(0, 3 - math.floor(math.log10(step)))
    return [round(at * step, min(places, 300)) + 0.0 for at in range(first, last + 1)]
