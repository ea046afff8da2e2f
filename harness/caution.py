"""Cautions: margins that would accept losing half of what was learnt, or less than measuring twice differs by.

The second measurement asks a model the same questions again, in the opposite order, in batches of another size, and
past the cache: an A/A test. What differs then is not the candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from harness.criterion import Criterion
from harness.degenerate import QUANTITIES, most_frequent
from harness.exchange import Facts, Model, Request, Response
from harness.figure import Table
from harness.findings import Findings
from harness.interview import Interview
from harness.run import CriterionRecord
from harness.score import Quantity
from harness.stats.floor import Floor, floor_warning, margin_warning, noise_floor

OTHER_BATCH = 3
"""Rows in a batch of the second measurement; few batches of the first have this size."""
COUNTED = ("accuracy", "exact_match")
"""Metrics that saying the most frequent answer scores its share on."""


class Backwards:
    """A model that is asked in the opposite order."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def facts(self) -> Facts:
        """The model's own."""
        return self._model.facts

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers with the index of the request they belong to."""
        last = len(requests) - 1
        for index, response in self._model.answer(list(reversed(requests))):
            yield last - index, response

    def close(self) -> None:
        """Close the model."""
        self._model.close()


def backwards(opened: Callable[[], Model]) -> Callable[[], Model]:
    """What opens the same model, to be asked in the opposite order."""
    return lambda: Backwards(opened())


def twice(criteria: Iterable[Criterion], models: Sequence[str]) -> dict[str, set[str]]:
    """Model → checks that are worth a second measurement: those that the candidate is compared in."""
    found: dict[str, set[str]] = {}
    for criterion in criteria:
        if criterion.model in models:
            found.setdefault(criterion.model, set()).add(criterion.check)
    return found


def floors(
    criteria: Iterable[Criterion], first: Iterable[Interview], second: Iterable[Interview], seed: str
) -> list[str]:  # fmt: skip
    """Compare both measurements: a table for each check's section, and a warning for each margin below the floor."""
    again = {(i.check, i.model): i for i in second}
    told: list[str] = []
    by_place: dict[tuple[str, str], dict[str, Floor]] = {}
    criteria = list(criteria)
    named = {(criterion.check, criterion.metric) for criterion in criteria}
    for interview in first:
        other = again.get((interview.check, interview.model))
        if other is None or interview.findings is None:
            continue
        if other.findings is None:
            told.append(f"{interview.check}: {interview.model} could not be measured a second time: {other.broken}")
            continue
        found = _compared(interview, other.findings, seed)
        by_place[interview.check, interview.model] = found
        shown = {name: f for name, f in found.items() if name not in QUANTITIES or (interview.check, name) in named}
        interview.findings.figures.append(_table(interview.model, shown))
    for criterion in criteria:
        floor = by_place.get((criterion.check, criterion.model), {}).get(criterion.metric)
        if floor is not None and (text := floor_warning(criterion, floor)):
            told.append(text)
    return told


def _compared(first: Interview, second: Findings, seed: str) -> dict[str, Floor]:
    assert first.findings is not None
    return {
        metric: noise_floor(scores, second.scores[metric], seed=f"{seed}/{first.check}.{metric}/twice")
        for metric, scores in first.findings.scores.items()
        if metric in second.scores
    }


def _table(model: str, found: Mapping[str, Floor]) -> Table:
    return Table(
        title=f"Noise floor: {model} measured twice",
        columns=["metric", "samples", "changed", "differs by", "at most"],
        rows=[[name, f.n, f.changed, f.difference.value, f.size] for name, f in found.items()],
        note="The second time in the opposite order, in batches of another size. " + ". ".join(
            floor.sentence for floor in found.values()
        ),
    )  # fmt: skip


def generous(
    criteria: Iterable[Criterion], records: Iterable[CriterionRecord], found: Mapping[str, Mapping[str, Findings]]
) -> list[str]:
    """A warning for each margin that would accept losing half of what the reference has learnt."""
    values = {r.id: r.reference.estimate.value for r in records if r.reference and r.reference.estimate}
    told = []
    for criterion in criteria:
        mine = found.get(criterion.check, {}).get(criterion.model)
        if mine is None or criterion.metric not in mine.scores or criterion.slice.kind:
            continue
        trivial = untaught(mine.scores[criterion.metric].quantity, (str(row.get("target")) for row in mine.rows))
        if text := margin_warning(criterion, values.get(criterion.id), trivial):
            told.append(text)
    return told


def untaught(quantity: Quantity, targets: Iterable[str]) -> float | None:
    """What a model scores that learnt nothing: the most frequent answer's share, or the worst there is."""
    if quantity.name in COUNTED and (share := most_frequent(targets)):
        return share
    return quantity.worst if abs(quantity.worst) != float("inf") else None
