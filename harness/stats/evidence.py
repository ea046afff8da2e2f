"""Evidence: an estimate before a confidence is chosen, so that one computation serves every bound and every p-value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.estimate import Estimate

Ends = tuple[float | None, float | None]
"""(low, high); None where that end is not known."""


STARTS = (0.499, 0.45, 0.4, 0.3, 0.2, 0.1, 0.05)
"""Where a p-value is looked for first: the first α whose bounds are known."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value and how its one-sided bounds depend on the confidence."""

    value: float | None
    n: int
    """Independent units."""
    method: str
    ends: Callable[[float], Ends] | None = None
    """One-sided confidence → both one-sided bounds; None where nothing is known."""
    limits: tuple[float, float] = (-math.inf, math.inf)
    """The range of the value."""
    exact: bool = False
    """A census: both ends are the value."""
    missing: int = 0
    unit: str = ""
    note: str = ""
    seed: int | None = None
    noise: Callable[[float], tuple[float, float]] | None = None
    """Confidence → Monte-Carlo standard errors of both bounds, where resampling made them."""
    refine: Callable[[], Evidence] | None = None
    """The same with ten times the resamples."""

    def bounds(self, confidence: float) -> Ends:
        """Both one-sided bounds at `confidence`, inside the limits and around the value.

        An end that is not finite is None, and so are both where they would fall on one point without a census.
        """
        if self.value is None:
            value = math.nan
        elif self.exact:
            return self.value, self.value
        else:
            value = self.value
        if self.ends is None:
            return None, None
        raw_low, raw_high = self.ends(confidence)
        low, high = _finite(raw_low), _finite(raw_high)
        if low is not None:
            low = max(self.limits[0], low if math.isnan(value) else min(low, value))
        if high is not None:
            high = min(self.limits[1], high if math.isnan(value) else max(high, value))
        if low is not None and low == high:
            return None, None
        return low, high

    def at(self, confidence: float) -> Estimate:
        """The estimate whose ends are the one-sided bounds at `confidence` (two-sided level 2c − 1).

        Raises:
            ValueError: `confidence` is not between 0.5 and 1.
        """
        if not 0.5 < confidence < 1:
            raise ValueError(f"a one-sided confidence lies between 0.5 and 1, such as 0.95; found {confidence!r}")
        low, high = self.bounds(confidence)
        note = self.note
        if low is None and high is None and not note:
            note = "the interval is not known: the values do not vary enough to say how sure they are"
        level = round(2 * confidence - 1, 12)
        return Estimate(
            self.value, low, high, level, self.n, self.missing, self.method, self.unit, note, self.seed
        )  # fmt: skip

    def p_value(self, claim: Callable[[float | None, float | None], bool]) -> float:
        """Smallest α at which `claim` holds of the bounds at confidence 1 − α; 1 where that is about one half or more.

        Inverts the bounds by bisection, hence right for every family whose bounds widen with the confidence.
        """
        if self.exact:
            return 0.0 if claim(self.value, self.value) else 1.0
        # Near one half both bounds of some methods meet (replicates of few different values), and no width counts as no
        # knowledge: begin where there is some.
        start = next((alpha for alpha in STARTS if self.bounds(1 - alpha) != (None, None)), None)
        if start is None or not claim(*self.bounds(1 - start)):
            return 1.0
        holds, fails = math.log(start), math.log(1e-12)
        if claim(*self.bounds(1 - math.exp(fails))):
            return math.exp(fails)
        for _ in range(40):
            middle = (holds + fails) / 2
            if claim(*self.bounds(1 - math.exp(middle))):
                holds = middle
            else:
                fails = middle
        return math.exp(holds)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def unknown(note: str, *, value: float | None = None, n: int = 0, method: str = "") -> Evidence:
    """Evidence without an interval, and why."""
    return Evidence(None if value is None or not math.isfinite(value) else value, n, method, note=note)


def envelope(observed: Evidence, first: Evidence, second: Evidence, *, missing: int, note: str) -> Evidence:
    """What holds whichever of two cases is true: the lower low end and the higher high end around the observed value.

    An end is unknown where either case does not know it, except that a case without any interval and without a value
    (it could not be imputed) leaves only its own side unknown: `first` answers for the low end, `second` for the high.
    """

    def ends(confidence: float) -> Ends:
        one, two = first.bounds(confidence), second.bounds(confidence)
        if first.ends is None and not first.exact:
            one = (None, two[1])
        if second.ends is None and not second.exact:
            two = (one[0], None)
        low = None if one[0] is None or two[0] is None else min(one[0], two[0])
        high = None if one[1] is None or two[1] is None else max(one[1], two[1])
        return low, high

    notes = "; ".join(dict.fromkeys(part for part in (observed.note, note) if part))
    return replace(observed, ends=ends, exact=False, missing=missing, note=notes, noise=None, refine=None)


def mover(new: Evidence, old: Evidence, factor: float = 1.0) -> Evidence:
    """Evidence of new − factor·old of independent evidence, by the square-and-add of their own bounds."""
    if new.value is None or old.value is None:
        return unknown(new.note or old.note or "a value is not known", n=new.n + old.n, method="mover")
    a, b = new.value, old.value

    def ends(confidence: float) -> Ends:
        (l1, u1), (l2, u2) = new.bounds(confidence), old.bounds(confidence)
        low = None if l1 is None or u2 is None else a - factor * b - math.hypot(a - l1, factor * (u2 - b))
        high = None if u1 is None or l2 is None else a - factor * b + math.hypot(u1 - a, factor * (b - l2))
        return low, high

    note = "; ".join(dict.fromkeys(part for part in (new.note, old.note) if part))
    exact = new.exact and old.exact
    method, missing = "census" if exact else "mover", new.missing + old.missing
    return Evidence(a - factor * b, new.n + old.n, method, ends, exact=exact, missing=missing, note=note)
