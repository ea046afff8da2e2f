"""The suite's verdict: every required criterion must pass; a failure is claimed only after Holm over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.run import CriterionRecord
from harness.stats.multiplicity import holm
from harness.verdict import Outcome

NAMED = 12
"""Criteria that the sentence names; the first two with their numbers."""


def claim_failures(records: Sequence[CriterionRecord]) -> list[CriterionRecord]:
    """The records, with failures that do not survive Holm over the required criteria weakened to inconclusive.

    One of many criteria fails by chance sooner or later, so a failure of the suite is a claim about all of them. Each
    p-value is divided by its own criterion's α, so that criteria of different confidence share one procedure.
    A pass is never touched. Doing it twice changes nothing.
    """
    required = [at for at, r in enumerate(records) if r.severity == "require"]
    ratios = [(_p(records[at]) / (1 - records[at].confidence)) for at in required]
    # Holm on p/α against 1 is Holm on p against α; capped, since 20 is as far from a claim as 1 000.
    alpha = 0.05
    adjusted = holm([min(1.0, ratio * alpha) for ratio in ratios])
    kept = {at for at, p in zip(required, adjusted, strict=True) if p <= alpha * (1 + 1e-9)}
    out = list(records)
    for at in required:
        if records[at].verdict == "fail" and at not in kept:
            text = f"{records[at].reason}; on its own it fails, but not after allowing for {len(required)} criteria"
            out[at] = records[at].model_copy(update={"verdict": "inconclusive", "reason": text})
    return out


def _p(record: CriterionRecord) -> float:
    """The p-value of the fail claim; 1 for what is not claimed to fail."""
    if record.verdict == "fail":
        return 0.0 if record.p_fail is None else record.p_fail
    if record.verdict in ("broken", "waived") or record.p_fail is None:
        return 1.0
    return record.p_fail


def settle(records: Sequence[CriterionRecord]) -> tuple[Outcome, str, str]:
    """The suite's verdict, a sentence to quote, and how the criteria were combined.

    A decided failure rejects, whatever else is broken; else a required criterion that could not be measured leaves the
    suite broken; else an undecided one leaves it inconclusive. Warnings and waivers never move it.
    """
    claimed = claim_failures(records)
    required = [r for r in claimed if r.severity == "require"]
    by = {
        word: [r for r in required if r.verdict == word]
        for word in ("fail", "broken", "inconclusive", "waived", "pass")
    }
    multiplicity = _multiplicity(required)
    if by["fail"]:
        return Outcome.REJECTED, f"Rejected: {_reasons(by['fail'])}{_rest(by, 'fail')}.", multiplicity
    if by["broken"]:
        return Outcome.BROKEN, f"Broken: {_reasons(by['broken'])}{_rest(by, 'broken')}.", multiplicity
    if by["inconclusive"]:
        text = f"Inconclusive: {_reasons(by['inconclusive'])}{_rest(by, 'inconclusive')}."
        return Outcome.INCONCLUSIVE, text, multiplicity
    if not required:
        return Outcome.INCONCLUSIVE, "Inconclusive: no criterion is required, so nothing can be accepted.", multiplicity
    if not by["pass"]:
        return (
            Outcome.INCONCLUSIVE,
            "Inconclusive: every required criterion is waived, so none was shown to hold.",
            multiplicity,
        )
    every = "the one required criterion holds" if len(required) == 1 else f"all {len(required)} required criteria hold"
    if by["waived"]:
        names = ", ".join(r.id for r in by["waived"])
        every = f"{len(by['pass'])} of {len(required)} required criteria hold, {len(by['waived'])} waived ({names})"
    warned = [r for r in claimed if r.severity == "warn" and r.verdict != "pass"]
    tail = f"; {len(warned)} warning{'s' if len(warned) > 1 else ''}" if warned else ""
    return Outcome.ACCEPTED, f"Accepted: {every}{tail}.", multiplicity


def _reasons(records: Sequence[CriterionRecord]) -> str:
    """Up to two reasons, the surest failure first, and how many more there are."""
    ordered = sorted(records, key=lambda r: (r.p_fail if r.p_fail is not None else 1.0, r.line, r.id))
    text = "; ".join(f"{r.check}.{r.reason}" for r in ordered[:2])
    if len(ordered) > 2:
        named = ", ".join(f"{r.check}.{r.metric}{f'[{r.slice}]' if r.slice else ''}" for r in ordered[2:NAMED])
        more = len(ordered) - 2
        text += f"; and {more} more ({named}{', …' if len(ordered) > NAMED else ''})"
    return text


def _rest(by: dict[str, list[CriterionRecord]], said: str) -> str:
    words = {"fail": "failed", "broken": "broken", "inconclusive": "inconclusive", "waived": "waived", "pass": "passed"}
    parts = [f"{len(found)} {words[word]}" for word, found in by.items() if found and word != said]
    return f"; {', '.join(parts)}" if parts else ""


def _multiplicity(required: Sequence[CriterionRecord]) -> str:
    """How the criteria were combined, for a reader."""
    if len(required) < 2:
        return "One required criterion: it is decided at its own confidence."
    levels = sorted({r.confidence for r in required})
    shown = " or ".join(f"{100 * (1 - level):g}%" for level in levels)
    return (
        f"All {len(required)} required criteria must pass, each at {shown} error, which needs no correction; a failure "
        f"is claimed only after Holm's correction over all {len(required)}."
    )
