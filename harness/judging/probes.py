"""Probes: answers that must not win, and answers that must; a judge that fails them is disqualified."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from harness.judging import variants
from harness.judging.question import Case

TOLERATED = 0.05
"""Share of worthless answers that a judge may let pass."""
LEAST_GOOD = 0.7
"""Share of reference answers that a judge must let pass."""
MOST_CHANGED = 0.3
"""Share of verdicts that may change where nothing that counts did."""
MOST_FOOLED = 0.3
"""Share of wrong answers that may pass. How many do is what labels measure; this finds a judge that does not look."""
SOMETIMES = (variants.WRONG, variants.REORDERED)
"""Kinds that suit some questions only: where few were put, a single slip is not held against the judge."""

REFUSED, REFUTED, ACCEPTED, TIE, NO_BETTER = "refused", "refuted", "accepted", "tie", "no better"


@dataclass(frozen=True, slots=True)
class Probe:
    """One case whose verdict is known beforehand."""

    kind: str
    case: Case
    wanted: str
    """`refused` (it answers nothing), `refuted` (it is wrong), `accepted`; of a pair also `tie`, or `no better` where
    the first is the second in another dress."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the bench made of one probe."""

    known: bool
    """Whether there is a verdict."""
    won: bool
    """Whether the probed answer passes, or beats the other."""
    tie: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a judge said to all probes of one kind."""

    kind: str
    wanted: str
    asked: int
    wrong: int
    unread: int
    """Probes without a verdict: no answer, or one in no readable form."""


def pointwise(
    cases: Sequence[Case], right: Sequence[Sequence[str]], without: Collection[str] = ()
) -> list[Probe]:  # fmt: skip
    """Probes from some of the run's own questions.

    Args:
        cases: the questions.
        right: the right answers to each, of which the first is put; none where they are not known.
        without: kinds whose verdict the rubric does not settle.
    """
    probes = []
    for at, case in enumerate(cases):
        texts = [(kind, text, REFUSED) for kind, text in variants.WORTHLESS.items()]
        if at < len(right) and (good := _first(right[at])):
            texts += [
                (variants.OFF_TOPIC, _other(right, at), REFUSED),
                (variants.WRONG, _wrong_twin(case, right[at]), REFUTED),
                (variants.REFERENCE, good, ACCEPTED),
                (variants.PADDED, variants.padded(good), ACCEPTED),
                (variants.STYLED, variants.styled(good), ACCEPTED),
                (variants.REORDERED, variants.reordered(good), ACCEPTED),
            ]
        probes += [
            Probe(kind, Case(f"{case.id}/{kind}", case.question, (text,), case.shown), wanted)
            for kind, text, wanted in texts
            if kind not in without and (text or kind in variants.WORTHLESS)
        ]
    return probes


def pairwise(
    cases: Sequence[Case], right: Sequence[Sequence[str]], without: Collection[str] = ()
) -> list[Probe]:  # fmt: skip
    """Probes of a comparison: an answer ties with itself and gains nothing by its dress, and nothing worthless or wrong
    beats a right one. The arguments are those of `pointwise`."""
    probes = []
    for at, case in enumerate(cases):
        good = _first(right[at]) if at < len(right) else ""
        pairs = list(_pairs(case, good, right[at] if good else ()))
        probes += [
            Probe(kind, Case(f"{case.id}/{kind}", case.question, pair, case.shown), wanted)
            for kind, pair, wanted in pairs
            if kind not in without
        ]
    return probes


def _pairs(case: Case, good: str, right: Sequence[str]) -> Iterator[tuple[str, tuple[str, str], str]]:
    """(kind, what is probed and what it stands against, what is wanted)."""
    own = case.answers[0]
    yield variants.IDENTITY, (own, own), TIE
    plain = good or own
    if plain.strip():
        yield variants.PADDED_TWIN, (variants.padded(plain), plain), NO_BETTER
    if dressed := variants.styled(plain):
        yield variants.STYLED_TWIN, (dressed, plain), NO_BETTER
    if good:
        for kind, text in variants.WORTHLESS.items():
            yield kind, (text, good), REFUSED
        if wrong := _wrong_twin(case, right):
            yield variants.WRONG, (wrong, good), REFUTED


def _first(right: Sequence[str]) -> str:
    return right[0] if right and right[0].strip() else ""


def _wrong_twin(case: Case, right: Sequence[str]) -> str:
    return variants.altered(right[0], case.shown.values(), [case.question, *right[1:]])


def _other(right: Sequence[Sequence[str]], at: int) -> str:
    """The right answer to another question, as long as this one's if possible; none of which one holds the other."""
    own = [" ".join(text.lower().split()) for text in right[at] if text.strip()]
    found = []
    for step in range(1, len(right)):
        text = _first(right[(at + step) % len(right)])
        plain = " ".join(text.lower().split())
        if plain and not any(plain in one or one in plain for one in own):
            found.append((abs(len(plain.split()) - len(own[0].split())), step, text))
    return min(found)[2] if found else ""


def outcomes(probes: Sequence[Probe], said: Sequence[Said]) -> list[Outcome]:
    """What came of the probes, kind by kind."""
    found: dict[str, list[tuple[Probe, Said]]] = {}
    for probe, heard in zip(probes, said, strict=True):
        found.setdefault(probe.kind, []).append((probe, heard))
    return [
        Outcome(
            kind, some[0][0].wanted, len(some), sum(_wrong(probe, heard) for probe, heard in some),
            sum(not heard.known for _, heard in some),
        )
        for kind, some in found.items()
    ]  # fmt: skip


def _wrong(probe: Probe, said: Said) -> bool:
    """Whether a verdict is not the one that was known beforehand; none at all does not speak for a bad answer."""
    if not said.known:
        return probe.wanted not in (REFUSED, REFUTED)
    if probe.wanted == TIE:
        return not said.tie
    return said.won == (probe.wanted != ACCEPTED)


def faults(found: Sequence[Outcome]) -> list[str]:
    """Why the judge is disqualified, one sentence each; empty where it is not."""
    told = []
    worthless = [outcome for outcome in found if outcome.wanted == REFUSED]
    asked, passed = sum(o.asked for o in worthless), sum(o.wrong for o in worthless)
    if asked and passed / asked > TOLERATED:
        kinds = ", ".join(outcome.kind for outcome in worthless if outcome.wrong)
        told.append(f"it lets {passed} of {asked} worthless answers pass ({kinds})")
    return told + [_told(outcome) for outcome in found if outcome.wanted in _SHARES and _too_many(outcome)]


_SHARES = {REFUTED: MOST_FOOLED, ACCEPTED: 1 - LEAST_GOOD, TIE: MOST_CHANGED, NO_BETTER: MOST_CHANGED}


def _too_many(outcome: Outcome) -> bool:
    allowed = _SHARES[outcome.wanted] * outcome.asked
    return outcome.wrong > (max(1.0, allowed) if outcome.kind in SOMETIMES else allowed)


def _told(outcome: Outcome) -> str:
    kind, count = outcome.kind, f"{outcome.wrong} of {outcome.asked}"
    return {
        REFUTED: f"it takes {count} wrong answers for right ones ({kind})",
        ACCEPTED: f"it refuses {count} answers that are right ({kind})",
        TIE: f"it prefers one of two equal answers in {count} pairs",
        NO_BETTER: f"it prefers an answer to the same one in plain words in {count} pairs ({kind})",
    }[outcome.wanted]
