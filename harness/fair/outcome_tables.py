"""Tables of outcomes: each group's counts and rates, over all samples and within strata."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.fair.groups import SMALL, Grouping
from harness.fair.outcomes import Decisions
from harness.figure import Figure, Table
from harness.score import NOWHERE, Missing
from harness.stats.fairness import group as group_of

NOTE = "Four fifths is a screening indicator, not a legal finding."
COLUMNS = ["group", "samples", "favourable", "rate", "valid", "true-positive rate", "false-positive rate", "errors"]


def shown(model: str, decisions: Decisions, groups: Sequence[tuple[Grouping, str]], least: int) -> list[Figure]:
    """Each group's counts and rates, the privileged one first."""
    figures: list[Figure] = []
    for grouping, privileged in groups:
        rows = [
            _line(decisions, [row for row, v in enumerate(grouping.values) if v == value], value, value == privileged)
            for value in sorted(grouping.sizes, key=lambda value: (value != privileged, value))
        ]
        why = "as the suite says" if grouping.privileged else "for it has the highest rate here"
        notes = [f"Privileged: {privileged}, {why}.", NOTE, "Failures are claimed after Holm over the groups."]
        small = [str(row[0]) for row in rows if int(row[1] or 0) < least]
        if small:
            notes.append(f"Below {least} samples, so shown but not judged: {', '.join(small)}.")
        if grouping.pooled:
            cells = ", ".join(f"{cell} ({n})" for cell, n in sorted(grouping.pooled.items()))
            notes.append(f"Pooled as {SMALL!r}: {cells}.")
        if left := grouping.values.count(NOWHERE):
            notes.append(f"{left} samples without a known group, or of a group that is left out.")
        figures.append(
            Table(title=f"Outcomes by {grouping.field}: {model}", columns=COLUMNS, rows=rows, note=" ".join(notes))
        )
    return figures


def _line(decisions: Decisions, rows: Sequence[int], value: str, privileged: bool) -> list[str | float | int | None]:
    given, deserved = [decisions.favorable(row) for row in rows], [decisions.deserved[row] for row in rows]
    pairs = [(g, y) for g, y in zip(given, deserved, strict=True) if g is not None]
    counts = group_of([int(y) for _, y in pairs], [int(g) for g, _ in pairs])
    valid = [v for row in rows if not isinstance(v := decisions.valid[row], Missing)]
    shares = (counts.selected, sum(valid) / len(valid) if valid else math.nan, counts.tpr, counts.fpr, counts.wrong)
    name = f"{value} (privileged)" if privileged else value
    return [name, len(rows), counts.tp + counts.fp, *(None if math.isnan(share) else share for share in shares)]


def within(
    model: str, decisions: Decisions, groups: Sequence[tuple[Grouping, str]], strata: Sequence[str], control: str
) -> list[Figure]:
    """Every group's rate within each stratum: where all turn the other way, the whole misleads (Simpson)."""
    figures: list[Figure] = []
    for grouping, privileged in groups if strata else ():
        order = sorted(grouping.sizes, key=lambda value: (value != privileged, value))
        lines: list[list[str | float | int | None]] = []
        for stratum in (*sorted(set(strata)), ""):
            for value in order:
                rows = [
                    row
                    for row, v in enumerate(grouping.values)
                    if v == value and strata[row] == (stratum or strata[row])
                ]
                rate = decisions.rate(rows)
                lines.append([stratum or "(all)", value, len(rows), None if math.isnan(rate) else rate])
        columns = [control, grouping.field, "samples", "rate"]
        note = "Compare groups within one stratum; the Mantel–Haenszel ratio pools these comparisons."
        figures.append(Table(title=f"Rates within {control}: {model}", columns=columns, rows=lines, note=note))
    return figures
