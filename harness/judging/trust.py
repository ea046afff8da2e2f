"""How far a judge is to be trusted: its agreement with people, by lower bounds, against what the suite declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

from harness.stats import agreement as agreements
from harness.stats.evidence import Evidence, unknown
from harness.stats.proportion import of_counts

CONFIDENCE = 0.95
AC1 = "Gwet's AC1"
FEWEST_MINORITY = 30
"""Labels of the rarer kind, good or bad, at least."""
LEAST_AC1 = 0.6
LEAST_YOUDEN = 0.3
"""Of sensitivity + specificity − 1: a judge near chance cannot be corrected into anything useful."""
FEWEST_SHARED = 30
"""Samples that two people must both have labelled before their own agreement is told."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a suite declares a judge must show."""

    labels: int = 100
    agreement: float = 0.7


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a judge's record."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    wanted: str = ""
    """What its lower bound must reach; empty where nothing is demanded of it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A judge's record against people."""

    figures: tuple[Figure, ...]
    faults: tuple[str, ...]
    """Why it is not trusted, one sentence each; empty where it is."""

    @property
    def trusted(self) -> bool:
        """Whether its corrected verdicts may decide."""
        return not self.faults


def hold(said: Sequence[float], people: Sequence[float], demands: Demands, seed: str) -> Trust:
    """A judge's verdicts held against people's labels of the same answers, both from 0 to 1.

    Agreement and AC1 compare what passes (0.5 and more) of a rubric, and first, tie or second of a pair; α compares the
    numbers themselves.
    """
    one, two = [_kind(value) for value in said], [_kind(value) for value in people]
    n, agree = len(one), sum(a == b for a, b in zip(one, two, strict=True))
    minority = min((sum(value == kind for value in two) for kind in (0.0, 1.0)), default=0)
    faults: list[str] = []
    if n < demands.labels:
        faults.append(f"{n} human labels, where {demands.labels} are declared")
    if minority < min(FEWEST_MINORITY, demands.labels):
        faults.append(
            f"only {minority} labels of the rarer kind, where {min(FEWEST_MINORITY, demands.labels)} are needed"
        )
    figures = [_figure("agreement", of_counts(agree, n) if n else None, n, f">= {demands.agreement:g}")]
    if n:
        figures.append(_ac1(one, two, seed, figures[0].low or 0.0))
        figures.append(_figure("Krippendorff's α", _alpha(said, people, seed), n, ""))
    figures += _sides(one, two)
    faults += _missed(figures)
    return Trust(tuple(figures), tuple(faults))


def _kind(value: float) -> float:
    """Good, undecided or bad."""
    return 0.5 if value == 0.5 else float(value > 0.5)


def _figure(name: str, evidence: Evidence | None, n: int, wanted: str) -> Figure:
    if evidence is None:
        return Figure(name, None, None, None, n, wanted)
    found = evidence.at(CONFIDENCE)
    return Figure(name, found.value, found.low, found.high, n, wanted)


def _ac1(one: Sequence[float], two: Sequence[float], seed: str, agreement: float) -> Figure:
    """AC1 with its interval; where there is too little to resample (too few labels, or hardly a difference among them),
    with the lower bound that the one of agreement implies.

    Chance agrees in at most 1/c ≤ 1/2 of c kinds (Gwet 2008), so AC1 = 1 − (1 − p)/(1 − chance) ≥ 2p − 1.
    """
    per_item, kinds = agreements.pairs(one, two)
    ids = [str(at) for at in range(len(one))]
    wanted = f">= {LEAST_AC1:g}"
    if len(kinds) < 2:
        return Figure(AC1, None, None, None, len(one), wanted)
    found = _figure(
        AC1, agreements.evidence(per_item, agreements.ac1, seed=seed, ids=ids, name="AC1"), len(one), wanted
    )
    return replace(found, low=2 * agreement - 1, high=1.0) if found.low is None else found


def _alpha(one: Sequence[float], two: Sequence[float], seed: str) -> Evidence:
    per_item, values = agreements.coincidences([list(one), list(two)])
    if len(values) < 2:
        return unknown("everybody says the same of everything", n=len(one))
    ids = [str(at) for at in range(len(one))]
    interval = partial(agreements.alpha, values=values, scale="interval")
    return agreements.evidence(per_item, interval, seed=seed, ids=ids, name="α")


def _sides(one: Sequence[float], two: Sequence[float]) -> list[Figure]:
    """Sensitivity, specificity, and what both say together (Youden's J)."""
    good = [a for a, b in zip(one, two, strict=True) if b == 1.0]
    bad = [a for a, b in zip(one, two, strict=True) if b == 0.0]
    if not good or not bad:
        return [Figure("sensitivity + specificity − 1", None, None, None, len(good) + len(bad), f"> {LEAST_YOUDEN:g}")]
    found = [of_counts(sum(a == 1.0 for a in good), len(good)), of_counts(sum(a == 0.0 for a in bad), len(bad))]
    ends = [evidence.bounds(CONFIDENCE) for evidence in found]
    low, high = (sum(end[at] or 0.0 for end in ends) - 1 for at in (0, 1))
    value = sum(evidence.value or 0.0 for evidence in found) - 1
    return [
        _figure("sensitivity", found[0], len(good), ""),
        _figure("specificity", found[1], len(bad), ""),
        Figure("sensitivity + specificity − 1", value, low, high, len(good) + len(bad), f"> {LEAST_YOUDEN:g}"),
    ]


def _missed(figures: Sequence[Figure]) -> list[str]:
    """A sentence for each number whose lower bound does not reach what is wanted."""
    told = []
    for figure in figures:
        if not figure.wanted:
            continue
        op, wanted = figure.wanted.split()
        low = figure.low
        if low is None:
            told.append(f"{figure.name} is not known from {figure.n} labels")
        elif not (low >= float(wanted) if op == ">=" else low > float(wanted)):
            told.append(f"{figure.name} is {figure.value:.3g}, and only {low:.3g} is shown, where {wanted} is wanted")
    return told


def ceiling(labels: Sequence[Sequence[float]]) -> Figure | None:
    """How often two people agree with each other on the same answer; None where too few answers have two."""
    pairs = [pair for row in labels if len(row) > 1 for pair in combinations(row, 2)]
    shared = sum(len(row) > 1 for row in labels)
    if shared < FEWEST_SHARED:
        return None
    agree = sum(_kind(a) == _kind(b) for a, b in pairs)
    return _figure("people among themselves", of_counts(agree, len(pairs)), len(pairs), "")
