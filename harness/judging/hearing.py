"""A hearing: judges asked about cases, each malformed verdict repaired once, pairs heard in both orders."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from harness.exchange import Request, Response
from harness.judging.question import By, Case, fence, requests
from harness.judging.rubric import Rubric
from harness.judging.verdict import Verdict, again, read

Hearing = Generator[list[Request], list[Response], list[list[Verdict]]]
"""Yields requests, receives responses, returns for each case one verdict of each judge."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Who judges, by which rubric, and how."""

    rubric: Rubric
    judges: tuple[str, ...]
    seed: int = 0
    by: By = "generation"
    again: int = 0
    """How often the same was asked before."""


def hear(bench: Bench, cases: Sequence[Case]) -> Hearing:
    """One round for the verdicts, and one more for those that were malformed."""
    asked = [
        (at, requests(case, bench.rubric, judge, bench.seed, bench.by, bench.again))
        for at, case in enumerate(cases)
        for judge in bench.judges
    ]
    verdicts, said = yield from _round(bench, cases, asked)
    poor = [at for at, verdict in enumerate(verdicts) if verdict.malformed]
    if poor:
        repaired = [
            (asked[at][0], [_repaired(bench, cases[asked[at][0]], asked[at][1][0], said[at][0], verdicts[at])])
            for at in poor
        ]  # fmt: skip
        second, _ = yield from _round(bench, cases, repaired)
        for at, verdict in zip(poor, second, strict=True):
            verdicts[at] = verdict
    width = len(bench.judges)
    return [verdicts[at : at + width] for at in range(0, len(verdicts), width)]


def _repaired(bench: Bench, case: Case, request: Request, said: Response, verdict: Verdict) -> Request:
    return again(request, said.text or "", verdict, fence(case, bench.rubric, bench.seed))


def _round(
    bench: Bench, cases: Sequence[Case], asked: Sequence[tuple[int, list[Request]]]
) -> Generator[list[Request], list[Response], tuple[list[Verdict], list[list[Response]]]]:
    responses = yield [request for _, group in asked for request in group]
    verdicts, said, start = [], [], 0
    for at, group in asked:
        mine = responses[start : start + len(group)]
        start += len(group)
        said.append(list(mine))
        verdicts.append(read(bench.rubric, cases[at].pair, mine))
    return verdicts, said


@dataclass(frozen=True, slots=True)
class Compared:
    """What one judge said of a pair in both orders."""

    score: float | None
    """How much better the first answer is: mean of both orders; 1, 0.75, 0.5, 0.25 or 0."""
    consistent: bool | None
    """Whether both orders say the same; None where one has no verdict."""
    first_wins: tuple[bool, ...] = ()
    """Of the orders that were decided: whether the answer shown first won."""
    fault: str = ""
    evidence: str = ""


def compare(
    bench: Bench, cases: Sequence[Case]
) -> Generator[list[Request], list[Response], list[list[Compared]]]:  # fmt: skip
    """Each pair in both orders; of each case one comparison by each judge."""
    heard = yield from hear(bench, [*cases, *(case.swapped() for case in cases)])
    straight, swapped = heard[: len(cases)], heard[len(cases) :]
    return [
        [both(one, other) for one, other in zip(first, second, strict=True)]
        for first, second in zip(straight, swapped, strict=True)
    ]


def both(straight: Verdict, swapped: Verdict) -> Compared:
    """The comparison that two verdicts on one pair make; a pair that misses one has no score."""
    scores = (straight.score, None if swapped.score is None else 1 - swapped.score)
    wins = tuple(v.score == 1.0 for v in (straight, swapped) if v.score is not None and v.score != 0.5)
    if scores[0] is None or scores[1] is None:
        return Compared(None, None, wins, straight.fault or swapped.fault)
    return Compared((scores[0] + scores[1]) / 2, scores[0] == scores[1], wins, evidence=straight.evidence)
