"""What a report shows of a judge: its record against people, its probes, and where it disagrees with them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.figure import Example, Examples, Figure, Interval, Intervals, Table
from harness.judging import retest
from harness.judging.question import Case
from harness.judging.session import Heard, Judged
from harness.judging.trust import Figure as Number

MOST = 10


def figures(heard: Heard, judges: Sequence[str], ceiling: Number | None) -> list[Figure]:
    """The judge section of a check."""
    return [*record(heard, ceiling), probed(heard), *retest.shown(heard.repeated), *disagreements(heard, judges)]


def record(heard: Heard, ceiling: Number | None) -> list[Figure]:
    """The judge's numbers against people, with whiskers, and what is demanded of each."""
    numbers = [*heard.trust.figures, *([ceiling] if ceiling is not None else [])]
    known = [number for number in numbers if number.value is not None]
    if not known:
        return []
    items = [
        Interval(
            label=number.name, value=number.value, low=number.low, high=number.high, n=number.n,
            note=f"its lower end must be {number.wanted}" if number.wanted else "",
        )
        for number in known
    ]  # fmt: skip
    verdict = "trusted" if not heard.faults else "not trusted: " + "; ".join(heard.faults)
    return [Intervals(title="The judge against people", items=items, note=verdict)]


def probed(heard: Heard) -> Figure:
    """What the judge said to answers whose verdict is known beforehand."""
    rows: list[list[str | float | int | None]] = [
        [outcome.kind, f"to be {outcome.wanted}", outcome.asked, outcome.wrong, outcome.unread]
        for outcome in heard.probes
    ]
    columns = ["answer", "wanted", "asked", "wrong", "no verdict"]
    return Table(title="Probes: answers that must not win, and answers that must", columns=columns, rows=rows)


def unprobed(heard: Heard) -> list[str]:
    """A sentence where the judge was put no answer whose verdict is known."""
    return [] if heard.probes else ["the judge was not probed: whether worthless answers win with it is not known"]


def disagreements(heard: Heard, judges: Sequence[str]) -> list[Figure]:
    """Labelled answers on which the judge and people differ most."""
    apart = [(one, two) for one, two in heard.labelled if two.score is not None and abs(two.score - one.label) >= 0.5]
    if not apart:
        return []
    ordered = sorted(apart, key=lambda both: (-abs((both[1].score or 0.0) - both[0].label), both[0].line))
    items = [
        Example(
            id=f"label {one.line}", prompt=_asked(one.case), target="", candidate="\n---\n".join(one.case.answers),
            note=f"people {one.label:.2g}, {' and '.join(judges)} {two.score:.2g}"
            + (f": {two.evidence[:300]}" if two.evidence else ""),
        )
        for one, two in ordered[:MOST]
    ]  # fmt: skip
    return [Examples(title="Where the judge and people differ", items=items, total=len(apart))]


def _asked(case: Case) -> str:
    return "\n".join([*(f"{name}: {text}" for name, text in case.shown.items()), case.question])


def unscored(run: Sequence[Judged]) -> list[str]:
    """One sentence for each kind of missing verdict, with how often it happened."""
    counted: dict[str, list[str]] = {}
    for one in run:
        if one.score is None:
            counted.setdefault(one.fault[:160], []).append(one.case.id)
    return [
        f"{len(ids)} of {len(run)} answers have no verdict: {why} (first: {ids[0]})" for why, ids in counted.items()
    ]
