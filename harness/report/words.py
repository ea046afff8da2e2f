"""Numbers, verdicts and sentences as every report says them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from harness.run import CriterionRecord, EstimateRecord, Measurement, Run

STATES: dict[str, tuple[str, str, str]] = {
    "fail": ("failed", "Fails", "✗"),
    "broken": ("broken", "Broken", "!"),
    "inconclusive": ("inconclusive", "Inconclusive", "?"),
    "warn": ("warnings", "Warning", "▲"),
    "waived": ("waived", "Waived", "~"),
    "pass": ("passed", "Passes", "✓"),
}
"""State → (in a count, as a label, as a sign), in the order of attention."""

_SMALL = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_BIG = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def state(criterion: CriterionRecord) -> str:
    """The verdict of a criterion, `warn` for one that does not pass and does not decide either."""
    if criterion.severity == "warn" and criterion.verdict in ("fail", "inconclusive", "broken"):
        return "warn"
    return criterion.verdict


def ordered(criteria: Iterable[CriterionRecord]) -> list[CriterionRecord]:
    """Criteria with what needs attention first, else in the order of the suite."""
    rank = {name: at for at, name in enumerate(STATES)}
    return sorted(criteria, key=lambda criterion: rank[state(criterion)])


def tally(criteria: Iterable[CriterionRecord]) -> dict[str, int]:
    """State → how many criteria, only those that occur, in the order of attention."""
    states = [state(criterion) for criterion in criteria]
    return {name: states.count(name) for name in STATES if name in states}


def counted(counts: Mapping[str, int]) -> str:
    """`3 failed, 14 passed`."""
    return ", ".join(count(name, n) for name, n in counts.items()) or "nothing decided"


def count(state: str, n: int) -> str:
    """`3 failed`, `1 warning`."""
    word = STATES[state][0]
    return f"{n:,} {word.removesuffix('s') if n == 1 else word}"


def headline(run: Run) -> str:
    """`REJECTED: 3 failed, 14 passed (17 criteria, 1,240 samples, 6m12s)`."""
    samples = sum(check.samples for check in run.checks.values())
    criteria = f"{len(run.criteria):,} {'criterion' if len(run.criteria) == 1 else 'criteria'}"
    facts = f"{criteria}, {samples:,} {'sample' if samples == 1 else 'samples'}, {duration(took(run))}"
    return f"{run.verdict.upper()}: {counted(tally(run.criteria))} ({facts})"


def took(run: Run) -> float:
    """Seconds from the beginning to the end of the run."""
    return run.timings["total"] if "total" in run.timings else sum(run.timings.values())


def duration(seconds: float) -> str:
    """A time that somebody waited.

    >>> [duration(s) for s in (0.4, 48, 372, 3720)]
    ['0.4s', '48s', '6m12s', '1h02m']
    """
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def moment(iso: str) -> str:
    """A time stamp as people write it, in UTC; the text itself where it is none.

    >>> moment("2026-03-01T09:05:00Z")
    '1 March 2026, 09:05 UTC'
    """
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def scale(value: float | None, unit: str) -> tuple[float, str]:
    """(factor, suffix) that a value of this size is best read in."""
    steps = _SMALL if unit == "s" else _BIG if unit == "B" else ()
    size = abs(value or 0.0)
    for factor, suffix in steps:
        if size >= factor:
            return factor, suffix
    if steps:
        return (1.0, unit) if not size else steps[-1]
    return 1.0, "" if unit in ("", "1") else unit


def number(value: float | None, unit: str = "", like: float | None = None, sign: bool = False) -> str:
    """A value with its unit; `like` is the value whose scale it shares; None is `unknown`.

    >>> number(0.3121, "s"), number(0.0456, "s", like=1.2), number(-0.5, sign=True), number(None)
    ('312 ms', '0.046 s', '-0.500', 'unknown')
    """
    if value is None:
        return "unknown"
    factor, suffix = scale(value if like is None else like, unit)
    text = digits(value / factor, sign)
    return f"{text}{'' if suffix in ('', '%') else ' '}{suffix}"


def digits(value: float, sign: bool = False) -> str:
    """A number in as many digits as a reader needs; what is not a number is a word."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    size, plus = abs(value), "+" if sign else ""
    if size >= 1e7 or 0 < size < 0.0005:
        return f"{value:{plus}.2e}"
    whole = size >= 100 or (size >= 10 and math.isclose(size, round(size)))
    places = 0 if whole else 1 if size >= 10 else 2 if size >= 2 else 3
    text = f"{value:{plus},.{places}f}"
    return text if float(text.replace(",", "")) else text.lstrip("+-")


def estimate(found: EstimateRecord | Measurement | None, sign: bool = False) -> str:
    """`0.412 [0.398, 0.426]`, and `unknown` for what is."""
    if found is None or found.value is None:
        return "unknown"
    return f"{number(found.value, found.unit, sign=sign)} {interval(found, sign=sign)}".strip()


