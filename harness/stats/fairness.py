"""Fairness of two groups: rate gaps and disparate impact with intervals; composite indices as AIF360 names them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.score import CANDIDATE, Scores
from harness.stats.evidence import Ends, Evidence, envelope, unknown
from harness.stats.proportion import independent_counts, newcombe, z_of

FEWEST = 30
"""Samples of a group below which nothing is claimed of it."""


def rate_gap(unprivileged: tuple[int, int], privileged: tuple[int, int], *, least: int = FEWEST) -> Evidence:
    """Evidence of p_u − p_p (statistical parity, equal opportunity, …) from (favourable, all) of each group."""
    return independent_counts(*unprivileged, *privileged, least=least)


def disparate_impact(unprivileged: tuple[int, int], privileged: tuple[int, int], *, least: int = FEWEST) -> Evidence:
    """Evidence of p_u / p_p from (favourable, all) of each group.

    A bound is the ratio r at which the interval of the contrast p_u − r·p_p just touches zero, so that holding it
    against 0.8 decides exactly as the contrast with 0.8 would; nothing is ever divided by a small rate.
    """
    (x1, n1), (x2, n2) = unprivileged, privileged
    method = "mover_ratio"
    if min(n1, n2) < max(1, least):
        value = (x1 / n1) / (x2 / n2) if n1 and n2 and x2 else None
        note = f"the groups have {n1} and {n2} samples; at least {least} each are needed"
        return unknown(note, value=value, n=n1 + n2, method=method)
    if x2 == 0:
        note = "no favourable outcome in the privileged group, so that the ratio is not defined"
        return unknown(note, n=n1 + n2, method=method)

    def ends(confidence: float) -> Ends:
        low = _root(lambda r: newcombe(x1, n1, x2, n2, confidence, factor=r)[0])
        high = _root(lambda r: newcombe(x1, n1, x2, n2, confidence, factor=r)[1])
        return low, high

    return Evidence((x1 / n1) / (x2 / n2), n1 + n2, method, ends, (0.0, math.inf))


def impact_level(scores: Scores) -> Evidence:
    """Evidence of the ratio of two groups' rates, from scores of the family `impact`.

    Rows carry (favourable, 1, 0, 0) for the unprivileged and (0, 0, favourable, 1) for the privileged group, the ones
    where a score is missing too. Failures of the model are unfavourable; other missing rows are taken both ways.
    """
    missing = [at for at, why in scores.missing.items() if why.blame != CANDIDATE]
    first, second = (scores.stats[:, column] > 0 for column in (1, 3))
    present = [at for at in range(len(scores.ids)) if at not in set(missing)]

    def made(low: int, high: int, rows: list[int]) -> Evidence:
        table = scores.stats[rows]
        absent = [at for at in missing if at in set(rows)]
        x1 = table[:, 0].sum() + low * first[absent].sum()
        x2 = table[:, 2].sum() + high * second[absent].sum()
        counts = (int(x1), int(table[:, 1].sum())), (int(x2), int(table[:, 3].sum()))
        return disparate_impact(*counts, least=scores.quantity.least or FEWEST)

    observed = made(0, 0, present)
    if not missing:
        return observed
    everything = list(range(len(scores.ids)))
    note = f"{len(missing)} of {len(everything)} samples are missing; the interval covers the worst and the best case"
    return envelope(observed, made(0, 1, everything), made(1, 0, everything), missing=len(missing), note=note)


def _root(falling) -> float | None:  # type: ignore[no-untyped-def]
    """The r ≥ 0 at which a falling function meets zero; 0 where it starts below, None where it never gets there."""
    from scipy.optimize import brentq

    if falling(0.0) <= 0:
        return 0.0
    top = 1.0
    while falling(top) > 0:
        top *= 2
        if top > 1e9:
            return None
    return float(brentq(falling, 0.0, top, xtol=1e-12))


def katz(unprivileged: tuple[int, int], privileged: tuple[int, int], confidence: float) -> tuple[float, float] | None:
    """Katz's log interval of the ratio of two rates, for information; None where a count is zero."""
    (x1, n1), (x2, n2) = unprivileged, privileged
    if not (x1 and x2):
        return None
    half = z_of(confidence) * math.sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)
    middle = (x1 / n1) / (x2 / n2)
    return middle * math.exp(-half), middle * math.exp(half)


@dataclass(frozen=True, slots=True)
class Group:
    """One group's outcomes against the truth."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n(self) -> int:
        """Samples."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def selected(self) -> float:
        """Share with the favourable outcome."""
        return _rate(self.tp + self.fp, self.n)

    @property
    def tpr(self) -> float:
        """Share of those who deserve the favourable outcome and get it."""
        return _rate(self.tp, self.tp + self.fn)

    @property
    def fpr(self) -> float:
        """Share of those who do not deserve it and get it."""
        return _rate(self.fp, self.fp + self.tn)

    @property
    def wrong(self) -> float:
        """Share of errors."""
        return _rate(self.fp + self.fn, self.n)


def _rate(above: int, below: int) -> float:
    return above / below if below else math.nan


def group(truth: Sequence[int], given: Sequence[int]) -> Group:
    """Counts of favourable (1) and unfavourable (0) outcomes."""
    both = list(zip(truth, given, strict=True))
    return Group(both.count((1, 1)), both.count((0, 1)), both.count((1, 0)), both.count((0, 0)))


def indices(unprivileged: Group, privileged: Group) -> dict[str, float | None]:
    """The usual differences and ratios, unprivileged − privileged; None for 0/0."""
    u, p = unprivileged, privileged
    opportunity, false_alarm = u.tpr - p.tpr, u.fpr - p.fpr
    found = {
        "statistical_parity_difference": u.selected - p.selected,
        "disparate_impact": u.selected / p.selected if p.selected else math.nan,
        "equal_opportunity_difference": opportunity,
        "average_odds_difference": (opportunity + false_alarm) / 2,
        "average_abs_odds_difference": (abs(opportunity) + abs(false_alarm)) / 2,
        "false_positive_rate_difference": false_alarm,
        "error_rate_difference": u.wrong - p.wrong,
    }
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def theil(truth: Sequence[int], given: Sequence[int]) -> float | None:
    """Theil index of the benefits b = given − truth + 1; 0 where all benefit alike, None where nobody does."""
    benefits = [g - t + 1 for t, g in zip(truth, given, strict=True)]
    mean = sum(benefits) / len(benefits) if benefits else 0.0
    if not mean:
        return None
    return sum(b / mean * math.log(b / mean) for b in benefits if b) / len(benefits)
