"""The gate: criteria and scores to verdicts, each with a sentence; and the suite's verdict from all of them.

A criterion passes where the one-sided bound on the good side clears what was wanted, fails where the other bound is
past it, and is inconclusive between. It is never decided by a lone value, unless the suite says `on: point`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Literal, cast

from harness.claim import Ruling, rule
from harness.criterion import Criterion, Slice
from harness.errors import CheckBroken, HarnessError, nearest
from harness.estimate import Estimate
from harness.run import BoundRecord, CriterionRecord, EstimateRecord, Reference
from harness.score import BROKEN, EVERY, NOWHERE, Scores
from harness.settle import claim_failures, settle
from harness.stats.multiplicity import holm
from harness.verdict import Verdict
from harness.wording import reason

__all__ = ["SMALLEST_SLICE", "claim_failures", "decide", "settle"]

SMALLEST_SLICE = 10
"""Samples below which a slice is named but decides nothing."""


class _Unmeasured(Exception):
    """A criterion whose numbers do not exist: why, and whose fault it is."""

    def __init__(self, why: str, blame: str) -> None:
        super().__init__(why)
        self.blame = blame


def decide(
    criterion: Criterion,
    scores: Mapping[str, Mapping[str, Scores]],
    *,
    candidate: str = "candidate",
    seed: str,
    broken: str = "",
    blame: str = "",
    lost: Mapping[str, HarnessError | str] | None = None,
    smallest_slice: int = SMALLEST_SLICE,
    today: date | None = None,
) -> CriterionRecord:
    """One criterion, decided.

    Args:
        criterion: the sentence, parsed.
        scores: model → quantity → scores, of the criterion's check.
        candidate: the model under test.
        seed: the suite's name and seed; check, metric and sample ids are mixed in.
        broken: why the whole check could not be measured, or empty.
        blame: whose fault that is.
        lost: model → why it could not be measured; the model's fault, unless it is a `CheckBroken`.
        smallest_slice: samples below which a slice decides nothing.
        today: the day that waivers are held against; now, where it is None.
    """
    lost = lost or {}
    try:
        if broken:
            raise _Unmeasured(broken, blame or "the check")
        own = _scores(criterion, scores, candidate, lost)
        other = _scores(criterion, scores, criterion.model, lost) if criterion.model else None
        mixed = f"{seed}/{criterion.check}.{criterion.metric}"
        ruling, text, extra = _rule(criterion, own, other, mixed, smallest_slice)
        record = _record(criterion, ruling, text, own, extra)
    except _Unmeasured as why:
        record = _broken(criterion, str(why), why.blame)
    except ValueError as error:
        record = _broken(criterion, str(error), "the check")
    return _waived(criterion, record, today or date.today())


def _scores(
    criterion: Criterion, scores: Mapping[str, Mapping[str, Scores]], model: str, lost: Mapping[str, HarnessError | str]
) -> Scores:
    """The scores of one model, never a stand-in for them."""
    if model in lost:
        blame = CheckBroken.blame if isinstance(lost[model], CheckBroken) else model
        raise _Unmeasured(f"{model} could not be measured: {lost[model]}", blame)
    if model not in scores:
        raise _Unmeasured(f"{model} was not measured by {criterion.check}", model)
    found = scores[model]
    if criterion.metric not in found:
        tail = nearest(criterion.metric, found)
        raise _Unmeasured(f"{criterion.check} has no {criterion.metric} for {model}{tail}", "the check")
    if not found[criterion.metric].ids:
        raise _Unmeasured(f"{criterion.check} scored no sample of {model}", "the check")
    return found[criterion.metric]


def _rule(
    criterion: Criterion, own: Scores, other: Scores | None, seed: str, smallest: int
) -> tuple[Ruling, str, float | None]:  # fmt: skip
    """The ruling to show, its sentence, and the p-value of the fail claim where it is not the ruling's own."""
    if not criterion.slice.kind and own.quantity.whole == "worst":
        criterion = replace(criterion, slice=Slice("worst"))
    if criterion.slice.kind in ("worst", "each"):
        _must_be_measured(own, other)
        return _every_slice(criterion, own, other, seed, smallest)
    label = ""
    if criterion.slice.kind == "is":
        label, rows = _one_slice(criterion, own)
        other = None if other is None else _matching(other, own, rows)
        own = own.part(rows)
        _must_be_measured(own, other)
        if len(rows) < smallest and criterion.on != "point" and own.quantity.family != "census":
            ruling = rule(criterion, own, other, seed=seed, label=label)
            return _small(ruling), f"{reason(criterion, ruling)}; {len(rows)} samples are too few", 1.0
    _must_be_measured(own, other)
    ruling = rule(criterion, own, other, seed=seed, label=label)
    return ruling, reason(criterion, ruling), None


