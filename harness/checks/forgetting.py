"""Does it still know what its base knew?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalog import File, check
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, SuiteError, nearest
from harness.findings import Findings, Rounds
from harness.lm_tasks import Recorder, collect, document_scores, load_tasks, run_tasks
from harness.score import Quantity, Scores, Totals, table

if TYPE_CHECKING:
    from harness.score import Array

FAMILIES: dict[str, tuple[str, str]] = {
    "acc": ("proportion", "higher"),
    "acc_norm": ("proportion", "higher"),
    "exact_match": ("proportion", "higher"),
    "f1": ("mean", "higher"),
    "word_perplexity": ("log_ratio", "lower"),
    "byte_perplexity": ("log_ratio", "lower"),
    "bits_per_byte": ("log_ratio", "lower"),
}
"""lm-eval's per-document metrics that can be paired: how each varies, and which way is good."""


def _exp(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.exp(totals["0"] / totals["1"])


def _bits(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["0"] / totals["1"] / np.log(2.0)  # type: ignore[no-any-return]


def _measures(metrics: list[str]) -> dict[str, Quantity]:
    found = {}
    for name in metrics:
        if name not in FAMILIES:
            raise SuiteError(f"forgetting cannot pair lm-eval's metric {name!r} by document{nearest(name, FAMILIES)}")
        family, better = FAMILIES[name]
        combine = {"bits_per_byte": _bits}.get(name, _exp) if family == "log_ratio" else None
        bounds = (0.0, float("inf")) if family == "log_ratio" else (0.0, 1.0)
        found[name] = Quantity(name, family, better, bounds, combine=combine)
    return found


@check(measures=_measures)
def forgetting(
    model: Checkpoint,
    root: Path,
    seed: int,
    limit: int | None,
    *,
    tasks: list[str],
    metrics: list[str] = ["acc"],  # noqa: B006
    include_path: File | None = None,
    num_fewshot: int | None = None,
    slices: list[str] = ["task"],  # noqa: B006
) -> Rounds:
    """Run lm-eval tasks on the model and compare it with base, document by document.

    A criterion such as `skills.acc >= base - 0.02` speaks of all tasks together; `skills.acc[worst task]` of each.

    Options:
        tasks: names of lm-eval tasks
        metrics: which of their per-document metrics
        include_path: a folder with your own lm-eval task files (YAML), beside the suite; then only these are known
        num_fewshot: examples before each question; the task's own number unless said
        slices: what criteria may select by: task
    """
    loaded = load_tasks(tasks, root / include_path if include_path else None, num_fewshot)
    asked = collect(loaded, limit=limit, seed=seed)
    responses = yield [request for _, request in asked]
    failed = [(r, q) for r, (_, q) in zip(responses, asked, strict=True) if r.fault]
    if failed:
        response, request = failed[0]
        raise CheckBroken(
            f"forgetting: {len(failed)} of {len(asked)} lm-eval requests had no answer from {model.name}: "
            f"{response.fault} (first prompt: {request.prompt[:80]!r})"
        )
    results = run_tasks(loaded, Recorder(asked, responses), limit=limit, seed=seed)
    return Findings(
        scores={name: _scores(quantity, results) for name, quantity in _measures(metrics).items()},
        rows=results.rows,
    )


def _scores(quantity: Quantity, results: Any) -> Scores:
    ids, values, tasks = document_scores(results, quantity.name)
    if quantity.family == "proportion" and not set(values) <= {0.0, 1.0}:
        quantity = replace(quantity, family="mean")
    if quantity.family == "mean" and not all(0.0 <= value <= 1.0 for value in values):
        raise CheckBroken(f"forgetting: lm-eval's {quantity.name} of a document is not between 0 and 1")
    return table(quantity, ids, values, groups={"task": tasks})
