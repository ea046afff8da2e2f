"""A check with a task of its own: for tests of the loader."""

from __future__ import annotations

from harness.catalog import Catalog, MetricSpec, check, quantity_of
from harness.data import Dataset
from harness.findings import Findings, Rounds
from harness.score import Quantity
from harness.task import Task


def _measures(metrics: list[MetricSpec], catalog: Catalog) -> dict[str, Quantity]:
    specs = metrics or [MetricSpec("hits")]
    return {spec.name: quantity_of(catalog.get("metric", spec.name), spec.options) for spec in specs}


@check(measures=_measures)
def quiz(
    own: Task,
    *,
    data: Dataset,
    prompt: str = "{{ input }}",
    target: str = "target",
    choices: list[str] | str | None = None,
    metrics: list[MetricSpec] = [],  # noqa: B006
    slices: list[str] = [],  # noqa: B006
    shuffle: bool = False,
) -> Rounds:
    """Ask every row.

    Options:
        data: the rows
        prompt: how a row is asked
        target: where the answer stands
        choices: what is chosen from
        metrics: what is measured
        slices: fields that criteria may select by
        shuffle: whether the order changes
    """
    yield []
    return Findings()