def _must_be_measured(*tables: Scores | None) -> None:
    """Refuse to decide where a sample that counts could not be measured at all, whatever the others say."""
    for scores in tables:
        lost = next((why for why in scores.missing.values() if why.blame == BROKEN), None) if scores else None
        if lost is not None:
            raise _Unmeasured(lost.reason, "the check")


def _every_slice(
    criterion: Criterion, own: Scores, other: Scores | None, seed: str, smallest: int
) -> tuple[Ruling, str, float]:  # fmt: skip
    """Passes where every slice passes its own bound; fails where Holm over the slices claims a failure."""
    slices = _slices(criterion, own)
    rulings, small = [], []
    for label, rows in slices.items():
        part = None if other is None else _matching(other, own, rows)
        ruling = rule(criterion, own.part(rows), part, seed=seed, label=label)
        if len(rows) < smallest and criterion.on != "point" and own.quantity.family != "census":
            ruling = _small(ruling)
            small.append(f"{label} ({len(rows)})")
        rulings.append(ruling)
    if criterion.group:  # every slice must pass, so the least sure one speaks for all
        surest = max(1.0 if r.p_pass is None else r.p_pass for r in rulings)
        rulings = [replace(r, p_pass=surest) for r in rulings]
    adjusted = holm([r.p_fail for r in rulings])
    p_fail = min(adjusted)
    failed = [r for r, p in zip(rulings, adjusted, strict=True) if p <= 1 - criterion.confidence + 1e-12]
    failed = [r for r in failed if r.verdict is Verdict.FAIL]
    if failed:
        shown = min(failed, key=lambda r: (r.p_fail, _goodness(criterion, r)))
        return shown, _listed(criterion, shown, failed, "fail", small), p_fail
    open_ = [r for r in rulings if r.verdict is not Verdict.PASS]
    if open_:
        shown = min(open_, key=lambda r: _goodness(criterion, r))
        needed = _scaled(open_, len(own.ids))
        shown = _with(shown, Verdict.INCONCLUSIVE, needed)
        return shown, _listed(criterion, shown, open_, "are undecided", small), p_fail
    shown = min(rulings, key=lambda r: _goodness(criterion, r))
    return shown, _listed(criterion, shown, [], "", small), p_fail


def _goodness(criterion: Criterion, ruling: Ruling) -> float:
    """How good a ruling's value is for the criterion: the distance to what was wanted, positive where it holds."""
    value = ruling.decided.value
    if value is None:
        return float("-inf")
    if criterion.op == "in":
        return min(value - ruling.targets[0], ruling.targets[1] - value)
    return value - ruling.targets[0] if criterion.op in (">=", ">") else ruling.targets[0] - value


def _listed(criterion: Criterion, shown: Ruling, others: Sequence[Ruling], verb: str, small: Sequence[str]) -> str:
    text = reason(criterion, shown)
    more = [r.label for r in others if r.label != shown.label]
    if more:
        text += f"; {', '.join(more[:3])}{f' and {len(more) - 3} more' if len(more) > 3 else ''} also {verb}"
    if small:
        text += f"; too few samples in {', '.join(small[:5])}"
    return text


