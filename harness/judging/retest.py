"""Asked twice: whether a judge that need not say the same again does, on a share of the answers.

Nothing is added to an interval for a judge that wavers, because nothing is missing in it. The verdict on an answer is
one draw of what the judge may say to it, in the run and beside the labels alike. So the mean label of a verdict, and
how often the run has it, are those of the wavering judge, and both carry its noise in their own sampling errors; what
noise costs is width. It must only be the same noise: where labels were chosen by verdicts of an earlier asking that
stand no longer, the strata are off by as much as the judge wavers (`drifted`).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pvariance

from harness import digest
from harness.exchange import Request, Response
from harness.figure import Figure, Table
from harness.judging.hearing import Bench, compare, hear
from harness.judging.question import Case
from harness.judging.rubric import Rubric
from harness.judging.trust import CONFIDENCE
from harness.stats.powered import UNLIKE, alike
from harness.stats.proportion import of_counts

FEWEST = 10
"""Answers that are asked about twice, at least; all, where there are fewer."""
LEAST_SAME = 0.8
"""Share of them that must get the same verdict again. A judge that errs at random on one answer in nine agrees with
itself on 80 %; its noise alone has then used up a third of the disagreement with people that is allowed by default."""
STEADY_ENOUGH = 0.98
"""The same, where labels were not drawn at random. With less, verdicts that labels were drawn by stand no longer: of
judges that repeat 90 % of theirs, half or more are then wrongly failed, or wrongly passed (docs/calibration.md)."""
MOST_UNREAD = 0.1
STEADY = {
    "transformers": "it decides by weights that are here, and greedily",
    "replay": "a recording says what it says",
}
"""Ways to reach a model that cannot say another thing to the same question, and why."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What one judge said when it was asked the same again."""

    judge: str
    pairs: tuple[tuple[float, float], ...] = ()
    """Both scores of every answer that has two."""
    same: int = 0
    unread: int = 0
    """Answers that had a verdict, and none the second time."""
    steady: str = ""
    """Why it was not asked twice."""

    @property
    def noise(self) -> float | None:
        """Share of the variance of its scores that is its own wavering; None where they do not vary."""
        scores = [score for pair in self.pairs for score in pair]
        spread = pvariance(scores) if scores else 0.0
        return fmean((one - two) ** 2 for one, two in self.pairs) / 2 / spread if spread else None


def drawn(cases: Sequence[Case], share: float) -> list[int]:
    """Places of the cases that are asked about twice: drawn by their texts, whatever their verdict and order."""
    if share <= 0:
        return []
    order = sorted(range(len(cases)), key=lambda at: digest.of([cases[at].question, list(cases[at].answers)]))
    return sorted(order[: max(FEWEST, math.ceil(share * len(cases)))])


def repeat(
    bench: Bench, cases: Sequence[Case], first: Sequence[Sequence[float | None]], share: float,
    backends: Mapping[str, str],
) -> Generator[list[Request], list[Response], tuple[Repeated, ...]]:  # fmt: skip
    """Ask again, in a round of its own, whoever may say another thing.

    Args:
        bench: who judged.
        cases: what was judged.
        first: the score of each case by each judge; None where there is none.
        share: of the cases; 0 asks nobody.
        backends: model → how it is reached.
    """
    if share <= 0:
        return ()
    steady = tuple(
        Repeated(name, steady=STEADY[kind]) for name in bench.judges if (kind := backends.get(name)) in STEADY
    )
    asked = [name for name in bench.judges if backends.get(name) not in STEADY]
    places = drawn(cases, share) if asked else []
    if not places:
        return steady
    other, some = replace(bench, judges=tuple(asked), again=1), [cases[at] for at in places]
    second: Sequence[Sequence[float | None]]
    if some[0].pair:
        second = [[one.score for one in row] for row in (yield from compare(other, some))]
    else:
        second = [[one.score for one in row] for row in (yield from hear(other, some))]
    found = []
    for column, name in enumerate(asked):
        before = [first[at][bench.judges.index(name)] for at in places]
        found.append(_repeated(name, before, [row[column] for row in second], bench.rubric, some[0].pair))
    return (*found, *steady)


