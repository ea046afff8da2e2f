"""What it does to a judge when two answers change places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.figure import Pair, Pairs, Table
from harness.judging.session import Heard, Judged
from harness.judging.trust import CONFIDENCE
from harness.stats.proportion import of_counts

MOST_INCONSISTENT = 0.3
"""Share of pairs on which a judge may say another thing once the answers change places."""
MOST_BIAS = 0.05
"""How far from one half the first answer may be shown to win."""


def unfair(turned: Sequence[Judged], wins: Sequence[bool]) -> list[str]:
    """Why the order decides too much, one sentence each."""
    told = []
    changed = sum(not one.consistent for one in turned)
    if turned and changed > MOST_INCONSISTENT * len(turned):
        told.append(f"it says another thing of {changed} of {len(turned)} pairs once the answers change places")
    if wins:
        low, high = of_counts(sum(wins), len(wins)).bounds(CONFIDENCE)
        if (low is not None and low > 0.5 + MOST_BIAS) or (high is not None and high < 0.5 - MOST_BIAS):
            told.append(f"the answer shown first wins {sum(wins)} of {len(wins)} times")
    return told


def shown(heard: Heard) -> Table:
    """How steady the judge is when two answers change places."""
    turned = [one for one in heard.run if one.consistent is not None]
    wins = [win for one in heard.run for win in one.first_wins]
    rows: list[list[str | float | int | None]] = [
        ["pairs heard in both orders", len(turned), None],
        ["the same in both", sum(bool(one.consistent) for one in turned), _share(turned, lambda one: one.consistent)],
        ["ties", sum(one.score == 0.5 for one in turned), _share(turned, lambda one: one.score == 0.5)],
        ["the answer shown first wins", sum(wins), sum(wins) / len(wins) if wins else None],
    ]
    note = f"Krippendorff's α among the judges: {heard.alpha:.2f}" if heard.alpha is not None else ""
    return Table(title="What the order of the answers does", columns=["", "count", "share"], rows=rows, note=note)


def _share(turned: Sequence[Judged], holds: Callable[[Judged], object]) -> float | None:
    return sum(bool(holds(one)) for one in turned) / len(turned) if turned else None


def lost(heard: Heard) -> list[Pairs]:
    """The pairs that speak most against the candidate."""
    worse = [one for one in heard.run if one.score is not None and one.score < 0.5]
    items = [
        Pair(left=one.case.answers[1], right=one.case.answers[0], right_id=one.case.id, note=one.evidence[:300])
        for one in sorted(worse, key=lambda one: one.score or 0.0)[:10]
    ]
    title = "Where the other answer is preferred"
    return [Pairs(title=title, left="other model", right="candidate", items=items, total=len(worse))] if items else []