def interval(found: EstimateRecord | Measurement, sign: bool = False) -> str:
    """`[0.398, 0.426]` in the scale of the value; empty where it is exact."""
    if found.low is not None and found.low == found.high == found.value:
        return ""
    factor, _ = scale(found.value, found.unit)
    low, high = ("unknown" if end is None else digits(end / factor, sign) for end in (found.low, found.high))
    return f"[{low}, {high}]"


def bound(criterion: CriterionRecord) -> str:
    """What the criterion asks for, as in `≥ 0.800` or `≥ base − 0.020`."""
    wanted, unit = criterion.bound, unit_of(criterion)
    sign = {">=": "≥", "<=": "≤"}.get(wanted.op, wanted.op)
    if isinstance(wanted.value, tuple):
        ends = [_end(criterion, end, unit) for end in wanted.value]
        return f"{sign} [{ends[0]}, {ends[1]}]"
    return f"{sign} {_end(criterion, wanted.value, unit)}"


def _end(criterion: CriterionRecord, value: float, unit: str) -> str:
    wanted = criterion.bound
    if not wanted.model:
        return exact(value, unit)
    model = wanted.model if wanted.factor == 1 else f"{wanted.factor:g} × {wanted.model}"
    return f"{model} {'+' if value > 0 else '−'} {exact(abs(value), unit)}" if value else model


def exact(value: float, unit: str = "") -> str:
    """A number that somebody wrote down, without digits that they did not write.

    >>> exact(0.85), exact(0.3, "s"), exact(0.0)
    ('0.85', '300 ms', '0')
    """
    factor, suffix = scale(value, unit)
    text = f"{value / factor:,.6g}"
    return f"{text}{'' if suffix in ('', '%') else ' '}{suffix}"


def subject(criterion: CriterionRecord) -> str:
    """What a criterion speaks of: `intents.accuracy[worst channel]`."""
    return f"{criterion.check}.{criterion.metric}{f'[{criterion.slice}]' if criterion.slice else ''}"


def unit_of(criterion: CriterionRecord) -> str:
    """The unit of a criterion's numbers."""
    return criterion.candidate.unit if criterion.candidate else ""


def judged(criterion: CriterionRecord) -> EstimateRecord | None:
    """The estimate that is held against the bound: the difference in a comparison, else the candidate's own."""
    return criterion.difference if criterion.bound.model else criterion.candidate


def change(criterion: CriterionRecord) -> str:
    """What would have to be different for this criterion to pass, in words."""
    found = judged(criterion)
    if criterion.verdict == "broken":
        why = f"the fault is with {criterion.blame}" if criterion.blame else criterion.reason
        return f"must be measured first; {why}"
    if criterion.verdict == "inconclusive":
        return _samples(criterion, found)
    if found is None or found.value is None:
        return criterion.reason
    short = number(max(0.0, -gap(criterion, found.value)), unit_of(criterion))
    missing = {">=": "short", ">": "short", "in": "outside"}.get(criterion.bound.op, "too much")
    return f"{_now(criterion, found)}, required {bound(criterion)}: {short} {missing}"


def _now(criterion: CriterionRecord, found: EstimateRecord) -> str:
    """The value as it is compared: against the model itself, or as a difference to it."""
    if criterion.bound.model and criterion.bound.factor == 1:
        return f"{number(found.value, found.unit, sign=True)} against {criterion.bound.model}"
    own = criterion.candidate or found
    return f"{number(own.value, own.unit)} now"


def _samples(criterion: CriterionRecord, found: EstimateRecord | None) -> str:
    # On a slice, what is needed is counted over the whole and not over the slice.
    now = f" (now {found.n:,})" if found and not criterion.slice else ""
    if criterion.n_needed is None:
        return f"needs more evidence: {criterion.reason}"
    return f"about {criterion.n_needed:,} samples{now} would settle it, if the value stays where it is"


def gap(criterion: CriterionRecord, value: float) -> float:
    """Signed distance of a value to the bound: positive is on the right side, in the unit of the value."""
    wanted = criterion.bound
    if isinstance(wanted.value, tuple):
        low, high = wanted.value
        return min(value - low, high - value)
    return value - wanted.value if wanted.op in (">=", ">") else wanted.value - value


def measured(run: Run, criterion: CriterionRecord, model: str) -> EstimateRecord | None:
    """What `model` reached where the criterion looks, if it was measured."""
    if criterion.reference and criterion.reference.model == model:
        return criterion.reference.estimate
    where = (criterion.check, criterion.metric, criterion.slice, model)
    for found in run.measurements:
        if (found.check, found.metric, found.slice, found.model) == where:
            kept = set(EstimateRecord.model_fields)
            return EstimateRecord(**{name: value for name, value in found.model_dump().items() if name in kept})
    return None


def beside(run: Run, criterion: CriterionRecord) -> tuple[EstimateRecord | None, str]:
    """What the other model reached where a criterion looks, and that model's name where it is not the usual one."""
    usual = compared(run)
    model = criterion.reference.model if criterion.reference else usual
    found = measured(run, criterion, model) if model else None
    return found, model if found and model != usual else ""


def compared(run: Run) -> str:
    """The model shown beside the candidate: base where there is one, else the first other one; empty if alone."""
    others = [name for name in run.models if name != "candidate"]
    return "base" if "base" in others else others[0] if others else ""
