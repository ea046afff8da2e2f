"""A criterion as a claim about bounds: what holds, what is refuted, and what the evidence does not decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from harness.criterion import UNITS, Bound, Criterion
from harness.estimate import Estimate
from harness.score import Scores
from harness.stats import difference_evidence, level_evidence
from harness.stats.evidence import Evidence
from harness.verdict import Verdict

End = float | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided on one table of scores: all rows, or one slice."""

    verdict: Verdict
    p_fail: float
    candidate: Estimate
    targets: tuple[float, ...]
    """What the value (or the difference) was held against, in the quantity's unit."""
    reference: Estimate | None = None
    difference: Estimate | None = None
    n_needed: int | None = None
    rows: int = 0
    """Samples, whatever the independent unit is."""
    label: str = ""
    """`field=value` of a slice."""
    close: bool = False
    """Undecided only because the bound lies within the Monte-Carlo error of the resampling."""
    p_pass: float | None = None
    """p-value of the claim that it holds, where an "at least u of m" asks for it."""

    @property
    def decided(self) -> Estimate:
        """The estimate that the targets speak of."""
        return self.difference if self.difference is not None else self.candidate


def in_unit(bound: Bound, unit: str) -> float:
    """A bound's number in the quantity's unit: 300 ms is 0.3 for a quantity in seconds.

    Raises:
        ValueError: the units do not go together.
    """
    if not bound.unit:
        return bound.offset
    base, factor = UNITS.get(unit, (unit, 1.0))
    if base != bound.unit:
        what = f"is measured in {unit}" if unit else "has no unit"
        raise ValueError(f"the bound is given in {bound.unit}, but the quantity {what}")
    return bound.offset / factor


def passes(op: str, low: End, high: End, targets: tuple[float, ...]) -> bool:
    """Whether the bounds prove the criterion; on the bound counts for >=, <= and in, not for > and <."""
    if op == "in":
        return _least(low, targets[0]) and _most(high, targets[1])
    target = targets[0]
    if op == ">=":
        return _least(low, target)
    if op == ">":
        return low is not None and low > target + _slack(target)
    if op == "<=":
        return _most(high, target)
    return high is not None and high < target - _slack(target)


def fails(op: str, low: End, high: End, targets: tuple[float, ...]) -> bool:
    """Whether the bounds prove that the criterion does not hold."""
    if op == "in":
        return fails(">=", low, high, targets[:1]) or fails("<=", low, high, targets[1:])
    target = targets[0]
    if op == ">=":
        return high is not None and high < target - _slack(target)
    if op == ">":
        return _most(high, target)
    if op == "<=":
        return low is not None and low > target + _slack(target)
    return _least(low, target)


def _least(low: End, target: float) -> bool:
    return low is not None and low >= target - _slack(target)


def _most(high: End, target: float) -> bool:
    return high is not None and high <= target + _slack(target)


def _slack(target: float) -> float:
    """Rounding of doubles: 0.3 − 0.1 must count as 0.2."""
    return 1e-12 * max(1.0, abs(target))


def rule(criterion: Criterion, candidate: Scores, reference: Scores | None, *, seed: str, label: str = "") -> Ruling:
    """Hold one table of scores against a criterion.

    Raises:
        ValueError: units do not fit, an id occurs twice, or a score is outside its range.
    """
    unit = candidate.quantity.unit
    targets = tuple(in_unit(bound, unit) for bound in criterion.bounds)
    own = level_evidence(candidate, seed=seed)
    contrast = None
    if reference is not None:
        first = criterion.bounds[0]
        offset = next((t for t in targets if t), 0.0)
        contrast = difference_evidence(candidate, reference, factor=first.factor, offset=offset, seed=seed)
    evidence = own if contrast is None else contrast
    verdict, evidence, close = _decide(criterion, evidence, targets)
    own, contrast = (evidence, None) if contrast is None else (own, evidence)
    missing = evidence.missing
    needed = None if missing or close else needed_samples(criterion, evidence, targets, verdict, len(candidate.ids))
    return Ruling(
        verdict=verdict,
        p_fail=_p_fail(criterion, evidence, targets, verdict),
        candidate=own.at(criterion.confidence),
        targets=targets,
        reference=None if reference is None else level_evidence(reference, seed=seed).at(criterion.confidence),
        difference=None if contrast is None else contrast.at(criterion.confidence),
        n_needed=needed,
        rows=len(candidate.ids),
        label=label,
        close=close,
        p_pass=(1.0 if close else _p_pass(criterion, evidence, targets, verdict)) if criterion.group else None,
    )


