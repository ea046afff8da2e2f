"""At least u of m: how many of several criteria hold, with an interval from partial conjunctions of their p-values."""

from __future__ import annotations

from collections.abc import Sequence

from harness.plan import Plan
from harness.run import BoundRecord, CriterionRecord, EstimateRecord
from harness.spec import AtLeast
from harness.stats.multiplicity import partial_conjunction
from harness.terms import tightened

CHECK = "accept"
"""What stands as the check of such a criterion: it speaks of the list itself."""


def united(plan: Plan, records: Sequence[CriterionRecord]) -> list[CriterionRecord]:
    """One record for each "at least u of m" of which every member was decided."""
    by_id = {record.id: record for record in records}
    return [
        decided(
            union, [by_id[name] for name in union.members], tightened(union.confidence, plan.suite.terms, plan.look)
        )
        for union in plan.suite.terms.unions
        if all(name in by_id for name in union.members)
    ]


def decided(union: AtLeast, members: Sequence[CriterionRecord], confidence: float) -> CriterionRecord:
    """Decided on the bounds of the number that hold: the most that are shown to, and that are not shown not to.

    p-value of "at least u hold": (m − u + 1) times the u-th smallest of theirs (Benjamini and Heller 2008).
    """
    alpha, m = 1 - confidence + 1e-12, len(members)
    holds = [1.0 if r.p_pass is None else r.p_pass for r in members]
    fails = [1.0 if r.p_fail is None else r.p_fail for r in members]
    low = max((u for u in range(1, m + 1) if partial_conjunction(holds, u) <= alpha), default=0)
    high = m - max((u for u in range(1, m + 1) if partial_conjunction(fails, u) <= alpha), default=0)
    verdict = "pass" if low >= union.least else "fail" if high < union.least else "inconclusive"
    broken = [r for r in members if r.verdict == "broken"]
    if verdict == "inconclusive" and m - len(broken) < union.least:
        verdict = "broken"
    value = sum(r.verdict == "pass" for r in members)
    told = "; ".join(f"{r.id}: {'undecided' if r.verdict == 'inconclusive' else r.verdict}" for r in members)
    shown = f"exactly {low}" if low == high else f"{low} to {high}"
    text = f"of {m} criteria at least {union.least} must hold; the number that does is {shown} ({told})"
    return CriterionRecord(
        id=union.id,
        that=union.id,
        check=CHECK,
        metric="at_least",
        verdict=verdict,  # type: ignore[arg-type]
        reason=text,
        candidate=EstimateRecord(
            value=value, low=low, high=high, level=2 * confidence - 1, n=m, method="partial_conjunction"
        ),
        bound=BoundRecord(op=">=", value=union.least),
        confidence=confidence,
        p_pass=partial_conjunction(holds, union.least),
        p_fail=partial_conjunction(fails, m - union.least + 1),
        blame=broken[0].blame if verdict == "broken" else "",
        line=union.line,
    )


def combined(plan: Plan) -> str:
    """What is to be said of the terms beside "all must pass", a sentence each."""
    terms, told = plan.suite.terms, ""
    for union in terms.unions:
        told += (
            f" Of {len(union.members)} criteria at least {union.least} must hold, which is claimed from their p-values "
            "together (partial conjunction)."
        )
    if terms.candidates > 1:
        told += (
            f" The best of {terms.candidates} candidates will be shipped, so each criterion is held to "
            f"1/{terms.candidates} of its error (Bonferroni)."
        )
    if terms.looks > 1:
        levels = sorted({c.confidence for c in plan.criteria})
        shown = " or ".join(f"{level:.4%}" for level in levels[:3])
        told += (
            f" This is look {plan.look} of {terms.looks} that were planned, at {plan.share:.0%} of the samples: each "
            f"criterion is held to {shown} confidence (O'Brien–Fleming), so that looking more than once costs nothing."
        )
    return told