def _repeated(
    name: str, before: Sequence[float | None], after: Sequence[float | None], rubric: Rubric, pair: bool
) -> Repeated:
    both = [(one, two) for one, two in zip(before, after, strict=True) if one is not None and two is not None]
    same = sum(_kind(one, rubric, pair) == _kind(two, rubric, pair) for one, two in both)
    return Repeated(name, tuple(both), same, sum(one is not None for one in before) - len(both))


def _kind(score: float, rubric: Rubric, pair: bool) -> int:
    """Passes or not; of a pair: first, tie or second."""
    return (score > 0.5) - (score < 0.5) if pair else int(rubric.passes(score))


def faults(found: Sequence[Repeated]) -> list[str]:
    """Why a judge that was asked twice is not trusted, one sentence each."""
    told = []
    for one in found:
        n, asked = len(one.pairs), len(one.pairs) + one.unread
        if one.unread > MOST_UNREAD * asked:
            told.append(
                f"{one.judge} has no second verdict on {one.unread} of {asked} answers that it was asked twice of"
            )
        if n and one.same < LEAST_SAME * n:
            told.append(
                f"{one.judge} says another thing of {n - one.same} of {n} answers when it is asked the same again"
            )
    return told


def drifted(found: Sequence[Repeated], run: Sequence[float], labelled: Sequence[float]) -> list[str]:
    """Why labels may not correct a judge that wavers: they look drawn by its verdict, and another asking's at that.

    Args:
        found: what came of asking twice.
        run: verdicts on the run's own answers, 0 to 1.
        labelled: verdicts on the labelled ones.
    """
    import numpy as np

    loose = [one for one in found if one.pairs and one.same < STEADY_ENOUGH * len(one.pairs)]
    if not loose or not run or not labelled or alike(np.asarray(labelled), np.asarray(run)) >= UNLIKE:
        return []
    told = " and ".join(f"{one.judge} says the same again of {one.same} of {len(one.pairs)} answers" for one in loose)
    return [
        f"{told}, and finds {fmean(labelled):.0%} of the labelled ones good where it is {fmean(run):.0%} of the run's: "
        "labels drawn by verdicts that stand no longer do not correct it; draw them at random, or record its verdicts"
    ]


def shown(found: Sequence[Repeated]) -> list[Figure]:
    """Each judge's agreement with itself, with its interval."""
    rows: list[list[str | float | int | None]] = []
    for one in found:
        n = len(one.pairs)
        low, high = of_counts(one.same, n).bounds(CONFIDENCE) if n else (None, None)
        change = fmean(abs(a - b) for a, b in one.pairs) if n else None
        told = f"not asked twice: {one.steady}" if one.steady else f"at least {LEAST_SAME:.0%} must be the same"
        noise = None if one.steady else one.noise
        rows.append([one.judge, n, one.same / n if n else None, low, high, one.unread, change, noise, told])
    columns = [
        "judge", "asked twice", "the same again", "at least", "at most", "no second", "mean change", "noise", "",
    ]  # fmt: skip
    title = "Asked twice: whether the judge says the same again"
    note = (
        "Noise: the share of the variance of its scores that is its own wavering. It is in the intervals, for run and "
        "labels were judged once each, with the same noise."
    )
    return [Table(title=title, columns=columns, rows=rows, note=note)] if rows else []


def untested(share: float, judges: Sequence[str], backends: Mapping[str, str]) -> list[str]:
    """A sentence where a judge that may say another thing was not asked twice."""
    loose = [name for name in judges if backends.get(name) not in STEADY]
    return (
        []
        if share > 0 or not loose
        else [f"whether {' and '.join(loose)} says the same again is not known (retest: 0)"]
    )
