"""Does it only know its training rows?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from heapq import nsmallest

from harness import digest
from harness.ask import ask, gap, gap_quantity
from harness.assembly import averaged
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset, Row
from harness.findings import Findings, Rounds
from harness.sample import Sample
from harness.score import Quantity
from harness.task import Task


def _measures(of: Mapping[str, Quantity], metric: str | None) -> dict[str, Quantity]:
    chosen = averaged(of, metric)
    return {
        "gap": gap_quantity("gap", chosen),
        "train": replace(chosen, name="train"),
        "test": replace(chosen, name="test"),
    }


@check(measures=_measures)
def overfit(model: Checkpoint, *, of: Task, train: Dataset, metric: str | None = None, rows: int = 500) -> Rounds:
    """Compare the score on training rows with the score on test rows.

    `gap` is train minus test; against base (`overfit.gap <= base + 0.1`) it is a difference in differences, which takes
    out that one set may be easier.

    Options:
        of: the task whose prompt, metrics and test rows are used
        train: the rows that the candidate was trained on
        metric: which of the task's metrics; the first unless said
        rows: how many training rows are asked at most, chosen by their content
    """
    name = averaged({m.quantity.name: m.quantity for m in of.measures}, metric).name
    seen = replace(of, data=train, slices=(), cluster="", limit=None)
    most = rows if of.limit is None else min(rows, of.limit)
    tested = yield from ask(of, model.head)
    trained = yield from ask(seen, model.head, _some(seen, most))
    before, after = trained.scores[name], tested.scores[name]
    return Findings(
        scores={
            "gap": gap(gap_quantity("gap", after.quantity), before, after, {}),
            "train": replace(before, quantity=replace(before.quantity, name="train")),
            "test": replace(after, quantity=replace(after.quantity, name="test")),
        },
        rows=trained.rows(),
        warnings=trained.faults(),
    )


def _some(task: Task, most: int) -> list[Sample]:
    """At most `most` rows of a task, the same ones whatever their order."""

    def rank(record: Row) -> str:
        return digest.of_text(f"{task.seed}:{record.id}")

    chosen = {record.id for record in nsmallest(most, task.data.records(), key=rank)}
    return [task.sample(record) for record in task.data.records() if record.id in chosen]
