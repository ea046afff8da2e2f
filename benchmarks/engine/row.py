"""One line of the table: what was measured, against what, and whether the answers were the same."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

TOLERANCE = 1e-4
"""Nats that a log-probability may differ by."""


@dataclass(slots=True)
class Row:
    """One measurement; numbers that do not apply are None."""

    case: str
    what: str
    peer: str = ""
    """What it is compared with, and at which batch size."""
    ours: float | None = None
    """Processor seconds."""
    theirs: float | None = None
    ratio: float | None = None
    wall: float | None = None
    """Ratio of wall times."""
    floor: float | None = None
    aim: float | None = None
    lower: bool = False
    """Whether small is good: a share, not a ratio."""
    limit: float | None = None
    """Share of the limit: the time that the unique tokens need at the measured matmul rate, over ours."""
    gap: float | None = None
    """Largest difference of a log-probability, in nats; for texts (or lists of tokens) the number that differ."""
    flags: int = 0
    """Greedy flags that differ."""
    texts: bool = False
    """Whether `gap` counts texts."""
    note: str = ""

    @property
    def same(self) -> bool:
        """Whether the answers were the same, so that the times can be compared at all."""
        return self.gap is None or (self.gap <= (0 if self.texts else TOLERANCE) and self.flags == 0)

    @property
    def reached(self) -> str:
        """Which of floor and aim was reached; empty where there is none."""
        if self.ratio is None or self.floor is None:
            return ""
        if not self.same:
            return "WRONG"

        def clears(bound: float | None) -> bool:
            return bound is not None and self.ratio is not None and (
                self.ratio <= bound if self.lower else self.ratio >= bound
            )  # fmt: skip

        return "aim" if clears(self.aim) else "floor" if clears(self.floor) else "below"

    def plain(self) -> dict[str, Any]:
        """As plain data, for the way from one process to another."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


HEADS = ("case", "ours", "theirs", "ratio", "wall", "floor", "aim", "", "limit", "same numbers", "against, notes")


def cells(row: Row) -> tuple[str, ...]:
    """What the table shows of a row."""
    unit = "%" if row.lower else "×"
    same = "" if row.gap is None else _same(row)
    return (
        row.what, _seconds(row.ours), _seconds(row.theirs), _number(row.ratio, unit), _number(row.wall, "×"),
        _number(row.floor, unit, "≤ " if row.lower else ""), _number(row.aim, unit, "≤ " if row.lower else ""),
        row.reached, "" if row.limit is None else f"{100 * row.limit:.0f} %", same,
        "; ".join(text for text in (row.peer, row.note) if text),
    )  # fmt: skip


def _same(row: Row) -> str:
    if row.texts:
        return "all equal" if row.gap == 0 else f"{row.gap:.0f} DIFFER"
    flags = "" if row.flags == 0 else f", {row.flags} GREEDY FLAGS DIFFER"
    return f"{'' if row.same else 'NO: '}{row.gap:.1e}{flags}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s" if value < 100 else f"{value:.0f} s"


def _number(value: float | None, unit: str, before: str = "") -> str:
    if value is None:
        return ""
    shown = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{before}{shown} %" if unit == "%" else f"{before}{shown}{unit}"


def printed(rows: list[Row]) -> list[str]:
    """The table as lines of even columns."""
    table = [HEADS, *(cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]


def markdown(rows: list[Row]) -> list[str]:
    """The table in Markdown."""
    head = [f"| {' | '.join(HEADS)} |", "|---" + "|--:" * 6 + "|---|--:|---|---|"]
    return head + [f"| {' | '.join(cell.replace('|', '/') for cell in cells(row))} |" for row in rows]
