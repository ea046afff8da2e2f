"""A check over another one's task: for tests of the loader."""

from __future__ import annotations

from collections.abc import Mapping

from harness.catalog import PerturbationSpec, check
from harness.errors import SuiteError
from harness.findings import Findings, Rounds
from harness.score import Quantity
from harness.task import Task


def _measures(of: Mapping[str, Quantity], metric: str | None) -> dict[str, Quantity]:
    if metric and metric not in of:
        raise SuiteError(f"the task has no metric {metric!r}")
    return {"drop": Quantity("drop", "mean", "lower", (-1.0, 1.0)), **of}


@check(measures=_measures)
def shake(of: Task, *, perturbations: list[PerturbationSpec], metric: str | None = None) -> Rounds:
    """Ask again, shaken.

    Options:
        of: the task
        perturbations: how the questions change
        metric: which one drops
    """
    yield []
    return Findings()
