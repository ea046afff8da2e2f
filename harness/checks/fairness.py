"""Are groups of people served alike?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.ask import Asked, ask
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError, nearest
from harness.fair import aif
from harness.fair.favorable import CORRECT
from harness.fair.groups import Grouping, Value, cells_of, groupings, privileged_of
from harness.fair.inequality import (
    DIFFERENTIAL,
    benefit_table,
    differential,
    differential_table,
    inequality,
    mantel_haenszel,
    stratified_table,
)
from harness.fair.outcome_tables import shown, within
from harness.fair.outcomes import Decisions, decisions_of, rule_for
from harness.fair.parity import contrast_table, contrasts
from harness.findings import Findings, Rounds
from harness.rows import Rows
from harness.sample import Sample
from harness.score import NOWHERE, Missing, Quantity, Scores, table
from harness.task import Task, as_text


def _measures(min_group_size: int, control: str | None) -> dict[str, Quantity]:
    least = min_group_size
    found = {name: replace(c.quantity, least=least, whole="worst") for name, c in contrasts().items()}
    found |= {
        "rate": Quantity("rate", "proportion", least=least),
        "worst_group": Quantity("worst_group", "proportion", least=least, whole="worst", drawn=False),
        "valid_rate": Quantity("valid_rate", "proportion", least=least),
        DIFFERENTIAL: differential(least),
        **inequality(),
    }
    if control:
        found["mantel_haenszel_ratio"] = replace(mantel_haenszel(least), whole="worst")
    return found


@check(measures=_measures)
def fairness(
    model: Checkpoint,
    *,
    of: Task,
    group: str | list[str],
    privileged: Value | dict[str, Value] | None = None,
    favorable: str = CORRECT,
    metric: str | None = None,
    min_group_size: int = 30,
    intersectional: bool = False,
    exclude: list[str] = [],  # noqa: B006
    control: str | None = None,
) -> Rounds:
    """Hold the outcomes of groups against each other, by the measures of AIF360 and with intervals.

    Each group is held against the privileged one; a criterion without a slice must hold for every group, and claims a
    failure only after Holm's correction. An answer that cannot be read is unfavourable.

    Options:
        of: the task whose rows and answers are used
        group: the field that says a row's group, or several of them
        privileged: the group that the others are held against ({field: value} where there are several fields); the one
            with the highest rate unless said
        favorable: correct, a label, or an expression such as number < 5 or rouge >= 0.4
        metric: which of the task's metrics says what is correct; the first unless said
        min_group_size: samples below which a group is shown, but nothing is claimed of it
        intersectional: whether every combination of the group fields is a group too
        exclude: groups that are left out, and named in the report
        control: a field within whose values the groups are compared too (mantel_haenszel_ratio)
    """
    fields = _fields(of, group, min_group_size)
    samples = list(of.samples())
    strata = _strata(samples, control, fields)
    found = groupings(
        samples, fields, privileged=privileged_of(privileged, fields), exclude=exclude, intersectional=intersectional,
        least=min_group_size,
    )  # fmt: skip
    rule = rule_for(of, favorable, metric, samples)
    asked = yield from ask(of, model.head, samples)
    decisions = decisions_of(asked, rule, metric)
    groups = [(grouping, grouping.privileged or _highest(grouping, decisions, min_group_size)) for grouping in found]
    cells = cells_of(found[: len(fields)])
    return Findings(
        scores=_scores(decisions, groups, cells, strata, min_group_size),
        figures=[
            *shown(model.name, decisions, groups, min_group_size),
            *aif.measures(model.name, decisions, groups),
            *within(model.name, decisions, groups, strata, control or ""),
        ],
        rows=Rows.of(_rows(asked, decisions, groups)),
        warnings=asked.faults(),
    )


def _fields(of: Task, group: str | list[str], least: int) -> list[str]:
    fields = [group] if isinstance(group, str) else group
    if not fields or len(set(fields)) < len(fields):
        raise SuiteError("`group` of fairness names a field, or a list of different fields")
    if of.repeats > 1 or of.output == "perplexity":
        raise SuiteError(f"fairness needs one answer of each sample; task {of.name!r} gives several, or none")
    if least < 1:
        raise SuiteError(f"min_group_size {least} of fairness: write 1 or more")
    return fields


def _strata(samples: Sequence[Sample], control: str | None, fields: Sequence[str]) -> list[str]:
    """Each sample's stratum; none where nothing is controlled for."""
    if control in fields:
        raise SuiteError(f"fairness: {control!r} is a group field; control for another one")
    for sample in samples if control else ():
        if control not in sample.row:
            raise SuiteError(f"fairness: sample {sample.id!r} has no field {control!r} to control for"
                             f"{nearest(str(control), sample.row)}")  # fmt: skip
    return [as_text(sample.row[control]) for sample in samples] if control else []


def _highest(grouping: Grouping, decisions: Decisions, least: int) -> str:
    """The group with the highest rate, among those large enough where there are any."""
    rows = {value: [row for row, v in enumerate(grouping.values) if v == value] for value in grouping.sizes}
    known = {value: decisions.rate(at) for value, at in rows.items() if not math.isnan(decisions.rate(at))}
    large = {value: rate for value, rate in known.items() if len(rows[value]) >= least}
    chosen = large or known or dict.fromkeys(rows, 0.0)
    return max(sorted(chosen), key=lambda value: chosen[value])


def _scores(
    decisions: Decisions,
    groups: Sequence[tuple[Grouping, str]],
    cells: Sequence[str],
    strata: Sequence[str],
    least: int,
) -> dict[str, Scores]:
    """Every measure's table."""
    members = {grouping.field: grouping.values for grouping, _ in groups}
    kinds = _measures(least, "some" if strata else None)

    def shares(name: str, values: Sequence[bool | Missing]) -> Scores:
        numbers = [value if isinstance(value, Missing) else float(value) for value in values]
        return table(kinds[name], decisions.ids, numbers, groups=members, clusters=decisions.clusters)

    found = {name: contrast_table(c, decisions, groups, least) for name, c in contrasts().items()}
    found |= {"rate": shares("rate", decisions.given), "valid_rate": shares("valid_rate", decisions.valid)}
    found["worst_group"] = shares("worst_group", decisions.given)
    found |= {name: benefit_table(kinds[name], decisions) for name in inequality()}
    found[DIFFERENTIAL] = differential_table(kinds[DIFFERENTIAL], decisions, cells)
    if strata:
        found["mantel_haenszel_ratio"] = stratified_table(kinds["mantel_haenszel_ratio"], decisions, groups, strata)
    return found


def _rows(asked: Asked, decisions: Decisions, groups: Sequence[tuple[Grouping, str]]) -> Iterator[dict[str, Any]]:
    for at, row in enumerate(asked.rows()):
        outcome = decisions.favorable(at)
        groups_of = {grouping.field: grouping.values[at].strip(NOWHERE) for grouping, _ in groups}
        yield {**row, "slices": groups_of, "metrics": {"favorable": None if outcome is None else float(outcome)}}
