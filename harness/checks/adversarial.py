"""Does a right answer stay right when somebody looks for the change that breaks it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from heapq import nsmallest
from pathlib import Path
from typing import Literal

from harness import digest
from harness.assembly import averaged
from harness.catalog import Catalog, File, PerturbationSpec, check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.findings import Findings, Rounds
from harness.perturbing.attack import Attack
from harness.perturbing.labels import check_labels
from harness.perturbing.searches import LEAST_BUDGET, proven
from harness.perturbing.spans import Guard, read_gazetteer
from harness.perturbing.variants import prepare
from harness.perturbing.withstood import curves, figures, quantities, scores
from harness.sample import Sample
from harness.score import Quantity
from harness.task import Task

PROTECTED = ["numbers", "entities", "labels", "negations"]
Protected = Literal["numbers", "entities", "labels", "negations"]
LARGEST = 10_000
"""Queries a sample, at most."""


def _measures(
    of: Mapping[str, Quantity], perturbations: list[PerturbationSpec], budget: int, search: str, most: float,
    limit: int | None, metric: str | None, catalog: Catalog,
) -> dict[str, Quantity]:  # fmt: skip
    if not perturbations:
        raise SuiteError("`perturbations` of adversarial is empty; name some, such as [typos, swap, drop, homoglyphs]")
    check_labels(perturbations)
    for spec in perturbations:
        proven(catalog.get("perturbation", spec.name))
    least = LEAST_BUDGET if search == "greedy" else 1
    if not least <= budget <= LARGEST:
        raise SuiteError(f"`budget: {budget}` of adversarial: {search} search takes {least} to {LARGEST:,} queries")
    if not 0 < most <= 1:
        raise SuiteError(
            f"`most: {most:g}` of adversarial: write the share of characters that may change, above 0 to 1"
        )
    if limit is not None and limit < 1:
        raise SuiteError(f"`limit: {limit}` of adversarial: write how many samples are asked at most, 1 or more")
    chosen = averaged(of, metric)
    if chosen.family != "proportion" or chosen.bounds != (0.0, 1.0):
        text = f"adversarial needs a metric that is right or wrong, such as exact_match or accuracy; {chosen.name}"
        raise SuiteError(f"{text} has values between; put another first, or name one under `metric`")
    return quantities(budget)


@check(measures=_measures)
def adversarial(
    model: Checkpoint,
    root: Path,
    catalog: Catalog,
    *,
    of: Task,
    perturbations: list[PerturbationSpec],
    budget: int = 50,
    search: Literal["random", "greedy"] = "random",
    most: float = 0.3,
    limit: int | None = None,
    metric: str | None = None,
    fields: list[str] | None = None,
    protect: list[Protected] = PROTECTED,  # type: ignore[assignment]
    entities: list[str] = [],  # noqa: B006
    gazetteer: File | None = None,
) -> Rounds:
    """Search, for every sample that is answered right, for a small change that makes the answer wrong.

    `attack_success_rate` is the share of right answers that some change turned wrong within `budget` queries a sample;
    samples that were wrong before, or in which nothing may be changed, do not count, and where none is left nothing is
    claimed. It says nothing without its budget: a larger one never finds less. `queries` is how many a sample took, and
    `perturbation_rate` the share of characters that a successful attack changed. Random search tries ever other
    changes of the whole text; greedy search asks first which words matter, by leaving them out, and changes these.
    Models that are right on different samples are attacked on different samples: prefer a limit of its own
    (`<= 20%`) to a comparison with base.

    Options:
        of: the task whose rows, prompt and metrics are used; it is asked greedily
        perturbations: what a change may be; they edit words or letters and keep the meaning
        budget: queries a sample at most, those for what a word weighs included
        search: random, or greedy by the importance of words (16 of them at most; from 20 queries on)
        most: share of the characters of the perturbed fields that an attack may edit
        limit: samples that are asked at most, drawn by their ids
        metric: which of the task's metrics says what is right; the first unless said
        fields: the fields of the rows that are changed; unless said, those that the prompt reads but for target and
            choices
        protect: what is never changed in them; numbers, entities, labels, negations, all of them unless said
        entities: names that are never changed, such as those of routes or products
        gazetteer: a file of such names, one a line
    """
    chosen = averaged({m.quantity.name: m.quantity for m in of.measures}, metric)
    measure = next(m for m in of.measures if m.quantity.name == chosen.name)
    guard = Guard(frozenset(protect), (*entities, *(read_gazetteer(root / gazetteer) if gazetteer else ())))
    task = replace(of, repeats=1, temperature=0.0)
    prepared = prepare(task, perturbations, catalog=catalog, root=root, guard=guard, fields=fields)
    attack = Attack(prepared, measure, search, budget, most)
    yield from attack.ask(model.head, _drawn(task, limit))
    return Findings(
        scores=scores(attack),
        figures=figures(model.name, attack),
        warnings=[*attack.faults, *([attack.nothing()] if attack.nothing() else [])],
        rows=attack.rows,
        compare=lambda models: curves(models, budget),
    )


def _drawn(task: Task, limit: int | None) -> Iterator[Sample]:
    """The task's samples; at most `limit` of them, those whose ids have the smallest digests."""
    if limit is None:
        return task.samples()
    ids = nsmallest(limit, (sample.id for sample in task.samples()), key=lambda name: digest.of([task.seed, name]))
    return replace(task, only=frozenset(ids)).samples()
