"""Does it still answer right when a question is written differently?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from harness.assembly import averaged
from harness.catalog import Catalog, File, PerturbationSpec, check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.findings import Findings, Rounds
from harness.perturbing.drops import quantities
from harness.perturbing.labels import check_labels
from harness.perturbing.losses import Losses
from harness.perturbing.shown import figures, slopes
from harness.perturbing.spans import Guard, read_gazetteer
from harness.perturbing.trials import ask_again
from harness.perturbing.variants import prepare
from harness.score import Quantity
from harness.task import Task

PROTECTED = ["numbers", "entities", "labels", "negations"]
Protected = Literal["numbers", "entities", "labels", "negations"]


def _measures(
    of: Mapping[str, Quantity], perturbations: list[PerturbationSpec], metric: str | None, variants: int,
    catalog: Catalog,
) -> dict[str, Quantity]:  # fmt: skip
    if not perturbations:
        raise SuiteError(
            "`perturbations` is empty; name some, such as [typos, lowercase] (`harness list perturbations`)"
        )
    if not 1 <= variants <= 100:
        raise SuiteError(f"`variants: {variants}` of robustness: write how often each sample is perturbed, 1 to 100")
    check_labels(perturbations)
    keeps = [catalog.get("perturbation", spec.name).facts["keeps"] for spec in perturbations]
    chosen = averaged(of, metric)
    if chosen.better == "neither":
        raise SuiteError(f"robustness needs a metric of which more is better or worse; {chosen.name} is neither")
    return quantities(chosen, keeps)


@check(measures=_measures)
def robustness(
    model: Checkpoint,
    root: Path,
    catalog: Catalog,
    *,
    of: Task,
    perturbations: list[PerturbationSpec],
    variants: int = 1,
    metric: str | None = None,
    fields: list[str] | None = None,
    protect: list[Protected] = PROTECTED,  # type: ignore[assignment]
    entities: list[str] = [],  # noqa: B006
    gazetteer: File | None = None,
) -> Rounds:
    """Ask every question again, written differently, and see what that costs.

    `drop` is what is lost on the samples that a perturbation changed: `drop[typos]`, `drop[worst]`, and against base
    (`drop <= base + 0.02`) a difference in differences. `relative_drop` is that over the score before; `worst_case`
    the score if each sample counts as its worst version; `flip_rate` how many answers change, right or wrong;
    `consistency` how many pairs of answers to one sample are equal; `failure_rate` how many samples do not behave as
    they must, which for perturbations that keep nothing (negation, antonym, number_swap, contrast_set) is to change.
    With the perturbation `identity`, `noise_floor` is how many answers change when nothing does, and `excess` the drop
    beyond it. Samples that a perturbation leaves as they are do not count for it.

    Options:
        of: the task whose rows, prompt and metrics are used
        perturbations: what is done to the rows, each a name or {name: {option: value}}
        variants: how many versions of each sample each perturbation makes
        metric: which of the task's metrics; the first unless said
        fields: the fields of the rows that are changed; unless said, those that the prompt reads but for target and
            choices
        protect: what is never changed in them; numbers, entities, labels, negations, all of them unless said
        entities: names that are never changed, such as those of routes or products
        gazetteer: a file of such names, one a line
    """
    chosen = averaged({m.quantity.name: m.quantity for m in of.measures}, metric)
    names = (*entities, *(read_gazetteer(root / gazetteer) if gazetteer else ()))
    guard = Guard(frozenset(protect), names)
    prepared = prepare(of, perturbations, catalog=catalog, root=root, guard=guard, fields=fields)
    losses = Losses(prepared, chosen.name, repeated=variants > 1 or of.repeats > 1)
    yield from ask_again(prepared, model.head, losses.add, variants=variants)
    scores = losses.scores(chosen)
    return Findings(
        scores=scores,
        figures=figures(model.name, losses, scores),
        warnings=losses.told(),
        rows=losses.rows,
        compare=slopes,
    )
