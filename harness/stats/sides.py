"""Several sides or slices: what is held back where a side is small, and what is known of the worst slice.

A claim that the worst of k values is at least t is a claim about each of them, so the lower bound of the least is the
least of the lower bounds, each at the full confidence (an intersection–union test). That it is below t is claimed for
one of them, hence at confidence 1 − α/k (Bonferroni; Holm's first step).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness.score import Quantity, Scores
from harness.stats.evidence import Ends, Evidence

COUNTED = "_n"
"""How the name of a column ends that holds a one for each sample of a side."""


def held_back(scores: Scores, evidence: Evidence) -> Evidence:
    """The evidence, with the value shown but nothing claimed where a side has fewer samples than the quantity needs,
    or where its check says why it withholds them."""
    note = scores.withheld or too_few(scores)
    if not note:
        notes = "; ".join(part for part in (scores.note, evidence.note) if part)
        return evidence if notes == evidence.note else replace(evidence, note=notes)
    missing = 0 if scores.withheld else evidence.missing  # not what is missing leaves it open, but this
    return replace(evidence, ends=None, exact=False, noise=None, refine=None, note=note, missing=missing)


def too_few(scores: Scores) -> str:
    """Why nothing can be claimed: a side has too few samples; empty where each has enough."""
    least = scores.quantity.least
    if not least:
        return ""
    columns = [at for at, name in enumerate(scores.names) if name.endswith(COUNTED)]
    if not columns:
        n = len(scores.ids)
        return f"{n} samples, but at least {least} are needed" if n < least else ""
    counts = {scores.names[at].removesuffix(COUNTED): int((scores.stats[:, at] > 0).sum()) for at in columns}
    small = {name: n for name, n in counts.items() if n < least}
    if not small:
        return ""
    found = " and ".join(f"{n} samples are {name}" for name, n in list(small.items())[:2])
    return f"{found}; at least {least} are needed before anything is claimed"


def worst(quantity: Quantity, parts: Sequence[tuple[str, Evidence]]) -> Evidence:
    """Evidence of the worst of several slices, each with its name: the least where more is better, else the greatest.

    Where a band is wanted, the value is that of the slice furthest from the middle of it (from 1 for a ratio, from 0
    for a difference), and the ends hold every slice.
    """
    known = [(name, part) for name, part in parts if part.value is not None]
    if not known:
        name, part = parts[0]
        return replace(part, note=f"{name}: {part.note}")
    name, shown = max(known, key=lambda pair: _badness(quantity, pair[1].value or 0.0))
    open_ = [f"{other}: {part.note}" for other, part in parts if part.ends is None and not part.exact]

    def ends(confidence: float) -> Ends:
        single = 1 - (1 - confidence) / len(parts)
        sure, some = ([part.bounds(c) for _, part in parts] for c in (confidence, single))
        if quantity.better == "higher":
            return _least([low for low, _ in sure]), _any([high for _, high in some], min)
        if quantity.better == "lower":
            return _any([low for low, _ in some], max), _most([high for _, high in sure])
        return _least([low for low, _ in sure]), _most([high for _, high in sure])

    note = "; ".join([f"the worst of {len(parts)}: {name}", *open_[:3]])
    missing = max(part.missing for _, part in parts)
    return Evidence(shown.value, shown.n, shown.method, ends, quantity.bounds, unit=shown.unit, note=note,
                    missing=missing, seed=shown.seed)  # fmt: skip


def _badness(quantity: Quantity, value: float) -> float:
    if quantity.better == "higher":
        return -value
    if quantity.better == "lower":
        return value
    if quantity.bounds[0] < 0:
        return abs(value)
    return math.inf if value <= 0 else abs(math.log(value))


def _least(ends: Sequence[float | None]) -> float | None:
    """The least of all; None where one is not known."""
    known = [end for end in ends if end is not None]
    return min(known) if len(known) == len(ends) else None


def _most(ends: Sequence[float | None]) -> float | None:
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _any(ends: Sequence[float | None], pick) -> float | None:  # type: ignore[no-untyped-def]
    """The best of those that are known: each alone bounds the worst slice."""
    known = [end for end in ends if end is not None]
    return pick(known) if known else None
