"""The rehearsal: checks begun with their data and stopped before they ask, so that a wrong option is found at once"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.errors import Broken, Complaint, NothingSelected, SuiteError
from harness.forecast import begun, countable
from harness.plan import Plan, draw, root_task
from harness.spec import CheckSpec, Suite
from harness.workshop import Workshop

ROWS = 200
"""Rows that a check is begun with; only one that complains of these is begun again with all there are."""


def rehearse(suite: Suite, workshop: Workshop, checks: Sequence[CheckSpec]) -> list[Complaint]:
    """Begin every check that re-uses a task whose data is there; warnings of those that could not be measured.

    Checks that ask nobody do all their work when they begin, and others bring data of their own: they wait for the run.

    Raises:
        SuiteError: with every complaint of every check, at its line of the suite.
    """
    told: list[Complaint] = []
    plan = draw(suite, workshop)
    for check in _begin_early(suite, checks):
        if countable(check, plan, workshop):
            found = _wrong(check, replace(plan, limit=ROWS), workshop)
            # What is wrong with the first rows, such as a group that none of them is in, may be right with all.
            told += found and _wrong(check, plan, workshop)
    if any(complaint.severity == "error" for complaint in told):
        raise SuiteError([complaint for complaint in told if complaint.severity == "error"])
    return told


def _begin_early(suite: Suite, checks: Iterable[CheckSpec]) -> list[CheckSpec]:
    return [c for c in checks if c.entry.facts["asks"] != "nobody" and root_task(suite, c) is not None]


def _wrong(check: CheckSpec, plan: Plan, workshop: Workshop) -> list[Complaint]:
    """What a check says against its options or its data before it asks its first question."""
    place = workshop.suite.lines.complaint(("checks", check.name), "")
    try:
        if talk := begun(check, "candidate", plan, workshop):
            next(talk, None)
            talk.close()
    except SuiteError as error:
        return [replace(place, text=_named(check, str(each))) for each in error.complaints]
    except (Broken, NothingSelected) as error:
        return [replace(place, text=_named(check, f"cannot be measured: {error}"), severity="warning")]
    return []


def _named(check: CheckSpec, text: str) -> str:
    whose = f"check {check.name!r}"
    return text if text.startswith(whose) else f"{whose}: {text}"