def _scaled(rulings: Sequence[Ruling], rows: int) -> int | None:
    """Samples of the whole that would settle all of these slices, if slices keep their share."""
    if any(r.n_needed is None for r in rulings):
        return None
    return max(-(-(r.n_needed or 0) * rows // r.rows) for r in rulings)


def _small(ruling: Ruling) -> Ruling:
    return replace(_with(ruling, Verdict.INCONCLUSIVE, None, 1.0), p_pass=1.0 if ruling.p_pass is not None else None)


def _with(ruling: Ruling, verdict: Verdict, needed: int | None, p_fail: float | None = None) -> Ruling:
    return replace(ruling, verdict=verdict, n_needed=needed, p_fail=ruling.p_fail if p_fail is None else p_fail)


def _slices(criterion: Criterion, own: Scores) -> dict[str, list[int]]:
    """`field=value` → rows, of the slice field that the criterion names, or of all fields."""
    if not own.groups:
        raise _Unmeasured(f"{criterion.check} has no slices; name the fields under `slices:`", "the suite")
    field = criterion.slice.field
    if field and field not in own.groups:
        raise _Unmeasured(f"{criterion.check} has no slice field {field!r}{nearest(field, own.groups)}", "the suite")
    return own.slices(field)


def _one_slice(criterion: Criterion, own: Scores) -> tuple[str, list[int]]:
    field, value = criterion.slice.field, criterion.slice.value
    if field:
        slices = _slices(criterion, own)
        label = f"{field}={value}"
        if label not in slices:
            known = [name.partition("=")[2] for name in slices]
            raise _Unmeasured(f"no sample of {criterion.check} has {label}{nearest(value, known)}", "the suite")
        return label, slices[label]
    holding = [name for name, values in own.groups.items() if value in values]
    if len(holding) != 1:
        known = [v for values in own.groups.values() for v in set(values) - {EVERY, NOWHERE}]
        why = f"no slice of {criterion.check} is called {value!r}{nearest(value, known)}"
        if holding:
            why = f"{value!r} is a value of {' and '.join(holding)}; write [{holding[0]}={value}]"
        raise _Unmeasured(why, "the suite")
    return f"{holding[0]}={value}", [row for row, v in enumerate(own.groups[holding[0]]) if v in (value, EVERY)]


def _matching(other: Scores, own: Scores, rows: Sequence[int]) -> Scores:
    """The other model's rows of the same samples."""
    wanted_ids = {own.ids[row] for row in rows}
    return other.part([at for at, name in enumerate(other.ids) if name in wanted_ids])


def _record(
    criterion: Criterion, ruling: Ruling, text: str, own: Scores, p_fail: float | None
) -> CriterionRecord:  # fmt: skip
    model = criterion.model
    return CriterionRecord(
        **_identity(criterion),
        verdict=ruling.verdict.value,
        reason=text,
        candidate=_plain(ruling.candidate),
        reference=Reference(model=model, estimate=_plain(ruling.reference)) if model else None,
        difference=_plain(ruling.difference),
        bound=_bound(criterion, ruling.targets),
        n_needed=ruling.n_needed if ruling.verdict is Verdict.INCONCLUSIVE else None,
        better=cast(Literal["higher", "lower", "neither"], own.quantity.better),
        p_fail=ruling.p_fail if p_fail is None else p_fail,
        p_pass=ruling.p_pass,
    )


def _identity(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "that": criterion.that,
        "check": criterion.check,
        "metric": criterion.metric,
        "slice": str(criterion.slice),
        "severity": criterion.severity,
        "confidence": criterion.confidence,
        "on": criterion.on,
        "line": criterion.line,
        "group": criterion.group,
    }


def _bound(criterion: Criterion, targets: Sequence[float]) -> BoundRecord:
    value = (targets[0], targets[1]) if criterion.op == "in" else targets[0]
    return BoundRecord(op=criterion.op, value=value, model=criterion.model, factor=criterion.bounds[0].factor)


def _plain(estimate: Estimate | None) -> EstimateRecord | None:
    return None if estimate is None else EstimateRecord(**asdict(estimate))


def _broken(criterion: Criterion, why: str, blame: str) -> CriterionRecord:
    return CriterionRecord(
        **_identity(criterion),
        verdict="broken",
        reason=f"{criterion.metric} could not be measured: {why}",
        bound=_bound(criterion, [bound.offset for bound in criterion.bounds]),
        reference=Reference(model=criterion.model, estimate=None) if criterion.model else None,
        blame=blame,
    )


def _waived(criterion: Criterion, record: CriterionRecord, today: date) -> CriterionRecord:
    """A waiver excuses a criterion that did not pass, until its day; it hides nothing that could not be measured."""
    waive = criterion.waive
    if waive is None:
        return record
    record = record.model_copy(
        update={"waiver": {"until": waive.until.isoformat(), "by": waive.by, "why": waive.why}}
    )  # fmt: skip
    if record.verdict not in ("fail", "inconclusive"):
        return record
    if today > waive.until:
        text = f"{record.reason}; the waiver by {waive.by} expired on {waive.until.isoformat()}"
        return record.model_copy(update={"verdict": "fail", "reason": text, "p_fail": 0.0, "n_needed": None})
    text = f"{record.reason}; waived by {waive.by} until {waive.until.isoformat()}: {waive.why}"
    return record.model_copy(update={"verdict": "waived", "reason": text})
