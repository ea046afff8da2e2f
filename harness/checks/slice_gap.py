"""Is one way of asking served worse than another?"""

from __future__ import annotations

from collections.abc import Mapping

from harness.ask import ask, gap, gap_quantity
from harness.assembly import averaged
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError, nearest
from harness.findings import Findings, Rounds
from harness.score import Quantity
from harness.task import Task


def _measures(of: Mapping[str, Quantity], metric: str | None) -> dict[str, Quantity]:
    return {"gap": gap_quantity("gap", averaged(of, metric))}


@check(measures=_measures)
def slice_gap(model: Checkpoint, *, of: Task, slice: str, reference: str, metric: str | None = None) -> Rounds:
    """Compare a reference slice with the others: how much worse are they served?

    `gap` is the reference slice minus all others together; `gap[worst FIELD]` and `gap[VALUE]` speak of single ones.

    Options:
        of: the task whose rows and answers are used
        slice: the field whose values are compared
        reference: the value that the others are held against
        metric: which of the task's metrics; the first unless said
    """
    if slice not in of.slices:
        raise SuiteError(f"slice_gap needs {slice!r} among the `slices` of task {of.name!r}{nearest(slice, of.slices)}")
    name = averaged({m.quantity.name: m.quantity for m in of.measures}, metric).name
    samples = list(of.samples())
    values = [sample.slices[slice] for sample in samples]
    if samples and reference not in values:
        raise SuiteError(f"no row of task {of.name!r} has {slice} = {reference!r}{nearest(reference, set(values))}")
    if samples and set(values) == {reference}:
        raise SuiteError(f"every row of task {of.name!r} has {slice} = {reference!r}; there is nothing to compare with")
    asked = yield from ask(of, model.head, samples)
    scores = asked.scores[name]
    first = scores.take([row for row, value in enumerate(values) if value == reference])
    rest = scores.take([row for row, value in enumerate(values) if value != reference])
    return Findings(
        scores={"gap": gap(gap_quantity("gap", scores.quantity), first, rest, {slice: rest.groups[slice]})},
    )
