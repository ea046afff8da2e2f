"""Criteria: sentences that must hold, such as `answers.f1[worst channel] >= base - 0.01`.

sentence = check "." metric [ "[" slice "]" ] op bound
slice    = "worst" [field] | "each" field | field "=" value | value
op       = ">=" | ">" | "<=" | "<" | "in"
bound    = number [unit] | model [("+" | "-") number [unit]] | number "*" model | "[" end "," end "]"
end      = number [unit] | model [("+" | "-") number [unit]]
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date

UNITS: dict[str, tuple[str, float]] = {
    "%": ("", 0.01),
    "ms": ("s", 0.001),
    "s": ("s", 1.0),
    "min": ("s", 60.0),
    "B": ("B", 1.0),
    "kB": ("B", 1e3),
    "MB": ("B", 1e6),
    "GB": ("B", 1e9),
    "KiB": ("B", 1024.0),
    "MiB": ("B", 1024.0**2),
    "GiB": ("B", 1024.0**3),
}
"""Unit as written → (unit it is kept in, factor)."""

OPERATORS = (">=", "<=", ">", "<", "in")

_NAME = r"[A-Za-z_][\w-]*"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_LEFT = re.compile(rf"\s*({_NAME})\.({_NAME})\s*(?:\[([^\]]*)\])?\s*(>=|<=|==|!=|=|>|<|in\b)\s*(.*)$", re.DOTALL)
_PLAIN = re.compile(rf"({_NUMBER})\s*({_UNIT})?$")
_OFFSET = re.compile(rf"({_NAME})(?:\s*([+-])\s*({_NUMBER})\s*({_UNIT})?)?$")
_TIMES = re.compile(rf"({_NUMBER})\s*({_UNIT})?\s*\*\s*({_NAME})$")


@dataclass(frozen=True, slots=True)
class Bound:
    """`factor * model + offset`, or just `offset` where `model` is empty."""

    offset: float
    model: str = ""
    factor: float = 1.0
    unit: str = ""
    """Unit that `offset` was given in, reduced: `s`, `B` or empty."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows a criterion speaks of: all (`kind` empty), one slice, the worst slice, or each slice."""

    kind: str = ""
    """`` all rows, `is` one slice, `worst`, `each`."""
    field: str = ""
    value: str = ""

    def __str__(self) -> str:
        if self.kind == "is":
            return f"{self.field}={self.value}" if self.field else self.value
        return f"{self.kind} {self.field}".strip()


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody takes responsibility for a criterion that does not pass, until a date."""

    until: date
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sentence of `accept:`, parsed."""

    that: str
    """The sentence as written."""
    check: str
    metric: str
    slice: Slice
    op: str
    bounds: tuple[Bound, ...]
    """One, or two for `in`."""
    severity: str = "require"
    """`require` decides; `warn` is shown only."""
    confidence: float = 0.95
    """One-sided."""
    on: str = "bound"
    """`bound` of the confidence interval, or `point`."""
    waive: Waiver | None = None
    line: int = 0
    """Where it stands in the suite file."""
    group: str = ""
    """Id of the "at least u of m" that it belongs to; it then decides nothing alone."""

    @property
    def id(self) -> str:
        """What criteria are told apart by: the sentence with single blanks."""
        return " ".join(self.that.split())

    @property
    def model(self) -> str:
        """The model it is compared with, or empty."""
        return next((b.model for b in self.bounds if b.model), "")


def parse(that: str) -> Criterion:
    """The criterion that a sentence says.

    Raises:
        ValueError: with a sentence of what is wrong and how to write it.

    >>> parse("answers.f1[worst channel] >= base - 1%").bounds
    (Bound(offset=-0.01, model='base', factor=1.0, unit=''),)
    """
    found = _LEFT.match(that)
    if not found:
        raise ValueError(
            f"cannot read the criterion {that!r}; write <check>.<metric> <op> <bound>, "
            "for example intents.accuracy >= 0.85"
        )
    check, metric, where, op, right = found.groups()
    if op not in OPERATORS:
        raise ValueError(f"{op!r} in {that!r} is not an operator of criteria; use one of {', '.join(OPERATORS)}")
    bounds = _range(right, that) if op == "in" else (_bound(right, that),)
    return Criterion(that.strip(), check, metric, _slice(where, that), op, bounds)


def _range(text: str, that: str) -> tuple[Bound, ...]:
    inner = text.strip()
    if not (inner.startswith("[") and inner.endswith("]")) or inner.count(",") != 1:
        raise ValueError(
            f"after `in`, {that!r} needs a range of two ends, such as in [0.8, 1.25] or in [base - 0.02, base + 0.02]"
        )
    low, high = (_bound(part, that) for part in inner[1:-1].split(","))
    if low.model != high.model:
        raise ValueError(f"both ends of the range in {that!r} must speak of the same model, or of none")
    if low.offset > high.offset:
        raise ValueError(f"the range in {that!r} is empty: its lower end is above its upper end")
    return low, high


def _bound(text: str, that: str) -> Bound:
    text = text.strip()
    if plain := _PLAIN.fullmatch(text):
        value, unit = _number(plain[1], plain[2], that)
        return Bound(value, unit=unit)
    if times := _TIMES.fullmatch(text):
        value, unit = _number(times[1], times[2], that)
        if unit or value <= 0:
            raise ValueError(f"the factor in {that!r} must be a positive number without a unit, such as 0.95 * base")
        return Bound(0.0, model=times[3], factor=value)
    if offset := _OFFSET.fullmatch(text):
        value, unit = _number(offset[3], offset[4], that) if offset[3] else (0.0, "")
        if offset[3] and value <= 0:
            raise ValueError(
                f"the margin in {that!r} must be above zero: write {offset[1]} {offset[2]} 0.02, or {offset[1]} alone"
            )
        return Bound(-value if offset[2] == "-" and value else value, model=offset[1], unit=unit)
    raise ValueError(
        f"cannot read the bound {text!r} of {that!r}; write a number with an optional unit ({', '.join(UNITS)}), "
        "a model, model - 0.02, 0.95 * model, or in [low, high]"
    )


def _number(digits: str, unit: str | None, that: str) -> tuple[float, str]:
    kept, factor = UNITS[unit] if unit else ("", 1.0)
    value = float(digits) * factor
    if not math.isfinite(value):
        raise ValueError(f"{digits!r} in {that!r} is not a finite number")
    return value, kept


def _slice(text: str | None, that: str) -> Slice:
    if text is None:
        return Slice()
    words = text.split()
    if not words:
        raise ValueError(f"the slice in {that!r} is empty; write [worst field], [each field], [field=value] or [value]")
    if "=" in text:
        name, value = (part.strip() for part in text.split("=", 1))
        return Slice("is", name, value)
    if words[0] in ("worst", "each") and len(words) <= 2:
        if words[0] == "each" and len(words) == 1:
            raise ValueError(f"[each] in {that!r} needs a field: [each channel]")
        return Slice(words[0], words[1] if len(words) == 2 else "")
    return Slice("is", "", text.strip())
