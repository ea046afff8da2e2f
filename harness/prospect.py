"""Prospects: what each criterion can show with the samples there are, before anything is trained or asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.claim import in_unit
from harness.criterion import Criterion
from harness.data import Dataset
from harness.errors import HarnessError
from harness.estimate import Estimate
from harness.fair.groups import JOINED, fields_of
from harness.plan import Plan, root_task
from harness.score import Quantity
from harness.spec import CheckSpec
from harness.stats.outlook import outlook
from harness.stats.power import needed_for_suite, suite_probability
from harness.suite import measured
from harness.terms import held_to
from harness.workshop import Workshop, reference


@dataclass(frozen=True, slots=True)
class Prospect:
    """One criterion's outlook."""

    that: str
    n: int | None
    """Samples; None where their data is not made yet."""
    text: str
    p_pass: float | None = None
    truth: float | None = None
    detectable: float | None = None
    n_needed: int | None = None
    possible: bool = True


def prospects(plan: Plan, workshop: Workshop, runs: Path) -> list[Prospect]:
    """The outlook of every criterion of a plan; a former run of the suite is the pilot where there is one."""
    pilot = _Pilot.of(runs / plan.suite.name / "latest")
    terms = plan.suite.terms
    return [_prospect(plan, workshop, criterion, pilot) for criterion in held_to(plan.criteria, terms, terms.looks)]


def together(plan: Plan, each: Sequence[Prospect]) -> tuple[float | None, str]:
    """Probability that all required criteria pass, where each one's is known, and a sentence of it.

    Between the two ends that dependence leaves open, the product is that of independent criteria.
    """
    required = [p for c, p in zip(plan.criteria, each, strict=True) if c.severity == "require"]
    known = [p.p_pass for p in required if p.p_pass is not None]
    if not known:
        return None, "the suite as a whole: no required criterion's probability to pass is known yet"
    product, most = suite_probability(known)
    least = max(0.0, 1 - sum(1 - p for p in known))
    unknown = len(required) - len(known)
    tail = f"; {unknown} more that cannot be told yet are left out" if unknown else ""
    unions = len(plan.suite.terms.unions)
    if unions:
        tail += f'; {unions} of the form "at least so many" left out'
    return product, (
        f"the suite as a whole passes with {product:.0%} if its {len(known)} required criteria were independent and "
        f"the truths are as stated (between {least:.0%} and {most:.0%} whatever hangs together){tail}; for 80% over "
        f"all of them each needs {needed_for_suite(len(known)):.1%}"
    )


def _prospect(plan: Plan, workshop: Workshop, criterion: Criterion, pilot: _Pilot) -> Prospect:
    check = plan.suite.checks[criterion.check]
    quantity = measured(plan.suite, criterion.check)[criterion.metric]
    if quantity.family == "census":
        return Prospect(criterion.that, None, "every item is counted; nothing is left to chance")
    counted = _counted(plan, workshop, check, criterion)
    n = counted.total() if counted is not None else pilot.samples(criterion)
    if n is None:
        return Prospect(criterion.that, None, "how many samples there will be is known when their data is made")
    if criterion.slice.kind in ("worst", "each") and counted and criterion.slice.field:
        n = min(counted.values())
    if criterion.slice.kind == "is" and counted is not None:
        n = counted[criterion.slice.value]
    if not n:
        return Prospect(criterion.that, 0, "no sample; nothing can be decided", possible=False)
    found = outlook(
        criterion,
        quantity,
        n,
        targets=tuple(in_unit(bound, quantity.unit) for bound in criterion.bounds),
        pilot=pilot.estimate(criterion),
        discordance=pilot.discordance(criterion, quantity),
    )
    return Prospect(
        criterion.that,
        found.n,
        found.sentence,
        found.p_pass,
        found.truth,
        found.detectable,
        found.n_needed,
        found.possible,
    )


def _counted(plan: Plan, workshop: Workshop, check: CheckSpec, criterion: Criterion) -> Counter[str] | None:
    """How many rows of each slice a criterion's samples are made of; None where the data is not there yet."""
    root = root_task(plan.suite, check)
    value = check.options.get("unanswerable") if criterion.metric in ("recall", "hallucination_rate") else None
    value = value or (root.options.get("data") if root else None)
    if value is None:
        return None
    at = reference(value)
    if at and not all(workshop.store.has(workshop.key(name)[0]) for name in workshop.needs(at.name)):
        return None
    data: Dataset = workshop.dataset(value)
    wanted = check.options.get("requests", 100) if check.entry.facts["asks"] == "together" else plan.limit
    limits = [each for each in (wanted, plan.limit) if each is not None]
    rows = islice(data.rows(), min(limits) if limits else None)
    fields = [criterion.slice.field] if criterion.slice.field else _fields(check, root)
    # A value without its field is looked for in every slice field; it is a value of one of them only.
    return Counter(_slice(row, fields, criterion.slice.value) for row in rows)


def _fields(check: CheckSpec, root: CheckSpec | None) -> list[str]:
    """The fields that a check's criteria may select by."""
    slices = [*(check.options.get("slices") or ()), *((root.options.get("slices") or ()) if root else ())]
    group = check.options.get("group")
    groups = fields_of(group, bool(check.options.get("intersectional"))) if group else []
    return list(dict.fromkeys([*groups, *slices]))


def _slice(row: Mapping[str, Any], fields: Sequence[str], wanted: str) -> str:
    """The slice that a row counts for: the wanted value where one of its fields has it, else its first field's."""
    values = [JOINED.join(str(row.get(part)) for part in field.split(JOINED)) for field in fields]
    return wanted if wanted and wanted in values else values[0] if values else ""


@dataclass(frozen=True, slots=True)
class _Pilot:
    """A former run of the same suite, where there is one."""

    folder: Path | None
    criteria: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> _Pilot:
        from harness.report import json as results

        try:
            run = results.load(folder)
        except HarnessError:
            return cls(None, {})
        return cls(folder, {c.id: c for c in run.criteria})

    def samples(self, criterion: Criterion) -> int | None:
        """How many samples the criterion had then."""
        found = self.criteria.get(criterion.id)
        return found.candidate.n if found is not None and found.candidate is not None else None

    def estimate(self, criterion: Criterion) -> Estimate | None:
        """What was measured then: the difference, for a comparison."""
        found = self.criteria.get(criterion.id)
        told = (found.difference if criterion.model else found.candidate) if found is not None else None
        return Estimate(**told.model_dump()) if told is not None else None

    def discordance(self, criterion: Criterion, quantity: Quantity) -> float | None:
        """Share of samples on which exactly one of the two models was right."""
        if self.folder is None or not criterion.model or quantity.family != "proportion":
            return None
        import pyarrow.parquet as pq

        path = self.folder / "samples.parquet"
        if not path.is_file() or criterion.metric not in pq.read_schema(path).names:
            return None
        names = ["model", "doc_id", criterion.metric]
        rows = pq.read_table(path, columns=names, filters=[("check", "=", criterion.check)]).to_pylist()
        scored = {(row["model"], row["doc_id"]): row[criterion.metric] for row in rows}
        pairs = [
            (value, scored.get((criterion.model, doc)))
            for (model, doc), value in scored.items()
            if model == "candidate"
        ]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        # One more of each kind than was seen: a pilot without any difference does not prove that there is none.
        return (sum(a != b for a, b in both) + 1) / (len(both) + 2) if both else None
