"""A check that asks nobody: for tests of the loader."""

from __future__ import annotations

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data import Dataset
from harness.findings import Findings, Rounds
from harness.score import Quantity


@check(
    measures={
        "rate": Quantity("rate", "census", "lower"),
        "p95": Quantity("p95", "quantile", "lower", (0.0, float("inf")), "s", quantile=0.95),
        "size": Quantity("size", "census", "lower", (0.0, float("inf")), "B"),
        "tokens": Quantity("tokens", "unbounded", "neither", (0.0, float("inf")), "tokens"),
    },
    asks="nobody",
)
def contact(*, train: Dataset, test: Dataset, against: Checkpoint | None = None, near: float = 0.8) -> Rounds:
    """How much of `test` is in `train`.

    Options:
        train: rows that were learned from
        test: rows that are asked
        against: another model
        near: from which similarity on two rows are the same
    """
    yield []
    return Findings()
