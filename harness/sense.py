"""Whether criteria make sense: each could hold, could fail, looks the right way, and none contradicts another."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from harness.criterion import UNITS, Bound, Criterion, Slice
from harness.place import Key
from harness.score import Quantity
from harness.spec import Reading


def check_sense(reading: Reading, at: int, made: Criterion, quantity: Quantity) -> None:
    """Complain of bounds that can never hold, always hold, have the wrong unit, or look the wrong way."""
    path = ("accept", at)
    before = len(reading.complaints)
    kept, factor = UNITS.get(quantity.unit, (quantity.unit, 1.0))
    for bound in made.bounds:
        if text := _unit_fault(made, bound, quantity, kept):
            reading.wrong(path, f"{made.id!r}: {text}")
            return
    if made.op == "in" and made.bounds[0].offset == made.bounds[-1].offset and quantity.family != "census":
        how = f"{made.model} - x, {made.model} + x" if made.model else "low, high"
        reading.wrong(path, f"{made.id!r} can never be shown: its band has no width; write in [{how}]")
        return
    low, high = (end * factor for end in quantity.bounds)
    if made.model:
        text = _margin(made, low, high)
        if text:
            reading.warn(path, f"{made.id!r}: {text}")
    else:
        _check_range(reading, path, made, low, high)
    if len(reading.complaints) > before:
        return
    if quantity.advice and made.severity == "require":
        how = "write severity: warn, so that it is shown and decides nothing"
        reading.warn(path, f"{made.id!r}: {quantity.advice}; {how}")
    wrong_way = {"higher": ("<", "<="), "lower": (">", ">=")}.get(quantity.better, ())
    if made.op in wrong_way:
        text = f"of {made.metric}, {quantity.better} is better; `{made.op}` asks for the opposite"
        reading.warn(path, f"{made.id!r}: {text}")


def _unit_fault(made: Criterion, bound: Bound, quantity: Quantity, kept: str) -> str:
    if bound.unit and bound.unit != kept:
        has = f"is measured in {kept}" if kept else "has no unit"
        return f"{made.metric} {has}, so {bound.unit} does not fit"
    if kept in ("s", "B") and not bound.unit and bound.offset:
        example = {"s": "300ms or 0.3s", "B": "500MB or 2GB"}[kept]
        return f"{made.metric} is measured in {kept}; write a unit, such as {example}"
    high = quantity.bounds[1]
    if re.search(r"\d\s*%", made.that) and 1 < high < math.inf:
        return f"{made.metric} runs to {high:g}, not to 1; write the number without %"
    return ""


def _margin(made: Criterion, low: float, high: float) -> str:
    """What to say of a comparison's margin; empty if nothing."""
    bound = made.bounds[0]
    if any(abs(b.offset) >= high - low for b in made.bounds):
        return f"the margin is as wide as the whole range of {made.metric} ({low:g} to {high:g}); it can decide nothing"
    if made.op in (">=", "<=") and bound.offset == 0 and bound.factor == 1:
        worse = "-" if made.op == ">=" else "+"
        return (
            f"without a margin, a candidate exactly as good as {made.model} can hardly be shown to pass; write "
            f"{made.op} {made.model} {worse} a margin, or {made.op[0]} {made.model} if it must be better"
        )
    return ""


def _check_range(reading: Reading, path: tuple[Key, ...], made: Criterion, low: float, high: float) -> None:
    first, last = made.bounds[0].offset, made.bounds[-1].offset
    never = {
        ">=": first > high, ">": first >= high, "<=": first < low, "<": first <= low, "in": last < low or first > high,
    }[made.op]  # fmt: skip
    always = {
        ">=": first <= low, ">": first < low, "<=": first >= high, "<": first > high,
        "in": first <= low and last >= high,
    }[made.op]  # fmt: skip
    span = f"{made.metric} lies between {low:g} and {high:g}"
    if never:
        hint = f"; write {first:g}% or {first / 100:g}" if high == 1 and 1 < first <= 100 else ""
        reading.wrong(path, f"{made.id!r} can never hold: {span}{hint}")
    elif always:
        reading.warn(path, f"{made.id!r} always holds: {span}")


def check_pairs(reading: Reading, criteria: Mapping[int, Criterion]) -> None:
    """Complain of sentences that stand twice, contradict each other, or say less than another one.

    `criteria` maps places in the list to sentences.
    """
    for at, second in criteria.items():
        for before, first in criteria.items():
            if before >= at or _subject(first) != _subject(second):
                continue
            path = ("accept", at)
            other = f"line {first.line}" if first.line else f"{first.id!r}"
            if (first.op, first.bounds) == (second.op, second.bounds):
                reading.wrong(path, f"{second.id!r} stands here twice: see {other}; keep one")
            elif first.model == second.model and _factor(first) == _factor(second):
                _check_pair(reading, path, first, second, other)


def _check_pair(reading: Reading, path: tuple[Key, ...], first: Criterion, second: Criterion, other: str) -> None:
    (low_a, open_a, high_a, end_a), (low_b, open_b, high_b, end_b) = _interval(first), _interval(second)
    low, high = max(low_a, low_b), min(high_a, high_b)
    shut = (
        (open_a and low == low_a)
        or (open_b and low == low_b)
        or (end_a and high == high_a)
        or (end_b and high == high_b)
    )
    if low > high or (low == high and shut):
        reading.wrong(path, f"{second.id!r} contradicts {first.id!r} ({other}): they cannot both hold")
    elif first.op == second.op != "in" and _same_terms(first, second):
        weaker = first if (first.bounds[0].offset < second.bounds[0].offset) == (first.op[0] == ">") else second
        stronger = second if weaker is first else first
        reading.warn(path, f"{weaker.id!r} adds nothing to {stronger.id!r}")


def _subject(made: Criterion) -> tuple[str, str, Slice]:
    return made.check, made.metric, made.slice


def _factor(made: Criterion) -> float:
    return made.bounds[0].factor


def _same_terms(first: Criterion, second: Criterion) -> bool:
    return (first.severity, first.confidence, first.on) == (second.severity, second.confidence, second.on)


def _interval(made: Criterion) -> tuple[float, bool, float, bool]:
    """(low, whether it is excluded, high, whether it is excluded) of what a criterion allows."""
    first, last = made.bounds[0].offset, made.bounds[-1].offset
    if made.op == "in":
        return first, False, last, False
    if made.op[0] == ">":
        return first, made.op == ">", math.inf, False
    return -math.inf, False, first, made.op == "<"


def check_whole(reading: Reading, criteria: list[Criterion], quantities: Mapping[str, Mapping[str, Quantity]]) -> None:
    """Complain of a list that could reject nothing, or that looks at perplexity alone."""
    required = [made for made in criteria if made.severity == "require"]
    if not required:
        text = "every criterion has `severity: warn`, so nothing could ever be rejected; require one"
        reading.wrong(("accept",), text)
        return
    known = [quantities.get(made.check, {}).get(made.metric) for made in required]
    if all(q is not None and ("perplexity" in q.name or q.name == "bits_per_byte") for q in known):
        text = "only perplexity decides here; it does not show whether answers are right: add a criterion about answers"
        reading.warn(("accept",), text)
