"""What was kept and what was lost: lines from every measure of base to that of the candidate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from harness import stats
from harness.figure import Figure, Slope, Slopes
from harness.findings import Findings
from harness.score import Scores

MOST = 24
"""Lines of one figure."""


def slopes(found: Mapping[str, Findings]) -> list[Figure]:
    """A figure of all measures where more is better, and one where less is: from base to the candidate.

    Where a measure has a slice for each task, each is a line of its own. The interval is that of the paired difference,
    at 90 %.
    """
    if not {"base", "candidate"} <= set(found):
        return []
    lines: dict[str, list[Slope]] = {"higher": [], "lower": []}
    for name, scores in found["candidate"].scores.items():
        other = found["base"].scores.get(name)
        if other is None or scores.quantity.better not in lines or other.ids != scores.ids:
            continue
        for label, rows in _parts(name, scores):
            line = _line(label, scores.take(rows), other.take(rows))
            lines[scores.quantity.better].append(line)
    drawn: list[Figure] = []
    if lines["higher"]:
        drawn.append(_figure("Kept, gained and lost, from base to candidate (more is better)", "higher", lines))
    if lines["lower"]:
        drawn.append(_figure("Surprise at general text, from base to candidate (less is better)", "lower", lines))
    return drawn


def _figure(title: str, better: Literal["higher", "lower"], lines: Mapping[str, list[Slope]]) -> Slopes:
    mine = lines[better]
    losses = [max(0.0, s.base - s.candidate) for s in mine if s.base is not None and s.candidate is not None]
    note = ""
    if better == "higher" and losses:
        note = f"Mean loss, where nothing gained makes up for it: {sum(losses) / len(losses):.3f}."
    if len(mine) > MOST:
        note += f" The first {MOST} of {len(mine)} are drawn."
    return Slopes(title=title, better=better, items=mine[:MOST], note=note.strip())


def _parts(name: str, scores: Scores) -> Iterator[tuple[str, list[int]]]:
    tasks = scores.groups.get("task", ())
    kinds = sorted(set(tasks))
    if len(kinds) < 2:
        yield (f"{name}: {kinds[0]}" if kinds else name), list(range(len(scores.ids)))
        return
    for kind in kinds:
        yield f"{name}: {kind}", [row for row, task in enumerate(tasks) if task == kind]


def _line(label: str, new: Scores, old: Scores) -> Slope:
    before, after = (stats.level(side, confidence=0.95, seed="figure") for side in (old, new))
    apart = stats.difference(new, old, confidence=0.95, seed="figure")
    return Slope(label=label, base=before.value, candidate=after.value, low=apart.low, high=apart.high, n=new.n)