def _decide(
    criterion: Criterion, evidence: Evidence, targets: tuple[float, ...]
) -> tuple[Verdict, Evidence, bool]:  # fmt: skip
    """The verdict, the evidence it rests on, and whether Monte-Carlo error alone kept it open."""
    if criterion.on == "point":
        if evidence.value is None:
            return Verdict.INCONCLUSIVE, evidence, False
        holds = passes(criterion.op, evidence.value, evidence.value, targets)
        return (Verdict.PASS if holds else Verdict.FAIL), evidence, False
    if _near(criterion, evidence, targets) and evidence.refine is not None:
        evidence = evidence.refine()
    low, high = evidence.bounds(criterion.confidence)
    if passes(criterion.op, low, high, targets):
        verdict = Verdict.PASS
    elif fails(criterion.op, low, high, targets):
        verdict = Verdict.FAIL
    else:
        return Verdict.INCONCLUSIVE, evidence, False
    if _near(criterion, evidence, targets):
        return Verdict.INCONCLUSIVE, evidence, True
    return verdict, evidence, False


def _near(criterion: Criterion, evidence: Evidence, targets: tuple[float, ...]) -> bool:
    """Whether a bound lies within three Monte-Carlo standard errors of a target."""
    if evidence.noise is None:
        return False
    ends, errors = evidence.bounds(criterion.confidence), evidence.noise(criterion.confidence)
    return any(
        end is not None and abs(end - target) < 3 * error
        for end, error in zip(ends, errors, strict=True)
        for target in targets
    )  # fmt: skip


def _p_fail(criterion: Criterion, evidence: Evidence, targets: tuple[float, ...], verdict: Verdict) -> float:
    if criterion.on == "point":
        return 0.0 if verdict is Verdict.FAIL else 1.0
    claim: Callable[[End, End], bool] = lambda low, high: fails(criterion.op, low, high, targets)  # noqa: E731
    # Of a band, at most one of "below it" and "above it" is false at a time, so each is claimed at the whole α.
    return evidence.p_value(claim)


def _p_pass(criterion: Criterion, evidence: Evidence, targets: tuple[float, ...], verdict: Verdict) -> float:
    if criterion.on == "point":
        return 0.0 if verdict is Verdict.PASS else 1.0
    return evidence.p_value(lambda low, high: passes(criterion.op, low, high, targets))


def needed_samples(
    criterion: Criterion, evidence: Evidence, targets: tuple[float, ...], verdict: Verdict, rows: int
) -> int | None:
    """Samples that would settle an inconclusive criterion if the value stays what it is; None where none would.

    The distance of a bound from the value shrinks with the square root of the number of samples.
    """
    if verdict is not Verdict.INCONCLUSIVE or evidence.value is None or criterion.on == "point" or not evidence.n:
        return None
    low, high = evidence.bounds(criterion.confidence)
    value = evidence.value
    holds = passes(criterion.op, value, value, targets)
    ratios = [_ratio(value, low, high, target, holds, below) for target, below in _sides(criterion.op, targets)]
    known = [r for r in ratios if r is not None]
    if not known or (holds and len(known) < len(ratios)):
        return None
    ratio = max(known) if holds else min(known)
    needed = math.ceil(rows * ratio**2)
    return max(needed, rows + 1) if needed <= 10_000_000 else None


def _sides(op: str, targets: tuple[float, ...]) -> list[tuple[float, bool]]:
    """Each target, and whether the good values lie above it."""
    if op == "in":
        return [(targets[0], True), (targets[1], False)]
    return [(targets[0], op in (">=", ">"))]


def _ratio(value: float, low: End, high: End, target: float, holds: bool, above: bool) -> float | None:
    """How many times too wide the interval is on the side that would decide."""
    end = low if holds == above else high
    gap = abs(value - target)
    if end is None or gap <= 1e-12 or (not holds and (value < target) != above):
        return None
    return abs(value - end) / gap
