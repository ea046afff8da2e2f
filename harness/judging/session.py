"""A judged session: a run's answers, labelled ones and probes heard together, and how far the judge is trusted."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.exchange import Request, Response
from harness.judging import jury, probes, retest, trust
from harness.judging.hearing import Bench, compare, hear
from harness.judging.labels import Labelled
from harness.judging.probes import Outcome, Probe
from harness.judging.question import Case
from harness.judging.retest import Repeated
from harness.judging.trust import Demands, Trust


@dataclass(frozen=True, slots=True)
class Judged:
    """What the bench said of one case."""

    case: Case
    score: float | None
    """0 to 1, or how much better the first answer is; None where there is no verdict."""
    passes: bool | None
    fault: str = ""
    evidence: str = ""
    each: tuple[float | None, ...] = ()
    """The score of every judge."""
    consistent: bool | None = None
    """Of a pair: whether every judge says the same in both orders; None where one has no verdict."""
    first_wins: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that one session brought."""

    run: tuple[Judged, ...]
    labelled: tuple[tuple[Labelled, Judged], ...]
    probes: tuple[Outcome, ...]
    trust: Trust
    alpha: float | None
    """How far the judges of a jury agree with each other."""
    repeated: tuple[Repeated, ...] = ()
    """What each judge said when it was asked the same again."""

    @property
    def faults(self) -> list[str]:
        """Why the verdicts may not decide, one sentence each."""
        return [*self.trust.faults, *probes.faults(self.probes), *retest.faults(self.repeated)]

    @property
    def withheld(self) -> str:
        """The same as one sentence; empty where the judge is trusted."""
        return f"the judge is not trusted: {'; '.join(self.faults)}" if self.faults else ""

    def also(self, faults: Sequence[str]) -> Heard:
        """The same, with further reasons not to trust the judge."""
        return replace(self, trust=Trust(self.trust.figures, (*self.trust.faults, *faults)))


Session = Generator[list[Request], list[Response], Heard]


@dataclass(frozen=True, slots=True)
class Twice:
    """Which part of the answers is asked about a second time, of whom."""

    share: float = 0.0
    backends: Mapping[str, str] = field(default_factory=dict)
    """Model → how it is reached."""


def sit(
    bench: Bench, cases: Sequence[Case], labelled: Sequence[Labelled], probed: Sequence[Probe], demands: Demands,
    twice: Twice = Twice(),
) -> Session:  # fmt: skip
    """Hear all cases in one round (and one for repairs), hold the bench against people and probes, and ask about some
    of the answers again."""
    everything = [*cases, *(one.case for one in labelled), *(probe.case for probe in probed)]
    pair = bool(everything) and everything[0].pair
    judged = yield from (_compared(bench, everything) if pair else _judged(bench, everything))
    run, known, last = _cut(judged, len(cases), len(labelled))
    read = [(one, two) for one, two in zip(labelled, known, strict=True) if two.score is not None]
    said = [_binary(two, pair) for _, two in read]
    people = [one.label if pair else float(one.passing(bench.rubric) >= 0.5) for one, _ in read]
    seed = f"{bench.rubric.digest}/{bench.seed}"
    held = trust.hold(said, people, demands, seed)
    unread = len(labelled) - len(read)
    if labelled and unread > 0.1 * len(labelled):
        text = f"it has no verdict on {unread} of {len(labelled)} labelled answers"
        held = trust.Trust(held.figures, (*held.faults, text))
    found = probes.outcomes(probed, [_said(one, pair) for one in last])
    scores = [[one.each[at] for one in run] for at in range(len(bench.judges))]
    again = yield from retest.repeat(bench, cases, [one.each for one in run], twice.share, twice.backends)
    mine = [_binary(one, pair) for one in run if one.score is not None]
    held = trust.Trust(held.figures, (*held.faults, *retest.drifted(again, mine, said)))
    seen = tuple(zip(labelled, known, strict=True))
    return Heard(tuple(run), seen, tuple(found), held, jury.alpha(scores), again)


def _judged(bench: Bench, cases: Sequence[Case]) -> Generator[list[Request], list[Response], list[Judged]]:
    heard = yield from hear(bench, cases)
    found = []
    for case, verdicts in zip(cases, heard, strict=True):
        score, passes, fault = jury.together(verdicts, bench.rubric)
        evidence = next((verdict.evidence for verdict in verdicts if verdict.evidence), "")
        found.append(Judged(case, score, passes, fault, evidence, tuple(verdict.score for verdict in verdicts)))
    return found


def _compared(bench: Bench, cases: Sequence[Case]) -> Generator[list[Request], list[Response], list[Judged]]:
    heard = yield from compare(bench, cases)
    found = []
    for case, several in zip(cases, heard, strict=True):
        score, fault = jury.compared(several)
        known = [one.consistent for one in several]
        steady = None if None in known else all(known)
        evidence = next((one.evidence for one in several if one.evidence), "")
        wins = tuple(win for one in several for win in one.first_wins)
        passes = None if score is None else score > 0.5
        each = tuple(one.score for one in several)
        found.append(Judged(case, score, passes, fault, evidence, each, steady, wins))
    return found


def _binary(judged: Judged, pair: bool) -> float:
    """What is held against people: whether it passes; of a pair who wins, ties as one half."""
    if pair:
        return judged.score if judged.score is not None else 0.0
    return float(bool(judged.passes))


def _said(judged: Judged, pair: bool) -> probes.Said:
    won = judged.score is not None and (judged.score > 0.5 if pair else bool(judged.passes))
    return probes.Said(judged.score is not None, won, judged.score == 0.5)


def _cut(judged: Sequence[Judged], first: int, second: int) -> tuple[list[Judged], list[Judged], list[Judged]]:
    return list(judged[:first]), list(judged[first : first + second]), list(judged[first + second :])
